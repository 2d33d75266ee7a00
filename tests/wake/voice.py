"""Wake words, said by a synthesiser that the tests have on every machine."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np

from hardware.ports import Mono
from tests.bench.voices import ESPEAK, speak

RATE_HZ: Final = 16_000
_LEVEL: Final = 0.3


@cache
def said(text: str, voice: str = "en-us", words_a_minute: int = 160) -> Mono:
    """This sentence without the silence around it, 16 kHz."""
    with tempfile.TemporaryDirectory() as folder:
        samples = speak(ESPEAK.format(voice, words_a_minute), text, Path(folder))
    loud = np.flatnonzero(np.abs(samples) > 0.02 * np.abs(samples).max())
    spoken = samples[loud[0] : loud[-1] + 1]
    return np.asarray(spoken * (_LEVEL / np.abs(spoken).max()), np.float32)


def quiet(seconds: float, seed: int = 0) -> Mono:
    """A quiet room: noise 70 dB below full scale."""
    noise = np.random.default_rng(seed).normal(0, 3e-4, int(seconds * RATE_HZ))
    return noise.astype(np.float32)


def spoken_in_quiet(*parts: Mono) -> Mono:
    """These one after the other, with a second of quiet before and after."""
    sound = np.concatenate([quiet(1.0), *parts, quiet(1.0, 1)])
    return sound + quiet(len(sound) / RATE_HZ + 1, 2)[: len(sound)]
