"""The whole appliance in this process: real shell, real ALSA threads, a virtual card, a brain on loopback."""

from __future__ import annotations

import asyncio
import contextlib
import os
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from daemon.commands.demo.virtualcard import VirtualCard
from daemon.config.loader import parse
from daemon.config.model import Config
from daemon.core import events as ev
from daemon.realtime.events import Json
from daemon.service.appliance import Appliance
from daemon.service.audio_streams import PlaybackStream
from hardware.gpio.virtual_board import VirtualBoard
from hardware.ports import Mono

T = TypeVar("T")

CONFIG = """
[realtime]
provider = "custom"
url = "{url}"
{realtime}
[sound]
microphone = "{card.microphone}"
speaker = "{card.speaker}"
filter = "linear"
[gpio]
backend = "virtual"
[button]
[lamps.status]
kind = "rgb"
pins = [1, 2, 3]
[devices.lamp]
kind = "relay"
pin = 5
[control]
socket = "{folder}/control.sock"
[state]
directory = "{folder}"
"""
TICK_S = 0.01
STALL_S = 0.1


@dataclass
class Machine:
    """How late this machine was: it is shared, and may stand still for a while."""

    latest_s: float = 0.0

    async def watch(self) -> None:
        """For ever."""
        while True:
            due = time.monotonic() + TICK_S
            await asyncio.sleep(TICK_S)
            self.latest_s = max(self.latest_s, time.monotonic() - due)


@dataclass
class Notes:
    """What happened, and when."""

    captured: list[bytes] = field(default_factory=list)
    effects: list[tuple[float, ev.Effect]] = field(default_factory=list)
    starved: int = 0
    """How often the card asked in vain in the middle of an answer."""

    def of(self, kind: type[T]) -> list[tuple[float, T]]:
        """The effects of one kind, in order."""
        return [(at, effect) for at, effect in self.effects if isinstance(effect, kind)]


class _Lane(PlaybackStream):
    """Notes when there was nothing to play of an answer that had begun and was not complete."""

    notes: Notes

    def pull(self, frames: int) -> Mono | None:
        samples = super().pull(frames)
        items = list(self._playout._items.values())
        if samples is None and any(item.written and not item.finished for item in items):
            self.notes.starved += 1
        return samples


class RealtimeRig(Appliance):
    """The real one, with what it does written down."""

    def __init__(self, config: Config) -> None:
        super().__init__(config)
        self.notes = Notes()
        lane = self.sound.speaker_lane = _Lane(self.tell, self._notice, config.sound.filter)
        lane.notes = self.notes
        self.machine_watch = Machine()

    def happened(self, event: ev.Input) -> None:
        if isinstance(event, ev.Captured):
            self.notes.captured.append(event.pcm)
        super().happened(event)

    def _carry_out(self, effect: ev.Effect) -> None:
        if not isinstance(effect, ev.Play):
            self.notes.effects.append((time.monotonic(), effect))
        super()._carry_out(effect)

    @property
    def board(self) -> VirtualBoard:
        """The virtual board, which has the button."""
        board = self._pins._board
        assert isinstance(board, VirtualBoard)
        return board

    async def until(self, holds: Callable[[], bool], patience_s: float = 120.0) -> None:
        """Wait for something. Raises TimeoutError."""
        async with asyncio.timeout(patience_s):
            while not holds():  # noqa: ASYNC110
                await asyncio.sleep(0.005)

    async def turn(self) -> Json:
        """The record of the next turn that is over. Raises TimeoutError."""
        seen = len(self.notes.of(ev.TurnOver))
        await self.until(lambda: len(self.notes.of(ev.TurnOver)) > seen)
        _, over = self.notes.of(ev.TurnOver)[-1]
        return over.turn

    @property
    def stalled(self) -> str:
        """What the machine did wrong, empty if it kept up."""
        late_s, xruns = self.machine_watch.latest_s, sum(self.xruns.values())
        return f"xruns {self.xruns}, {late_s * 1000:.0f} ms late" if xruns or late_s > STALL_S else ""


@asynccontextmanager
async def appliance(card: VirtualCard, url: str, realtime: str) -> AsyncIterator[RealtimeRig]:
    """Running, connected to `url` with these lines of `[realtime]`, at full volume."""
    with tempfile.TemporaryDirectory(prefix="voiced-") as folder:
        os.environ.update(card.env)
        text = CONFIG.format(url=url, realtime=realtime, card=card, folder=folder)
        app = RealtimeRig(parse(text, str(Path(folder, "voiced.toml"))))
        tasks = [asyncio.create_task(app.run()), asyncio.create_task(app.machine_watch.watch())]
        try:
            await app.until(lambda: app.machine.link == "ready")
            app.set_volume(100)
            yield app
        finally:
            for task in tasks:
                task.cancel()
            for task in tasks:
                with contextlib.suppress(asyncio.CancelledError):
                    await task
