"""A network on which things go wrong all day: rough hours cut connections, gentle ones spoil frames."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable

from daemon.brain.server.engine_pool import Engines
from daemon.network.endpoint import OPEN_S, Endpoint
from daemon.network.happy_eyeballs import Shunned
from daemon.network.memory_socket import ClientEnd
from tests.scenarios.faults.network import (
    AWAY,
    CUTS,
    HANDSHAKES,
    SERVER_ERRORS,
    Direction,
    Fault,
    Line,
    Network,
)

HOUR_S = 3600.0
CYCLE_HOURS = 3
"""Of so many hours the first is rough: a session can only grow old in hours in which none is cut."""

EVENTS: dict[tuple[Direction, str], int] = {
    ("client", "session.update"): 1,
    ("client", "conversation.item.create"): 2,
    ("client", "input_audio_buffer.append"): 40,
    ("client", "input_audio_buffer.commit"): 1,
    ("client", "response.create"): 2,
    ("server", "session.created"): 1,
    ("server", "session.updated"): 1,
    ("server", "conversation.item.added"): 3,
    ("server", "conversation.item.input_audio_transcription.completed"): 1,
    ("server", "input_audio_buffer.committed"): 1,
    ("server", "response.created"): 2,
    ("server", "response.function_call_arguments.done"): 1,
    ("server", "response.output_audio.delta"): 12,
    ("server", "response.output_audio_transcript.done"): 1,
    ("server", "response.done"): 2,
}
"""Where a fault may strike, and about how many of these events there are in a turn."""

AT_ONCE = (*CUTS, "hold", *HANDSHAKES, *AWAY)
"""What needs no frame to strike: it may come while nobody says anything."""

ROUGH: dict[Direction, tuple[str, ...]] = {
    "client": AT_ONCE,
    "server": (*AT_ONCE, "drop", "bad_json", "binary", "number", "session_expired"),
}
GENTLE: dict[Direction, tuple[str, ...]] = {
    "client": ("delay", "jump"),
    "server": (
        "delay",
        "jump",
        "duplicate",
        "reorder",
        *(k for k in SERVER_ERRORS if k != "session_expired"),
    ),
}
_SPOILS_AUDIO = ("garbage", "odd", "bad_json", "binary", "number", "drop")
_YOUNG_S = 60.0


class Weather(Network):
    """Strikes some times an hour, at once or at an event to come; `faults` counts the strikes."""

    def __init__(self, engines: Callable[[], Engines], max_session_s: float, seed: int) -> None:
        super().__init__(engines, [], max_session_s)
        self.faults = 0
        self.hurt_at = float("-inf")
        """When a connection that was just being made has met a fault for the last time."""
        self._dice = random.Random(seed)

    async def blow(self, an_hour: int) -> None:
        """So many faults an hour, for ever."""
        hour = 0
        while True:
            began = asyncio.get_running_loop().time()
            for moment in sorted(self._dice.uniform(0.0, HOUR_S) for _ in range(an_hour)):
                await _sleep_until(began + moment)
                self._brew(ROUGH if hour % CYCLE_HOURS == 0 else GENTLE)
            await _sleep_until(began + HOUR_S)
            hour += 1

    def tidy(self) -> None:
        """Forget what has been looked at, what has ended, and what can strike no more."""
        self.lines = self.live
        self.seen.clear()
        self.struck.clear()
        self._faults = [each for each in self._faults if each.nth > self._counts[each.direction, each.event]]

    async def dial(
        self, endpoint: Endpoint, limit_s: float = OPEN_S, shunned: Shunned | None = None
    ) -> ClientEnd:
        """In the place of `daemon.network.dial.dial`."""
        now = asyncio.get_running_loop().time()
        if not endpoint.unix and (self.handshakes or now < (self.back_at or 0.0)):
            self.hurt_at = now
        return await super().dial(endpoint, limit_s, shunned)

    def _brew(self, kinds: dict[Direction, tuple[str, ...]]) -> None:
        direction, event = self._dice.choice(list(EVENTS))
        kind = self._dice.choice(kinds[direction])
        if direction == "server" and event == "response.output_audio.delta" and kinds is GENTLE:
            kind = self._dice.choice((kind, self._dice.choice(_SPOILS_AUDIO)))
        nth = self._counts[direction, event] + self._dice.randint(1, EVENTS[direction, event])
        fault = Fault(kind, direction, event, nth)
        if kind in AT_ONCE and self.live and self._dice.random() < 0.3:
            self.strike(fault, self.live[-1], direction, b"")
        else:
            self._faults.append(fault)

    def strike(self, fault: Fault, line: Line, direction: Direction, frame: bytes) -> None:
        now = asyncio.get_running_loop().time()
        self.faults += 1
        if now - line.opened_at < _YOUNG_S:
            self.hurt_at = now
        super().strike(fault, line, direction, frame)


async def _sleep_until(moment: float) -> None:
    await asyncio.sleep(max(0.0, moment - asyncio.get_running_loop().time()))
