"""Websockets in memory between the daemon and brains, and what a bad network does to their frames."""

from __future__ import annotations

import asyncio
import base64
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msgspec
from websockets.datastructures import Headers
from websockets.http11 import Response

from daemon.brain.server.engine_pool import Engines
from daemon.brain.server.server import Brain
from daemon.brain.server.session import Session
from daemon.network.dial import PING_S
from daemon.network.endpoint import OPEN_S, Endpoint
from daemon.network.handshake import refusal
from daemon.network.happy_eyeballs import DialError, Shunned, Step
from daemon.network.memory_socket import ClientEnd, MemoryLine, MemoryNetwork, Sender
from tests.scenarios.faults.shapes import SHAPES, shaped
from tests.service.zoo import Character

LATENCY_S = 0.02
_TICK_S = 1e-6

Direction = Sender


@dataclass(frozen=True)
class Fault:
    """One thing that goes wrong: `kind`, at the nth event of this type in this direction."""

    kind: str
    direction: Direction = "server"
    event: str = ""
    nth: int = 1

    def __str__(self) -> str:
        return f"{self.kind}@{self.direction}:{self.event}#{self.nth}"


CLOSE_CODES = (1000, 1001, 1008, 1009, 1011, 1012, 1013, 3000, 4000)
CUTS = {"rst": 1006, "fin": 1005, **{f"close_{code}": code for code in CLOSE_CODES}}
CORRUPTIONS: dict[str, Callable[[bytes], bytes]] = {
    "bad_json": lambda frame: frame[: len(frame) // 2],
    "binary": lambda frame: b"\x00\xff\xfe" + frame[:20],
    "number": lambda frame: b"17",
    "garbage": lambda frame: _with_audio(frame, "!!!not base64!!!"),
    "odd": lambda frame: _with_audio(frame, base64.b64encode(b"\x01\x02\x03").decode()),
}
MISHAPS = ("hold", "delay", "duplicate", "drop", "reorder")
SERVER_ERRORS = (
    "session_expired",
    "rate_limit_exceeded",
    "server_error",
    "insufficient_quota",
    "conversation_already_has_active_response",
    "input_audio_buffer_commit_empty",
    "item_truncate_invalid_item_id",
    "flat_error",
    "text_error",
)
HANDSHAKES = ("401", "403", "404", "429", "500", "silent", "greetless", "accept_then_close", "outage")
AWAY = ("refusing", "swallowing")
"""For a while each attempt is refused at once, or nothing passes and nobody says so."""
AWAY_S = 30.0
REFUSALS = 3
OUTAGE_REFUSALS = 60


class Line(MemoryLine):
    """One connection: who is at its ends, and what holds up its frames."""

    def __init__(self, network: Network, number: int, opened_at: float, to_brain: bool) -> None:
        super().__init__()
        self.number, self.opened_at, self.to_brain = number, opened_at, to_brain
        self.held = False
        self.late_until = 0.0
        self.arrival: dict[Direction, float] = {"client": 0.0, "server": 0.0}
        self.session: Session | None = None
        self.swapped: dict[Direction, bytes] = {}
        self.character: Character | None = None
        self._network = network

    def pass_on(self, sender: Direction, frame: bytes) -> None:
        self._network.pass_on(self, sender, frame)

    def answer(self, pong: asyncio.Future[float]) -> None:
        """Unless the line is held."""
        asyncio.get_running_loop().call_later(2 * LATENCY_S, self._pong, pong)

    def _pong(self, pong: asyncio.Future[float]) -> None:
        if not self.held and not pong.done():
            pong.set_result(0.0)

    def leave(self, sender: Direction, code: int) -> None:
        """Whoever leaves does not wait; the other one learns it later."""
        if sender == "client":
            self.end(code)
        else:
            asyncio.get_running_loop().call_later(LATENCY_S, self.end, code)


@dataclass
class Ways:
    """The ways of a character on one connection."""

    network: Network
    line: Line

    def tell(self, event: dict[str, Any]) -> None:
        """Hand an event to the client."""
        self.network.enter(self.line, "server", msgspec.json.encode(event))

    def ask(self, event: dict[str, Any]) -> None:
        """Hand an event to the brain behind."""
        self.network.enter(self.line, "client", msgspec.json.encode(event))

    def later(self, seconds: float, call: Callable[[], None]) -> None:
        """Do this after a while."""
        asyncio.get_running_loop().call_later(seconds, call)


class Network:
    """Dials brains. `faults` strike once each; `handshakes` are what the next dials meet.

    `character`: which server of the zoo stands before the brain that is dialled as the server.
    """

    def __init__(
        self,
        engines: Callable[[], Engines],
        faults: list[Fault],
        max_session_s: float,
        character: type[Character] = Character,
    ) -> None:
        self.lines: list[Line] = []
        self.dials: list[float] = []
        self.struck: list[tuple[float, Fault]] = []
        self.handshakes: list[str] = []
        self.seen: list[tuple[float, int, Direction, str]] = []
        self.back_at: float | None = None
        self._away = ""
        self._engines = engines
        self._faults = list(faults)
        self._counts: Counter[tuple[Direction, str]] = Counter()
        self._max_session_s = max_session_s
        self._character = character
        self._brain: MemoryNetwork | None = None
        self._beginning: deque[Line] = deque()

    @property
    def live(self) -> list[Line]:
        """Connections that are open."""
        return [line for line in self.lines if line.code is None]

    async def dial(
        self, endpoint: Endpoint, limit_s: float = OPEN_S, shunned: Shunned | None = None
    ) -> ClientEnd:
        """In the place of `daemon.network.dial.dial`."""
        loop = asyncio.get_running_loop()
        to_brain = bool(endpoint.unix)
        if not to_brain:
            self.dials.append(loop.time())
        mishap = self.handshakes.pop(0) if self.handshakes and not to_brain else ""
        if not to_brain and self.back_at is not None and loop.time() < self.back_at:
            mishap = self._away
        if mishap in ("silent", "swallowing"):
            await asyncio.sleep(limit_s)
            raise DialError(Step.HANDSHAKE, "no answer in time")
        await asyncio.sleep(LATENCY_S)
        if mishap == "refusing":
            raise DialError(Step.ADDRESS, "connection refused")
        if mishap.isdigit():
            headers = Headers({"Retry-After": "3"} if mishap == "429" else {})
            raise refusal(Response(int(mishap), "", headers, b""))
        line = Line(self, len(self.lines) + 1, loop.time(), to_brain)
        self.lines.append(line)
        if mishap == "accept_then_close":
            line.end(1011)
        elif mishap != "greetless":
            self._converse(line)
        return line.client

    def _converse(self, line: Line) -> None:
        if self._brain is None:
            brain = Brain(self._engines(), self._max_session_s, session=self._begin)
            self._brain = MemoryNetwork(brain.welcome)
        self._beginning.append(line)
        self._brain.connect(line)

    def _begin(self, *args: Any) -> Session:
        """A session, known by its line."""
        line = self._beginning.popleft()
        line.session = Session(*args)
        return line.session

    # ------------------------------------------------------------ frames on their way

    def pass_on(self, line: Line, direction: Direction, frame: bytes) -> None:
        """A frame enters the network, by way of the server's character."""
        if line.character is None:
            line.character = self._character(Ways(self, line))
        event = msgspec.json.decode(frame)
        if direction == "client":
            line.character.from_client(event)
        else:
            line.character.from_server(event)

    def enter(self, line: Line, direction: Direction, frame: bytes) -> None:
        """A frame is on its way."""
        loop = asyncio.get_running_loop()
        kind = _type(frame)
        self.seen.append((loop.time(), line.number, direction, kind))
        self._counts[direction, kind] += 1
        fault = self._due(direction, kind)
        if fault is not None:
            self.struck.append((loop.time(), fault))
            self.strike(fault, line, direction, frame)
        else:
            self._carry(line, direction, frame)
        if direction in line.swapped:
            self._carry(line, direction, line.swapped.pop(direction))

    def _due(self, direction: Direction, kind: str) -> Fault | None:
        for fault in self._faults:
            here = (fault.direction, fault.event) == (direction, kind)
            if here and fault.nth == self._counts[direction, kind]:
                self._faults.remove(fault)
                return fault
        return None

    def _carry(self, line: Line, direction: Direction, frame: bytes) -> None:
        if line.held:
            return
        loop = asyncio.get_running_loop()
        # The loop does not keep the order of timers that are due at the same moment.
        at = max(loop.time() + LATENCY_S, line.late_until, line.arrival[direction] + _TICK_S)
        line.arrival[direction] = at
        loop.call_at(at, self._arrive, line, direction, frame)

    def _arrive(self, line: Line, direction: Direction, frame: bytes) -> None:
        if not line.held:
            line.arrive(direction, frame)

    def strike(self, fault: Fault, line: Line, direction: Direction, frame: bytes) -> None:
        loop = asyncio.get_running_loop()
        kind = fault.kind
        if kind in CUTS:
            line.end(CUTS[kind])
        elif kind == "hold":
            # Nothing passes any more; the keepalive of the websocket finds out.
            line.held = True
            loop.call_later(2 * PING_S, line.end, 1011)
        elif kind == "delay":
            line.late_until = loop.time() + 1.5
            self._carry(line, direction, frame)
        elif kind == "duplicate":
            self._carry(line, direction, frame)
            self._carry(line, direction, frame)
        elif kind == "reorder":
            loop.call_soon(line.swapped.setdefault, direction, frame)
        elif kind == "jump":
            # A day ahead, and the next time back again.
            loop.jumped_s = 86_400.0 - loop.jumped_s  # type: ignore[attr-defined]
            self._carry(line, direction, frame)
        elif kind in CORRUPTIONS:
            self._carry(line, direction, CORRUPTIONS[kind](frame))
        elif kind in AWAY:
            self.go_away(kind, AWAY_S)
        elif kind in SHAPES:
            self._carry(line, direction, shaped(kind, frame))
        elif kind in HANDSHAKES:
            self.handshakes = ["500"] * OUTAGE_REFUSALS if kind == "outage" else [kind] * REFUSALS
            line.end(1006)
        elif kind in SERVER_ERRORS:
            self._carry(line, direction, frame)
            self._carry(line, "server", error_event(kind))
            if kind == "session_expired":
                loop.call_later(2 * LATENCY_S, line.end, 1001)

    def go_away(self, kind: str, seconds: float) -> None:
        """Be out of reach for so long: who is connected is thrown out, or waits for nothing."""
        loop = asyncio.get_running_loop()
        self._away, self.back_at = kind, loop.time() + seconds
        for line in self.live:
            if line.to_brain:
                continue
            if kind == "refusing":
                line.end(1006)
            else:
                line.held = True
                loop.call_later(2 * PING_S, line.end, 1011)

    def give_up_swaps(self) -> None:
        """Frames that wait to be overtaken, and never are, arrive all the same."""
        for line in self.live:
            for direction in list(line.swapped):
                self._carry(line, direction, line.swapped.pop(direction))


def _type(frame: bytes) -> str:
    return str(msgspec.json.decode(frame).get("type", ""))


def error_event(code: str) -> bytes:
    """An error of the server with this code, or in a shape that is not the protocol's."""
    if code == "flat_error":
        return msgspec.json.encode({"type": "error", "message": "injected"})
    if code == "text_error":
        return msgspec.json.encode({"error": "injected"})
    kind = "server_error" if code == "server_error" else "invalid_request_error"
    detail = {"type": kind, "code": code, "message": f"injected {code}", "param": None, "event_id": None}
    return msgspec.json.encode({"type": "error", "event_id": "event_injected", "error": detail})


def _with_audio(frame: bytes, audio: str) -> bytes:
    event = msgspec.json.decode(frame)
    event["delta" if "delta" in event else "audio"] = audio
    return msgspec.json.encode(event)
