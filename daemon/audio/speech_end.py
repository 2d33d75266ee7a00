"""Finds the end of what somebody says behind a wake word, by loudness alone.

Whoever calls the box is as loud in the question as in the call; a television in the background is not. So
what counts as speech is measured by the word: a certain share of its loudness, and more than the room makes
by itself. Nothing has to be loaded for this, no server has to be there, and the room's own noise is known:
it is what was heard before the word.
"""

from __future__ import annotations

from enum import Enum
from typing import Final

import numpy as np
import numpy.typing as npt

from hardware.ports import Mono

PAUSE_S: Final = 0.8
"""A pause in a sentence is shorter."""
NOTHING_S: Final = 5.0
"""Whoever wants to say something has begun by then."""
LONGEST_S: Final = 20.0
"""What goes on for so long without a pause is a television."""
SPOKEN_S: Final = 0.3
"""So much loud sound is more than the end of the wake word."""

_FRAME_S: Final = 0.02
_WORD_S: Final = 1.0
_BELOW_WORD_DB: Final = 20.0
_AT_LEAST_BELOW_WORD_DB: Final = 8.0
_ABOVE_ROOM_DB: Final = 8.0
_SILENT_DB: Final = -90.0


class SpeechVerdict(Enum):
    """What has become of it."""

    GOES_ON = "it is not over"
    SPOKEN = "something was said, and a pause followed"
    NOTHING = "nobody has said anything, or it never ends"


class SpeechEnd:
    """One question. `before` is what was heard up to the end of the wake word."""

    def __init__(self, before: Mono, rate_hz: int) -> None:
        self._size = int(_FRAME_S * rate_hz)
        self._rest = np.zeros(0, np.float32)
        self._frames = self._loud = self._quiet = 0
        self._level_db = _speech_level_db(_levels_db(before, self._size))

    def heard(self, samples: Mono) -> SpeechVerdict:
        """Judge by the next samples."""
        self._rest = np.concatenate([self._rest, samples])
        whole = len(self._rest) // self._size * self._size
        levels, self._rest = _levels_db(self._rest[:whole], self._size), self._rest[whole:]
        for level in levels:
            self._count(level > self._level_db)
            if (verdict := self._verdict()) is not SpeechVerdict.GOES_ON:
                return verdict
        return SpeechVerdict.GOES_ON

    def _count(self, loud: bool) -> None:
        self._frames += 1
        self._loud += loud
        self._quiet = 0 if loud else self._quiet + 1

    def _verdict(self) -> SpeechVerdict:
        spoken = self._loud * _FRAME_S >= SPOKEN_S
        if spoken and self._quiet * _FRAME_S >= PAUSE_S:
            return SpeechVerdict.SPOKEN
        if self._frames * _FRAME_S >= (LONGEST_S if spoken else NOTHING_S):
            return SpeechVerdict.NOTHING
        return SpeechVerdict.GOES_ON


def _speech_level_db(levels: npt.NDArray[np.float32]) -> float:
    """The level that is speech, from those of the frames before."""
    if not len(levels):
        return _SILENT_DB
    word = float(levels[-int(_WORD_S / _FRAME_S) :].max())
    room = float(np.quantile(levels, 0.1))
    wanted = max(word - _BELOW_WORD_DB, room + _ABOVE_ROOM_DB)
    return max(min(wanted, word - _AT_LEAST_BELOW_WORD_DB), _SILENT_DB)


def _levels_db(samples: Mono, size: int) -> npt.NDArray[np.float32]:
    frames = samples[: len(samples) // size * size].reshape(-1, size)
    powers = np.square(frames).mean(axis=1, dtype=np.float32)
    return np.asarray(10 * np.log10(powers + 1e-12), np.float32)
