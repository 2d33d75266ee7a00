"""Hears the wake word in what the microphone gives, and keeps what was said right behind it.

A detector knows the end of a word to a tenth of a second, and is sure of it later. In one breath the first
word of the question has begun by then. So the question begins where it was quietest around that end: in the
pause, or in the stop of a consonant. No sample from there on is lost.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

import numpy as np

from daemon.audio.resampler import Resampler
from daemon.wake.detector import RATE_HZ, WakeDetector
from hardware.ports import Mono

KEPT_S: Final = 3.0
"""For so long a question may begin behind a word: a daemon that is busy opens late."""
AROUND_S: Final = 0.12
ECHO_S: Final = 0.5
"""What the speaker has played is heard for so long: from the room, and by a detector."""
_FRAME_S: Final = 0.02


class Beginning(NamedTuple):
    """The sound before an utterance was asked for: what belongs to it, and what was heard before that."""

    before: Mono
    belongs: Mono
    by_word: bool
    """It follows on a wake word; else it is the pre-roll."""


class WakeListener:
    """One microphone's sound, at the rate of its card. Belongs to one thread, but for `interrupted`.

    `interrupted`: what comes next does not follow on what was heard before.
    """

    def __init__(
        self,
        detectors: Sequence[WakeDetector],
        playing: Callable[[], bool] = lambda: False,
        pre_roll_s: float = 0.0,
    ) -> None:
        self.interrupted = False
        self._detectors = detectors
        self._playing = playing
        self._pre_roll_s = pre_roll_s
        self._fed = self._heard = self._deaf_until = self._frames = 0
        self._kept: deque[Mono] = deque()
        self._word_at: int | None = None
        self._begin(RATE_HZ)

    def hear(self, samples: Mono, rate_hz: int, deaf: bool = False) -> str | None:
        """The next samples; a word that was complete in them, unless deaf, or the speaker may say it."""
        if self.interrupted or rate_hz != self._rate_hz:
            self.interrupted = False
            self._begin(rate_hz)
            for detector in self._detectors:
                detector.reset()
        self._keep(samples)
        if deaf or self._playing():
            self._deaf_until = self._heard + int(ECHO_S * rate_hz)
        listened = self._resampler.process(samples)
        self._fed += len(listened)
        found = [each for detector in self._detectors if (each := detector.detect(listened))]
        if not found or self._heard < self._deaf_until:
            return None
        first = min(found, key=lambda each: each.end)
        self._word_at = self._heard - (self._fed - first.end) * rate_hz // RATE_HZ
        return first.word

    def take(self) -> Beginning:
        """The beginning of an utterance that is asked for now; nothing is kept of it."""
        if self.interrupted:  # what was heard before a mute must not come to light after it
            self._forget()
        kept = np.concatenate([np.zeros(0, np.float32), *self._kept])
        at = len(kept) - (self._heard - self._word_at) if self._word_at is not None else -1
        by_word = at >= 0
        cut = self._quietest(kept, at) if by_word else len(kept) - self._pre_roll_frames
        self._forget()
        return Beginning(kept[: max(0, cut)], kept[max(0, cut) :], by_word)

    @property
    def _pre_roll_frames(self) -> int:
        return int(self._pre_roll_s * self._rate_hz)

    def _begin(self, rate_hz: int) -> None:
        self._rate_hz = rate_hz
        self._resampler = Resampler(rate_hz, RATE_HZ)
        self._heard = self._deaf_until = 0
        self._forget()

    def _forget(self) -> None:
        self._kept.clear()
        self._frames, self._word_at = 0, None

    def _keep(self, samples: Mono) -> None:
        self._heard += len(samples)
        self._kept.append(samples)
        self._frames += len(samples)
        while self._frames > KEPT_S * self._rate_hz:
            self._frames -= len(self._kept.popleft())

    def _quietest(self, kept: Mono, at: int) -> int:
        """Where it is quietest around this frame."""
        size, around = int(_FRAME_S * self._rate_hz), int(AROUND_S * self._rate_hz)
        first = max(0, at - around)
        count = (min(at + around, len(kept)) - first) // size
        frames = kept[first : first + count * size].reshape(count, size)
        return first + int(np.argmin(np.square(frames).mean(axis=1))) * size + size // 2 if count else at
