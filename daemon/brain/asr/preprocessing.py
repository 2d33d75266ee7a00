"""Preprocessing for all models: offset, endpoints, level, and whether there is speech at all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Mono16k: TypeAlias = npt.NDArray[np.float32]
"""One utterance, mono, float32, full scale 1.0, 16 kHz, shape (frames,)."""

FRAME = 320
RATE_HZ = 16_000
DIGITAL_SILENCE_DB = -95.0  # a little above the rounding of 16 bits: no microphone is so quiet
LEAST_RANGE_DB = 8.0
SPEECH_RANGE_DB = 20.0
LEVEL_DB = -20.0
BEFORE_FRAMES = 25
AFTER_FRAMES = 10
STEP_FRAMES = 5
LEAST_FRAMES = 5
HEAD_FRAMES = 5
LEAST_LOUD = 3
"""So many frames of a tenth of a second: a click of the button is shorter."""

HEAD_RANGE_DB = 15.0
ABOVE_NOISE_DB = 6.0


@dataclass(frozen=True)
class Preprocessed:
    """The utterance, trimmed and levelled; `speech` is false if nobody can have spoken.

    `begins_in_speech`: somebody spoke already when the recording began, so words may be missing in front.
    """

    samples: Mono16k
    speech: bool
    begins_in_speech: bool = False


def clean(samples: Mono16k) -> Preprocessed:
    """Trim to the speech, remove the offset, and normalise the level.

    What was trimmed has no part in the rest: however long it is quiet at the end, the result is the same.
    """
    centred = _centred(np.asarray(samples, np.float32))
    if len(centred) < LEAST_FRAMES * FRAME:
        return Preprocessed(centred, speech=False)
    power_db = frame_power_db(centred)
    loudest, floor = float(power_db.max()), noise_floor_db(power_db)
    speech = loudest - floor > LEAST_RANGE_DB
    cut = _centred(np.asarray(samples, np.float32)[_endpoints(power_db, loudest, floor)])
    level = speech_level_db(frame_power_db(cut))
    begins_in_speech = speech and _begins_loud(centred, level, floor)
    return Preprocessed(cut * np.float32(10 ** ((LEVEL_DB - level) / 20)), speech, begins_in_speech)


def _centred(samples: Mono16k) -> Mono16k:
    return samples - np.float32(np.mean(samples) if len(samples) else 0.0)


def _begins_loud(samples: Mono16k, level: float, floor: float) -> bool:
    """Whether there is speech in a tenth of a second that begins in the first one.

    What was cut off may end in a pause, as before the t of "(who) turned". The frames are not smoothed: what
    comes later is no part of them.
    """
    head = samples[: min(2 * HEAD_FRAMES - 1, len(samples) // FRAME) * FRAME].reshape(-1, FRAME)
    power_db = 10 * np.log10((head**2).mean(axis=1) + 1e-12)
    loud = power_db >= max(level - HEAD_RANGE_DB, floor + ABOVE_NOISE_DB)
    return bool(np.convolve(loud, np.ones(HEAD_FRAMES), "valid").max() >= LEAST_LOUD)


def frame_power_db(samples: Mono16k) -> npt.NDArray[np.float32]:
    """The mean square of each 20 ms frame in dB, smoothed over three."""
    whole = len(samples) // FRAME * FRAME
    return smooth_db((samples[:whole].reshape(-1, FRAME) ** 2).mean(axis=1))


def smooth_db(power: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """The power of frames in dB, smoothed over three."""
    smooth = np.convolve(np.pad(power, 1, mode="edge"), np.ones(3) / 3, mode="valid")
    decibels: npt.NDArray[np.float32] = 10 * np.log10(smooth + 1e-12)
    return decibels


def noise_floor_db(power_db: npt.NDArray[np.float32]) -> float:
    """The level of the quietest tenth of the frames that hold any sound, full scale where none does.

    The level of a microphone says nothing about speech, which is what stands out from its noise.
    """
    sounding = power_db[power_db > DIGITAL_SILENCE_DB]
    return float(np.percentile(sounding, 10)) if len(sounding) else 0.0


def speech_level_db(power_db: npt.NDArray[np.float32]) -> float:
    """The mean power of the frames within 20 dB of the loudest."""
    spoken = power_db[power_db > power_db.max() - SPEECH_RANGE_DB]
    return float(10 * np.log10(np.mean(10 ** (spoken / 10))))


def _endpoints(power_db: npt.NDArray[np.float32], loudest: float, floor: float) -> slice:
    """From half a second or more before the first loud frame to a fifth or more after the last.

    The sooner it ends, the sooner an utterance may be whole while the button is down. 166 clips, half of them
    in a room, are heard the same with half a second.
    """
    first, last = speech_frames(power_db, loudest, floor)
    return slice(first * FRAME, last * FRAME)


def speech_frames(power_db: npt.NDArray[np.float32], loudest: float, floor: float) -> tuple[int, int]:
    """The first frame that is kept, and the first after it that is not.

    Both are at a tenth of a second: a frame more or less of what fades away makes no difference.
    """
    threshold = max(floor + ABOVE_NOISE_DB, loudest - 40.0)
    loud = np.flatnonzero(power_db >= min(threshold, loudest))
    first, last = int(loud[0]) - BEFORE_FRAMES, int(loud[-1]) + 1
    return max(0, first // STEP_FRAMES * STEP_FRAMES), -(-last // STEP_FRAMES) * STEP_FRAMES + AFTER_FRAMES
