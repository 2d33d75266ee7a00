"""Engine `small`: one acoustic model, half a second to load; for boards with 512 MB."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from daemon.brain.engine import Engine

if TYPE_CHECKING:
    from daemon.brain.asr.recognizer import Recognizer


def _load() -> Recognizer:
    from daemon.brain.asr.phoneme_recognizer import PhonemeRecognizer

    return PhonemeRecognizer.load()


ENGINE: Final = Engine(("hama",), _load)
