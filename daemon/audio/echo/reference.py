"""What the speaker plays and when it is heard: the reference that echo is found by.

The samples lie on an axis of time: number `n` is heard `n / rate_hz` seconds after the clock's zero. A card
tells after a write how many frames it still holds; so the last that was written is heard so many frames
later, and those before it lie before it without a gap. A report can come late, since a thread is kept
waiting, but never early: of several that disagree the earliest is right, unless all of them are late for a
while. Then the card has made a pause that nobody has told of. In what is between, and in what a card was
stopped before, there is silence.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from daemon.audio.resampler import Resampler
from hardware.ports import Mono

_KEPT_S: Final = 4
"""As far as somebody may look back, and the longest buffer of a card besides."""
_EARLY_S: Final = 0.001
_YOUNG_S: Final = 1.0
"""A run's first reports may all have been late; later ones are early by the drift of the card's clock."""
_GAP_S: Final = 0.02
_PATIENCE_S: Final = 0.25


class PlayedReference:
    """The last seconds of what was heard, and what will be heard of what is written. Not thread safe."""

    def __init__(self, rate_hz: int) -> None:
        self.run_start = 0
        """The first sample that was heard since the speaker was silent."""
        self._rate_hz = rate_hz
        self._ring: Mono = np.zeros(_KEPT_S * rate_hz, np.float32)
        self._end = 0
        self._written: list[Mono] = []
        self._running = False
        self._late_since: float | None = None
        self.opened(rate_hz)

    def opened(self, card_hz: int) -> None:
        """The card is open (again), at this rate."""
        self._card_hz = card_hz
        self._resampler = Resampler(card_hz, self._rate_hz)
        self._written.clear()
        self._running = False

    def wrote(self, samples: Mono) -> None:
        """This is written to the card, at its rate."""
        if not (self._running or self._written):
            self._resampler.flush()
        self._written.append(self._resampler.process(samples))

    def held(self, delay_frames: int, now: float) -> None:
        """The card holds so many frames by now; none: it has come to the end of what was written."""
        fresh = self._take_written()
        delay = delay_frames * self._rate_hz // self._card_hz
        end = round(now * self._rate_hz) + delay
        if not self._running:
            self._begin(end - len(fresh))
        late = end - (self._end + len(fresh))
        if self._is_wrong(late, now):
            self._shift(max(0, delay - len(fresh)), late)
        self._append(fresh)
        self._running = delay > 0

    def stopped(self, delay_frames: int) -> None:
        """The card is silent, and the last so many frames were never heard."""
        if self._running:
            self._append(self._take_written())
            self._cut(delay_frames * self._rate_hz // self._card_hz)
        self._written.clear()
        self._running = False

    def read(self, start: int, frames: int) -> Mono:
        """What is heard from this sample on; silence where nothing is."""
        samples: Mono = np.zeros(frames, np.float32)
        first, last = max(start, self._end - len(self._ring)), min(start + frames, self._end)
        if first < last:
            samples[first - start : last - start] = self._ring[np.arange(first, last) % len(self._ring)]
        return samples

    # ------------------------------------------------------------ parts

    def _take_written(self) -> Mono:
        fresh = np.concatenate([*self._written, np.zeros(0, np.float32)])
        self._written.clear()
        return fresh

    def _begin(self, start: int) -> None:
        start = max(start, self._end)
        self._append(np.zeros(min(start - self._end, len(self._ring)), np.float32))
        self._end = self.run_start = start
        self._running, self._late_since = True, None

    def _is_wrong(self, late: int, now: float) -> bool:
        if late <= _GAP_S * self._rate_hz:
            self._late_since = None
            young = now * self._rate_hz - self.run_start < _YOUNG_S * self._rate_hz
            return late < -(_EARLY_S if young else _GAP_S) * self._rate_hz
        if self._late_since is None:
            self._late_since = now
        return now - self._late_since > _PATIENCE_S

    def _shift(self, unheard: int, by: int) -> None:
        """Move what was not heard yet."""
        tail = self.read(self._end - unheard, unheard)
        self._cut(unheard)
        self._begin(self._end + by) if by > 0 else self._cut(-by)
        self._append(tail)

    def _cut(self, frames: int) -> None:
        self._end -= frames

    def _append(self, samples: Mono) -> None:
        samples = samples[-len(self._ring) :]
        self._ring[np.arange(self._end, self._end + len(samples)) % len(self._ring)] = samples
        self._end += len(samples)
