"""Keeps silence off the wire: sound passes while somebody may be speaking.

In doubt it passes. What came just before goes along, so that no word loses its head, and so does the silence
behind it, by which the server finds the end. A frame is loud if it stands out from the quietest moment of the
last seconds, in the band of vowels or in that of an "s". So the gate gets used to a fan within those, and
speech does not get it used to itself, as it has gaps.
"""

from __future__ import annotations

import math
from collections import deque
from typing import Final

import numpy as np

from hardware.ports import Mono

FRAMES_PER_S: Final = 100
PRE_ROLL_S: Final = 0.5
LEARNING_S: Final = 1.0
_MARGIN: Final = 3.2  # 5 dB
_LEAST_POWER: Final = 1e-8  # -80 dB: what is quieter is no room
_BLOCK_FRAMES: Final = 50
_BLOCKS: Final = 8
_MOMENT_FRAMES: Final = 4
_LEAST_LOUD: Final = 3  # of those: two are a click
_VOWEL_LAG_S: Final = 0.0005  # which leaves little of a hum at 50 Hz, and most of 300 to 1700 Hz


class NoiseFloor:
    """The power of the quietest moment of the last four seconds, in one band."""

    def __init__(self) -> None:
        self._moment: deque[float] = deque(maxlen=_MOMENT_FRAMES)
        self._blocks: deque[float] = deque(maxlen=_BLOCKS - 1)
        self._block = self._floor = math.inf
        self._frames = 0

    def exceeded(self, power: float) -> bool:
        """Whether a frame stands out from those before; it counts as one of them from now on."""
        above = power > max(self._floor, _LEAST_POWER) * _MARGIN
        self._moment.append(power)
        if len(self._moment) == _MOMENT_FRAMES:
            mean = sum(self._moment) / _MOMENT_FRAMES
            self._block, self._floor = min(self._block, mean), min(self._floor, mean)
        self._frames += 1
        if self._frames == _BLOCK_FRAMES:
            self._blocks.append(self._block)
            self._floor, self._block, self._frames = min(self._blocks), math.inf, 0
        return above


class VoiceGate:
    """Passes speech with `pre_roll_s` before it and `trailing_s` behind it; `begin` opens another utterance.

    The first second that it ever hears passes: it does not know the room yet.
    """

    def __init__(self, rate_hz: int, trailing_s: float, pre_roll_s: float = PRE_ROLL_S) -> None:
        self._frame_samples = rate_hz // FRAMES_PER_S
        self._trailing_frames = round(trailing_s * FRAMES_PER_S)
        self._floors = NoiseFloor(), NoiseFloor()
        self._before: deque[Mono] = deque(maxlen=round(pre_roll_s * FRAMES_PER_S))
        self._learning_frames = round(LEARNING_S * FRAMES_PER_S)
        self._loud: deque[bool] = deque(maxlen=_MOMENT_FRAMES)
        self._lag_samples = round(_VOWEL_LAG_S * rate_hz)
        self.begin()

    def begin(self) -> None:
        """Another utterance begins, in the same room."""
        self._before.clear()
        self._rest = np.zeros(0, np.float32)
        self._left_frames = 0

    def process(self, samples: Mono) -> Mono:
        """The part of these samples, and of those before, that passes now."""
        samples = np.concatenate([self._rest, samples])
        whole = len(samples) // self._frame_samples * self._frame_samples
        frames, self._rest = samples[:whole].reshape(-1, self._frame_samples), samples[whole:]
        passed = [np.zeros(0, np.float32)]
        for frame, *powers in zip(frames, *self._powers(frames), strict=True):
            self._before.append(frame)
            loud = [floor.exceeded(power) for floor, power in zip(self._floors, powers, strict=True)]
            self._follow(any(loud))
            if self._left_frames:
                passed += self._before
                self._before.clear()
        return np.concatenate(passed)

    def flush(self) -> Mono:
        """The samples that make no whole frame, at the end of an utterance."""
        rest, self._rest = self._rest, np.zeros(0, np.float32)
        return rest if self._left_frames else rest[:0]

    def _follow(self, loud: bool) -> None:
        """A moment that is loud opens it; before anything is known of the room, everything does."""
        self._left_frames = max(0, self._left_frames - 1)
        if self._learning_frames:
            self._learning_frames -= 1
            self._left_frames = max(1, self._left_frames)
        self._loud.append(loud)
        if sum(self._loud) >= _LEAST_LOUD:
            self._left_frames = self._trailing_frames

    def _powers(self, frames: Mono) -> list[list[float]]:
        """For both bands the power of each frame, by differences of samples near to each other."""
        vowels = frames[:, self._lag_samples :] - frames[:, : -self._lag_samples]
        bands = (vowels, frames[:, 1:] - frames[:, :-1])
        return [(np.einsum("fs,fs->f", band, band) / band.shape[1]).tolist() for band in bands]
