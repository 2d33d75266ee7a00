"""Where an utterance may be over: after speech, as much quiet as preprocessing keeps of it."""

from __future__ import annotations

import numpy as np

from daemon.brain.asr.preprocessing import (
    AFTER_FRAMES,
    FRAME,
    LEAST_RANGE_DB,
    RATE_HZ,
    Mono16k,
    noise_floor_db,
    smooth_db,
    speech_frames,
)

LONGEST_S = 10.0
"""A command is shorter; what is longer is not watched."""


class PauseDetector:
    """Measures sound piece by piece, at any rate, as preprocessing measures the whole at 16 kHz."""

    def __init__(self, rate_hz: int) -> None:
        self._frame = rate_hz * FRAME // RATE_HZ
        self._most_frames = int(LONGEST_S * RATE_HZ / FRAME)
        self._rest = np.zeros(0, np.float32)
        self._power: list[float] = []

    def feed(self, samples: Mono16k) -> None:
        """The next piece."""
        if len(self._power) > self._most_frames:
            return
        sound = np.concatenate([self._rest, samples])
        whole = len(sound) // self._frame * self._frame
        self._rest = sound[whole:]
        self._power += sound[:whole].reshape(-1, self._frame).var(axis=1).tolist()

    def speech_end(self) -> int | None:
        """The frame at which an utterance ends, quiet included; None while it goes on, or if nobody spoke."""
        if not AFTER_FRAMES < len(self._power) <= self._most_frames:
            return None
        power_db = smooth_db(np.array(self._power, np.float32))
        loudest, floor = float(power_db.max()), noise_floor_db(power_db)
        _, end = speech_frames(power_db, loudest, floor)
        return end if end < len(power_db) and loudest - floor > LEAST_RANGE_DB else None
