"""Engine `hibari`: a small neural voice on onnxruntime."""

from __future__ import annotations

import logging
import shutil
from typing import Final

import numpy as np

from daemon.brain.engine import Engine
from daemon.brain.tts.engines.espeak import Espeak
from daemon.brain.tts.synthesizer import Mono24k, Synthesizer, SynthesizerError, Trimmed, WithFallback

log = logging.getLogger(__name__)

_SEED = 1  # any value, but always the same, so that a sentence always sounds the same
_HIBARI_GAIN = 2.0  # makes it as loud as espeak


class Hibari:
    """The neural voice of the package hibari-tts, which includes its model. Raises ImportError."""

    def __init__(self) -> None:
        from daemon.brain.tts.hibari_model import lean_model

        self._model = lean_model()
        self._model("Ready.")

    def speak(self, sentence: str, speed: float) -> Mono24k:
        """Synthesise one sentence, with the same samples every time."""
        spoken: Mono24k = self._model(sentence, speed=speed, seed=_SEED)
        spoken = spoken * np.float32(_HIBARI_GAIN)
        return spoken.clip(-1.0, 1.0)


def _load() -> Synthesizer:
    """With espeak, if installed, for sentences at which it fails, or in its place."""
    has_espeak = shutil.which("espeak-ng") is not None
    try:
        return Trimmed(WithFallback(Hibari(), Espeak()) if has_espeak else Hibari())
    except Exception as error:
        if has_espeak:
            log.warning("The voice 'hibari' cannot be loaded, espeak speaks in its place: %s", error)
            return Trimmed(Espeak())
        trouble = f"lacks the package {error.name}" if isinstance(error, ImportError) else f"fails ({error})"
        raise SynthesizerError(
            f"The voice 'hibari' {trouble}: pip install 'voiced[offline]', or apt install espeak-ng."
        ) from error


ENGINE: Final = Engine(("hibari-tts", "onnxruntime"), _load)
