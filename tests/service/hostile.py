"""A bad network over real sockets: sits between the daemon and a brain on loopback, strikes as planned."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from daemon.brain.server.session import Session
from daemon.network.dial import PING_S
from daemon.realtime.events import MAX_FRAME_BYTES
from tests.scenarios.faults.network import (
    CORRUPTIONS,
    CUTS,
    HANDSHAKES,
    REFUSALS,
    Direction,
    Fault,
    error_event,
)

DELAY_S = 1.5
TOO_MANY = 1008
TOO_LARGE = b"\x81\x7f" + (MAX_FRAME_BYTES + 1).to_bytes(8, "big")
"""The head of a text frame that nobody takes."""


@dataclass(eq=False)
class Line:
    """One connection of the daemon, and ours to the brain."""

    client: ServerConnection
    brain: ClientConnection
    held: asyncio.Event = field(default_factory=asyncio.Event)
    session: Session | None = None


class Hostile:
    """Strikes each fault once, at the nth event of its type; `one_session`: there is room for one client.

    `sessions` are those of a brain in this process, by their ids.
    """

    def __init__(
        self,
        brain_url: str,
        faults: Sequence[Fault] = (),
        one_session: bool = False,
        sessions: Mapping[str, Session] | None = None,
    ) -> None:
        self.dials: list[float] = []
        self.struck: list[tuple[float, Fault]] = []
        self.live: list[Line] = []
        self.back_at: float | None = None  # it is never away for a time of its own
        self.shut = False
        """No way through: whoever is here is thrown out, whoever comes too."""
        self._brain_url = brain_url
        self._faults = list(faults)
        self._one_session = one_session
        self._sessions = {} if sessions is None else sessions
        self._handshakes: list[str] = []
        self._counts: Counter[tuple[str, str]] = Counter()

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[str]:
        """The address while it listens."""
        options: dict[str, Any] = {"compression": None, "close_timeout": 0.5, "ping_interval": None}
        async with serve(self._relay, "127.0.0.1", 0, process_request=self._admit, **options) as server:
            yield url_of(server)
            self.cut()

    def cut(self) -> None:
        """Everybody out, without a word."""
        for line in self.live:
            reset(line.client)

    async def _admit(self, client: ServerConnection, _: Request) -> Response | None:
        self.dials.append(asyncio.get_running_loop().time())
        if self.shut:
            client.transport.abort()
            await client.wait_closed()
        mishap = self._handshakes.pop(0) if self._handshakes else ""
        if mishap == "silent":
            await client.wait_closed()
        elif mishap.isdigit():
            response = client.respond(HTTPStatus(int(mishap)), "")
            if mishap == "429":
                response.headers["Retry-After"] = "3"
            return response
        client.mishap = mishap  # type: ignore[attr-defined]
        return None

    async def _relay(self, client: ServerConnection) -> None:
        mishap = client.mishap  # type: ignore[attr-defined]
        if mishap == "accept_then_close":
            await client.close(1011)
        elif mishap == "greetless":
            await client.wait_closed()
        elif self._one_session and self.live:
            await client.close(TOO_MANY, "one session at a time")
        else:
            async with connect(self._brain_url, compression=None, ping_interval=None) as brain:
                await self._serve(Line(client, brain))

    async def _serve(self, line: Line) -> None:
        self.live.append(line)
        pumps = [
            asyncio.create_task(self._pump(line, "client", line.client, line.brain)),
            asyncio.create_task(self._pump(line, "server", line.brain, line.client)),
        ]
        try:
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
            code = line.brain.close_code or 1000
            await line.client.close(code if code not in (1005, 1006) else 1011)
        finally:
            self.live.remove(line)
            for pump in pumps:
                pump.cancel()

    async def _pump(self, line: Line, direction: Direction, source: Any, sink: Any) -> None:
        swapped: str | None = None
        with suppress(ConnectionClosed):
            async for frame in source:
                if line.held.is_set():
                    await source.wait_closed()
                event = msgspec.json.decode(frame)
                kind = str(event["type"])
                if kind == "session.created":
                    line.session = self._sessions.get(event["session"]["id"])
                self._counts[direction, kind] += 1
                fault = self._due(direction, kind)
                if fault is None:
                    await sink.send(frame)
                elif fault.kind == "reorder":
                    swapped = frame
                    continue
                else:
                    await self._strike(fault.kind, line, frame, sink)
                if swapped is not None:
                    await sink.send(swapped)
                    swapped = None

    def _due(self, direction: Direction, kind: str) -> Fault | None:
        for fault in self._faults:
            here = (fault.direction, fault.event) == (direction, kind)
            if here and fault.nth == self._counts[direction, kind]:
                self._faults.remove(fault)
                self.struck.append((asyncio.get_running_loop().time(), fault))
                return fault
        return None

    async def _strike(self, kind: str, line: Line, frame: str, sink: Any) -> None:
        if kind == "rst":
            reset(line.client)
        elif kind == "fin":
            line.client.transport.abort()
        elif kind in CUTS:
            await line.client.close(CUTS[kind])
        elif kind == "hold":
            line.held.set()
            line.client.transport.pause_reading()
            asyncio.get_running_loop().call_later(2 * PING_S, line.client.transport.abort)
        elif kind == "delay":
            await asyncio.sleep(DELAY_S)
            await sink.send(frame)
        elif kind == "duplicate":
            await sink.send(frame)
            await sink.send(frame)
        elif kind == "oversized":
            line.client.transport.write(TOO_LARGE)
        elif kind in CORRUPTIONS:
            await sink.send(CORRUPTIONS[kind](frame.encode()), text=kind != "binary")
        elif kind in HANDSHAKES:
            self._handshakes = [kind] * REFUSALS
            reset(line.client)
        elif kind == "session_expired":
            await line.client.send(error_event(kind).decode())
            await line.client.close(1001)


def url_of(server: Server) -> str:
    """Where it listens on loopback."""
    return f"ws://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}/v1/realtime"


def reset(connection: ServerConnection) -> None:
    """RST, as of a machine that was switched off and on again."""
    raw = connection.transport.get_extra_info("socket")
    with suppress(OSError):
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.transport.abort()
