"""Speech synthesis: sentences in, samples at 24 kHz out. The engines are in `engines`, a file each."""

from __future__ import annotations

import functools
import logging
import re
from typing import Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from daemon.errors import EngineError
from daemon.realtime.events import RATE_HZ

Mono24k: TypeAlias = npt.NDArray[np.float32]
"""Speech, mono, float32, full scale 1.0, 24 kHz, shape (frames,)."""

log = logging.getLogger(__name__)

_KEPT_SENTENCES = 24
_KEPT_LENGTH = 60
_INAUDIBLE = 0.01  # of the peak
_LEAD_MS = 20
_TAIL_MS = 250
_END = re.compile(r"(?<=[.!?])\s+(?=[\"'(]?[A-Z0-9])")
_MOST_CHARACTERS = 80


class SynthesizerError(EngineError, RuntimeError):
    """The synthesiser cannot be used; the message names the remedy."""


class Synthesizer(Protocol):
    """A speech synthesiser. It takes tens of milliseconds or more: call it off the loop."""

    def speak(self, sentence: str, speed: float) -> Mono24k:
        """Synthesise one sentence; `speed` is 1.0 for its natural pace. Raises SynthesizerError."""


def sentences(text: str) -> list[str]:
    """The sentences of a text; long ones are cut after a comma."""
    return [piece for sentence in _END.split(text.strip()) for piece in _pieces(sentence) if piece]


def _pieces(sentence: str) -> list[str]:
    pieces = [""]
    for part in re.split(r"(?<=[,;:])\s+", sentence):
        if pieces[-1] and len(pieces[-1]) + len(part) > _MOST_CHARACTERS:
            pieces.append(part)
        else:
            pieces[-1] = f"{pieces[-1]} {part}".strip()
    return pieces


class WithFallback:
    """A synthesizer, and another one for the sentences at which it fails."""

    def __init__(self, first: Synthesizer, fallback: Synthesizer) -> None:
        self._first, self._fallback = first, fallback

    def speak(self, sentence: str, speed: float) -> Mono24k:
        """Synthesise one sentence. Raises SynthesizerError if the other one fails too."""
        try:
            return self._first.speak(sentence, speed)
        except Exception:
            log.exception("The voice failed at a sentence; the other one speaks it.")
            return self._fallback.speak(sentence, speed)


class Trimmed:
    """A synthesizer with silences trimmed, and a cache of its latest short sentences."""

    def __init__(self, synthesizer: Synthesizer) -> None:
        self._synthesizer = synthesizer
        self._short = functools.lru_cache(_KEPT_SENTENCES)(self._say)

    def speak(self, sentence: str, speed: float) -> Mono24k:
        """Synthesise one sentence, from its first sound to a short pause after its last."""
        return (self._short if len(sentence) <= _KEPT_LENGTH else self._say)(sentence, speed)

    def _say(self, sentence: str, speed: float) -> Mono24k:
        return _trimmed(self._synthesizer.speak(sentence, speed))


def _trimmed(spoken: Mono24k) -> Mono24k:
    """Trim silence: hibari begins with 0.3 s of it, which would delay every answer."""
    loudness = np.abs(spoken)
    audible = np.flatnonzero(loudness > _INAUDIBLE * loudness.max(initial=0.0))
    if not len(audible):
        return spoken[:0]
    start = max(0, audible[0] - _LEAD_MS * RATE_HZ // 1000)
    return spoken[start : audible[-1] + _TAIL_MS * RATE_HZ // 1000]
