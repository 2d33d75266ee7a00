"""Voice activity detection: energy in the speech band above an adaptive noise floor, with hysteresis.

The floor is the quietest of the last two seconds: speech has pauses between its syllables, noise has none.
"""

from __future__ import annotations

import math
from collections import deque
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from daemon.realtime.events import RATE_HZ

FRAME_MS = 20
FRAME_BYTES = RATE_HZ * 2 * FRAME_MS // 1000
_BAND_HZ = (200, 4000)
_FLOOR_S = 2.0
_DIGITAL_SILENCE_DB = -95.0  # a little above the rounding of 16 bits: no microphone is so quiet
_LOUDEST_FLOOR_DB = -25.0
_ONSET_FRAMES = 4
_HEAD_FRAMES = 5
_LONGEST_PAUSE_FRAMES = 10

_SAMPLES = FRAME_BYTES // 2
_WINDOW: npt.NDArray[np.float32] = np.hanning(_SAMPLES).astype(np.float32)
_BINS = slice(*(hz * _SAMPLES // RATE_HZ for hz in _BAND_HZ))


def level_db(frame: bytes) -> float:
    """The level of one frame of PCM16 in the band of speech; 0 dB is a full-scale square wave in it."""
    samples = np.frombuffer(frame, "<i2").astype(np.float32) / 32768
    spectrum = np.fft.rfft(samples * _WINDOW)[_BINS]
    power = 2 * float(np.sum(np.abs(spectrum) ** 2)) / (_SAMPLES * float(np.sum(_WINDOW**2)))
    return 10 * math.log10(power + 1e-12)


class VoiceDetector:
    """Detects speech frame by frame. `threshold` is the protocol's, from 0 (most sensitive) to 1."""

    def __init__(self, threshold: float = 0.5) -> None:
        self._over_db = 4.0 + 12.0 * threshold
        self._levels: deque[float] = deque(maxlen=int(_FLOOR_S * 1000 / FRAME_MS))
        self._since_reset: deque[float] = deque(maxlen=self._levels.maxlen)
        self._loud_frames = 0
        self.speaking = False

    @property
    def from_the_start(self) -> bool:
        """Whether somebody has spoken since the first frames after the reset, as the floor says by now.

        While somebody speaks from the first frame on, that speech is the floor; its first pause tells.
        """
        loud = [level > self._floor + self._over_db / 2 for level in self._since_reset]
        frames = [index for index, each in enumerate(loud) if each]
        gaps = (after - before for before, after in pairwise([-1, *frames, len(loud)]))
        return (
            len(loud) < (self._since_reset.maxlen or 0)
            and any(loud[:_HEAD_FRAMES])
            and (max(gaps) <= _LONGEST_PAUSE_FRAMES)
        )

    def feed(self, frame: bytes) -> bool:
        """Feed one frame of FRAME_BYTES; True while there is speech."""
        level = level_db(frame)
        self._since_reset.append(level)
        loud = self._stands_out(level)
        self._loud_frames = (
            min(self._loud_frames + 1, _ONSET_FRAMES) if loud else max(self._loud_frames - 1, 0)
        )
        if self._loud_frames in (0, _ONSET_FRAMES):
            self.speaking = self._loud_frames > 0
        return self.speaking

    def _stands_out(self, level: float) -> bool:
        """Whether a frame is louder than the noise. Digital silence says nothing about the noise."""
        if level < _DIGITAL_SILENCE_DB:
            return False
        self._levels.append(level)
        return level > self._floor + (self._over_db / 2 if self.speaking else self._over_db)

    @property
    def _floor(self) -> float:
        return min((*self._levels, _LOUDEST_FLOOR_DB))

    def reset(self) -> None:
        """Reset to no speech; the noise floor stays."""
        self._since_reset.clear()
        self._loud_frames = 0
        self.speaking = False
