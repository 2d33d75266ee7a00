"""Which part of the reference each piece of the microphone's sound has to be compared with.

Card and air delay the echo by more than the clocks tell, and always by the same: the lag. Where microphone
and speaker are two cards, one clock is faster than the other, by some millionths: while the speaker runs,
the lag drifts. Both are found by comparing the two sounds now and then, and followed to fractions of a
sample: the filter that comes behind has to learn anew what moves.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable
from typing import Final

import numpy as np

from daemon.audio.echo.delay import find_delay
from daemon.audio.echo.reference import PlayedReference
from hardware.ports import Mono

_MARGIN_S: Final = 0.002
"""The echo comes so much after its reference: a filter can learn nothing that lies before."""
_EARLY_S: Final = 0.05
_LATE_S: Final = 0.5
_COMPARED: Final = 32_768  # samples
_OFTEN_S: Final = 0.25
_SELDOM_S: Final = 2.0
_CLOSE: Final = 0.5  # samples
_NEAR_S: Final = 0.001
"""What is off by more is no drift: the lag is another one, if the next comparison says so too."""
_GAIN: Final = 0.5
_DRIFT_WEIGHT_S: Final = 2.0
_TAPS: Final = 16
_WINDOW: Final = np.hanning(_TAPS + 2)[1:-1]


class Alignment:
    """Follows one microphone. `lag` is in samples, `drift` in samples a second since the speaker began."""

    def __init__(self, reference: PlayedReference, rate_hz: int, moved: Callable[[], None]) -> None:
        """`moved` is called when the lag has jumped."""
        self.lag = -_MARGIN_S * rate_hz
        self.drift = 0.0
        self._reference = reference
        self._rate_hz = rate_hz
        self._moved = moved
        self._suspected = 0.0
        self._heard: deque[Mono] = deque()
        self._until = math.nan
        self._fresh = 0
        self._wait_s = _OFTEN_S

    @property
    def delay_s(self) -> float:
        """How much later the echo comes than the clocks tell."""
        return self.lag / self._rate_hz + _MARGIN_S

    def aligned(self, start: float, microphone: Mono) -> Mono:
        """The reference of these samples, the first of which was taken at `start` (samples of the clock)."""
        self._remember(start, microphone)
        return self._read(start - self._lag_at(start), len(microphone))

    def _lag_at(self, start: float) -> float:
        return self.lag + self.drift * self._age_s(start)

    def _age_s(self, start: float) -> float:
        """For how long the speaker had been running when this was heard."""
        return max(0.0, (start - self.lag - self._reference.run_start) / self._rate_hz)

    def _read(self, start: float, frames: int) -> Mono:
        """From between two samples, by the sinc function."""
        first = int(np.floor(start))
        around = self._reference.read(first - _TAPS // 2 + 1, frames + _TAPS - 1)
        distance = np.arange(_TAPS) - (_TAPS // 2 - 1) - (start - first)
        taps = (np.sinc(distance) * _WINDOW).astype(np.float32)
        between: Mono = np.correlate(around, taps, mode="valid")
        return between

    # ------------------------------------------------------------ comparing

    def _remember(self, start: float, microphone: Mono) -> None:
        if start != self._until:  # a gap, or the clock was corrected
            self._heard = deque([np.zeros(_COMPARED, np.float32)])
        self._heard.append(microphone)
        self._until = start + len(microphone)
        self._fresh += len(microphone)
        if self._fresh >= self._wait_s * self._rate_hz:
            self._fresh = 0
            self._compare()

    def _compare(self) -> None:
        """Measure by how much the lag is off, in the middle of what is compared."""
        microphone = np.concatenate(self._heard)[-_COMPARED:]
        self._heard = deque([microphone])
        early, late = int(_EARLY_S * self._rate_hz), int(_LATE_S * self._rate_hz)
        middle = self._until - (_COMPARED + late - early) / 2
        start = self._until - _COMPARED - self._lag_at(middle)
        reference = self._reference.read(round(start), _COMPARED)
        delay = find_delay(reference, microphone, early, late, self._rate_hz)
        if delay is None:
            return
        off = delay + start - round(start) - _MARGIN_S * self._rate_hz
        near = _NEAR_S * self._rate_hz
        if abs(off) < near:
            self._follow(off, self._age_s(middle))
        elif abs(off - self._suspected) < near:
            self.lag += off
            self._moved()
        self._suspected = off
        self._wait_s = _SELDOM_S if abs(off) < _CLOSE else _OFTEN_S

    def _follow(self, off: float, age_s: float) -> None:
        """Share out what is off: most to the lag while the run is young, to the drift when it is old."""
        age = age_s / _DRIFT_WEIGHT_S
        step = _GAIN * off / (1 + age * age)
        self.lag += step
        self.drift += step * age / _DRIFT_WEIGHT_S
