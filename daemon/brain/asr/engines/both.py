"""Engine `both`: acts only if two different recognisers agree on the meaning; two seconds to load."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from daemon.brain.engine import Engine

if TYPE_CHECKING:
    from daemon.brain.asr.recognizer import Recognizer


def _load() -> Recognizer:
    from daemon.brain.asr.ensemble_recognizer import EnsembleRecognizer

    return EnsembleRecognizer.load()


ENGINE: Final = Engine(("hama", "moonshine-voice"), _load)
