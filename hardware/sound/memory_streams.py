"""Microphone and speaker in memory: a fake card for tests, in the time of the running event loop.

They keep a card's pace. The speaker holds nothing, so that each period ends in what looks like an underrun:
what is pulled counts as heard at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

import numpy as np

from hardware.ports import Capture, Mono, Playback

RATE_HZ: Final = 24_000
PERIOD_S: Final = 0.02
PERIOD_FRAMES: Final = int(RATE_HZ * PERIOD_S)


class MemoryMicrophone:
    """Delivers what `sound(number)` gives for each period, from number 1 on."""

    def __init__(self, capture: Capture, sound: Callable[[int], Mono]) -> None:
        self.periods = 0
        self._sound = sound
        self._capture = capture
        self._on = self._standing_by = False
        self._due = 0.0
        self._timer: asyncio.TimerHandle | None = None
        capture.opened(RATE_HZ)

    @property
    def heartbeats(self) -> int:
        """Grows with each period."""
        return self.periods

    def start(self) -> None:
        """Deliver from now on."""
        if not self._on:
            self._on = True
            self._run()

    def stand_by(self, on: bool) -> None:
        """While it is not started, give each period to `Capture.overheard`; or no longer."""
        self._standing_by = on
        if on:
            self._run()

    def stop(self) -> None:
        """Deliver no more."""
        if self._on:
            self._on = False
            asyncio.get_running_loop().call_later(PERIOD_S / 2, self._capture.ended)

    def close(self) -> None:
        """Deliver no more, without a call of `Capture.ended`."""
        self._on = self._standing_by = False

    def _run(self) -> None:
        if self._timer is None:
            self._due = asyncio.get_running_loop().time()
            self._next()

    def _deliver(self) -> None:
        self._timer = None
        if self._on or self._standing_by:
            self.periods += 1
            deliver = self._capture.frames if self._on else self._capture.overheard
            deliver(self._sound(self.periods))
            self._next()

    def _next(self) -> None:
        """Keep the pace of a card, however late the event loop is."""
        self._due += PERIOD_S
        self._timer = asyncio.get_running_loop().call_at(self._due, self._deliver)


class MemorySpeaker:
    """Takes a period at a time while there is something; `heard` has when, and what."""

    def __init__(self, playback: Playback) -> None:
        self.heard: list[tuple[float, Mono]] = []
        self._playback = playback
        self._running = False
        playback.opened(RATE_HZ)

    @property
    def heartbeats(self) -> int:
        """Grows with each period."""
        return len(self.heard)

    def wake(self) -> None:
        """Start taking."""
        if not self._running:
            self._running = True
            asyncio.get_running_loop().call_soon(self._take)

    def stop(self) -> None:
        """Silent a period later."""
        asyncio.get_running_loop().call_later(PERIOD_S, self._playback.stopped, 0)

    def close(self) -> None:
        """Take no more."""
        self._running = False

    def _take(self) -> None:
        loop = asyncio.get_running_loop()
        samples = self._playback.pull(PERIOD_FRAMES)
        self._playback.played(0)
        if samples is None:
            self._running = False
            return
        self.heard.append((loop.time(), samples))
        loop.call_later(PERIOD_S, self._take)


def silence(number: int) -> Mono:
    """A period of silence."""
    return np.zeros(PERIOD_FRAMES, np.float32)


class MemoryCards:
    """Opens both; they are there as `opened_microphone` and `opened_speaker` once the service runs."""

    opened_microphone: MemoryMicrophone
    opened_speaker: MemorySpeaker

    def __init__(self, sound: Callable[[int], Mono] = silence) -> None:
        self._sound = sound

    def microphone(self, capture: Capture) -> MemoryMicrophone:
        """Open the microphone."""
        self.opened_microphone = MemoryMicrophone(capture, self._sound)
        return self.opened_microphone

    def speaker(self, playback: Playback) -> MemorySpeaker:
        """Open the speaker."""
        self.opened_speaker = MemorySpeaker(playback)
        return self.opened_speaker
