"""The kinds of wake word detectors, and the words that they know.

The configuration asks for the words, so that an engine's file imports nothing heavy.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Sequence
from typing import Final

from daemon.wake import engines
from daemon.wake.detector import REMEDY, WakeDetector, WakeEngine, WakeError

ENGINES: Final[tuple[WakeEngine, ...]] = tuple(
    importlib.import_module(f"{engines.__name__}.{each.name}").ENGINE
    for each in pkgutil.iter_modules(engines.__path__)
)
WORDS: Final = tuple(sorted(word for engine in ENGINES for word in engine.words))
"""The words whose models come in packages."""


def known(word: str) -> bool:
    """Whether there is an engine for this word, or for a model at this path."""
    return any(engine.knows(word) for engine in ENGINES)


def open_detectors(words: Sequence[str], sensitivity: int) -> list[WakeDetector]:
    """A detector of each kind that is needed for these words. Raises WakeError."""
    asked = {engine: [word for word in words if engine.knows(word)] for engine in ENGINES}
    return [_opened(engine, own, sensitivity) for engine, own in asked.items() if own]


def _opened(engine: WakeEngine, words: Sequence[str], sensitivity: int) -> WakeDetector:
    try:
        opener = engine.load()
    except ImportError as error:
        raise WakeError(f"The wake word needs the package {error.name}: {REMEDY}.") from error
    return opener(words, sensitivity)
