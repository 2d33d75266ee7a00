"""The whole appliance in this process: real shell, real ALSA threads, a virtual card, a brain on loopback."""

from __future__ import annotations

import asyncio
import contextlib
import os
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace
from typing import TypeVar, get_args

from daemon.commands.demo.virtualcard import VirtualCard
from daemon.config.loader import parse
from daemon.config.model import Config
from daemon.core import events as ev
from daemon.realtime.events import Json
from daemon.service.appliance import Appliance
from daemon.service.ports import real_ports
from daemon.service.sound import AlsaCards
from hardware.gpio.virtual_board import VirtualBoard
from hardware.ports import Mono, Playback, SoundConfig, Speaker

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
_PLAYBACK = ("opened", "played", "stopped", "underrun", "failed")


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
    begun: set[str] = field(default_factory=set)
    """Items that are being played and are not complete."""
    starved: int = 0
    """How often the card asked in vain in the middle of an answer."""

    def of(self, kind: type[T]) -> list[tuple[float, T]]:
        """The effects of one kind, in order."""
        return [(at, effect) for at, effect in self.effects if isinstance(effect, kind)]


class WatchedCards:
    """Notes when there was nothing to play of an answer that had begun and was not complete."""

    def __init__(self, config: SoundConfig, notes: Notes) -> None:
        self._cards = AlsaCards(config)
        self._notes = notes
        self.microphone = self._cards.microphone

    def speaker(self, playback: Playback) -> Speaker:
        pull = playback.pull

        def watched(frames: int) -> Mono | None:
            samples = pull(frames)
            self._notes.starved += samples is None and bool(self._notes.begun)
            return samples

        watching = SimpleNamespace(**{name: getattr(playback, name) for name in _PLAYBACK}, pull=watched)
        return self._cards.speaker(watching)


class RealtimeRig:
    """The real appliance, with what it does written down."""

    def __init__(self, config: Config) -> None:
        self.notes = notes = Notes()
        self.board = VirtualBoard(config)
        cards = WatchedCards(config.sound, notes)
        self.app = Appliance(config, replace(real_ports(config), sound=cards, board=lambda: self.board))
        self.run = self.app.run
        self.machine = self.app.machine
        self.xruns = {"overrun": 0, "underrun": 0}
        self.machine_watch = Machine()
        subscribe = self.app.notifier.subscribe
        subscribe("the rig", ev.Captured, lambda event: notes.captured.append(event.pcm))
        subscribe("the rig", ev.Xrun, self._xrun)
        subscribe("the rig", ev.PlaybackStarted, lambda event: notes.begun.add(event.item_id))
        subscribe("the rig", ev.PlayEnd, lambda effect: notes.begun.discard(effect.item_id))
        subscribe("the rig", ev.PlaybackStopped, lambda event: notes.begun.clear())
        for kind in get_args(ev.Effect):
            if kind is not ev.Play:
                subscribe("the rig", kind, self._note)

    def _xrun(self, event: ev.Xrun) -> None:
        self.xruns[event.kind] += 1

    def _note(self, effect: ev.Effect) -> None:
        self.notes.effects.append((time.monotonic(), effect))

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
            app.app.api.set_volume(100)
            yield app
        finally:
            for task in tasks:
                task.cancel()
            for task in tasks:
                with contextlib.suppress(asyncio.CancelledError):
                    await task
