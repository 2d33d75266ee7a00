"""Takes out of the microphone's sound what the speaker plays."""

from __future__ import annotations

from collections import deque
from typing import Final

import numpy as np

from daemon.audio.echo.alignment import Alignment
from daemon.audio.echo.engine import AdaptiveFilter
from daemon.audio.echo.reference import PlayedReference
from daemon.audio.echo.trust import Trust
from hardware.ports import Mono

_EARLY_S: Final = 0.001
_GAP_S: Final = 0.02
_REPORTS: Final = 12
_NOTHING: Final = np.zeros(0, np.float32)


class EchoCanceller:
    """For one microphone; its sound comes and goes at `rate_hz`. Belongs to one thread."""

    def __init__(self, adaptive_filter: AdaptiveFilter, reference: PlayedReference, rate_hz: int) -> None:
        self.alignment = Alignment(reference, rate_hz, self._learn_anew)
        self.trust = Trust(rate_hz)
        self._reference = reference
        self._rate_hz = rate_hz
        self._filter = adaptive_filter
        self._rest = _NOTHING
        self._run = reference.run_start
        self._next = 0.0  # the clock's sample that the rest begins with
        self._lateness: deque[float] = deque(maxlen=_REPORTS)

    def process(self, samples: Mono, now: float) -> Mono:
        """The next samples, the last of which was taken by now: whole frames of the filter come back."""
        self._rest = np.concatenate([self._rest, samples])
        self._look_at_clock(now)
        whole = len(self._rest) // self._filter.frames * self._filter.frames
        samples, self._rest = self._rest[:whole], self._rest[whole:]
        return self._cancel(samples) if whole else samples

    def flush(self) -> Mono:
        """The rest, and what the filter holds back; what comes next need not follow upon it."""
        tail = self._cancel(np.pad(self._rest, (0, 2 * self._filter.frames - len(self._rest))))
        self._rest = _NOTHING
        self.lost()
        return tail

    def lost(self) -> None:
        """Some of the microphone's sound has been lost: the clock tells where it goes on."""
        self._lateness.clear()

    def _cancel(self, microphone: Mono) -> Mono:
        reference = self.alignment.aligned(self._next, microphone)
        self._next += len(microphone)
        cleaned = self._filter.process(microphone, reference)
        self.trust.judge(microphone, reference, cleaned)
        return cleaned

    def _learn_anew(self) -> None:
        self._filter.reset()
        self.trust.forget()

    def _look_at_clock(self, now: float) -> None:
        """Reports can be late, never early; small errors are corrected when the speaker begins anew."""
        late = now * self._rate_hz - (self._next + len(self._rest))
        if not self._lateness:
            self._next += late
            late = 0.0
        self._lateness.append(late)
        least, begun = min(self._lateness), self._run != self._reference.run_start
        settled = len(self._lateness) == _REPORTS
        gap = settled and abs(least) > _GAP_S * self._rate_hz
        if begun or gap or (not settled and least < 0):
            self._run = self._reference.run_start
            self._next += least
            self._lateness = deque((each - least for each in self._lateness), _REPORTS)
