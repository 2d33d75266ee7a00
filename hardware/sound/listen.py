"""Reads a microphone for a moment, to try it by hand: never longer than the clock allows."""

from __future__ import annotations

import time
from collections.abc import Iterator

from hardware.ports import Mono, SoundConfig
from hardware.sound.clock_check import ClockCheck
from hardware.sound.pcm_device import Stream, clock_error

_LOOK_S = 0.002


def listen(stream: Stream, config: SoundConfig, seconds: float) -> Iterator[Mono | None]:
    """Periods, until so many seconds have come without a gap; None for each gap. Raises ClockError.

    The stream is one that does not wait.
    """
    pace, frames = ClockCheck(stream.rate_hz, time.monotonic()), 0
    while frames < seconds * stream.rate_hz:
        period = stream.read(config.microphone_channel)
        taken = 0 if period is None else len(period)
        frames = 0 if period is None else frames + taken
        pace.moved(taken, time.monotonic())
        if pace.too_fast or pace.too_slow:
            raise clock_error("microphone", config, fast=pace.too_fast)
        if period is None or taken:
            yield period
        else:
            time.sleep(_LOOK_S)
