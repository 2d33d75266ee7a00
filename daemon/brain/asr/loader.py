"""Loads the engine that the configuration names, and its packages only then."""

from __future__ import annotations

from typing import Literal

from daemon.brain.asr.recognizer import Recognizer, RecognizerError


def open_recognizer(engine: Literal["small", "both"]) -> Recognizer:
    """Load the models of this engine: half a second, or two. Raises RecognizerError."""
    try:
        if engine == "both":
            from daemon.brain.asr.ensemble_recognizer import EnsembleRecognizer

            return EnsembleRecognizer.load()
        from daemon.brain.asr.phoneme_recognizer import PhonemeRecognizer

        return PhonemeRecognizer.load()
    except ImportError as error:
        raise RecognizerError(
            f"The offline brain's engine {engine!r} needs the package {error.name!r}: "
            "install voiced with its extra `offline` (pip install 'voiced[offline]')."
        ) from error
