"""Engine `both`: acts only if two different recognisers agree on the meaning; two seconds to load."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from daemon.brain.engine import Engine

if TYPE_CHECKING:
    from daemon.brain.asr.recognizer import Recognizer

log = logging.getLogger(__name__)


def _load() -> Recognizer:
    from daemon.brain.asr.ensemble_recognizer import EnsembleRecognizer, SecondOpinion
    from daemon.brain.asr.moonshine import Moonshine
    from daemon.brain.asr.phoneme_recognizer import PhonemeRecognizer

    small = PhonemeRecognizer.load()
    try:
        return EnsembleRecognizer(small, SecondOpinion(Moonshine()))
    except ImportError:
        raise
    except Exception:
        log.exception("Moonshine cannot be loaded; the phone engine hears alone.")
        return small


ENGINE: Final = Engine(("hama", "moonshine-voice"), _load)
