"""The engines by name, the default one first.

Any command may ask for the names, so an engine's file is imported only when the engine is asked for.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final

from daemon.brain.asr import engines as asr_engines
from daemon.brain.tts import engines as tts_engines

if TYPE_CHECKING:
    from daemon.brain.asr.recognizer import Recognizer
    from daemon.brain.engine import Engine
    from daemon.brain.tts.synthesizer import Synthesizer

RECOGNIZER: Final = "auto"
SYNTHESIZER: Final = "hibari"
"""The default."""


def names_in(folder: ModuleType, default: str) -> tuple[str, ...]:
    """The engines of a folder: one for each of its files."""
    found = (each.name for each in pkgutil.iter_modules(folder.__path__))
    return tuple(sorted(found, key=lambda name: (name != default, name)))


def engine_in(folder: ModuleType, name: str) -> Engine[Any]:
    """One engine."""
    engine: Engine[Any] = importlib.import_module(f"{folder.__name__}.{name}").ENGINE
    return engine


RECOGNIZERS: Final = names_in(asr_engines, RECOGNIZER)
SYNTHESIZERS: Final = names_in(tts_engines, SYNTHESIZER)


def recognizer(name: str) -> Engine[Recognizer]:
    """The recogniser of this name."""
    return engine_in(asr_engines, name)


def on_this_board(name: str) -> str:
    """The name of the recogniser that this one stands for: `auto` for another one."""
    chosen = recognizer(name).chosen
    return chosen() if chosen else name


def synthesizer(name: str) -> Engine[Synthesizer]:
    """The synthesiser of this name."""
    return engine_in(tts_engines, name)


def open_recognizer(name: str) -> Recognizer:
    """Load the models of this engine, in half a second to two. Raises RecognizerError."""
    from daemon.brain.asr.recognizer import RecognizerError

    try:
        return recognizer(name).load()
    except ImportError as error:
        raise RecognizerError(
            f"The offline brain's engine {name!r} needs the package {error.name!r}: "
            "install voiced with its extra `offline` (pip install 'voiced[offline]')."
        ) from error


def open_synthesizer(name: str) -> Synthesizer:
    """Load this voice. Raises SynthesizerError."""
    return synthesizer(name).load()


@dataclass(frozen=True)
class Loading:
    """Engines that are being loaded; each function waits for its own, and raises what its loading raised."""

    engine: str
    """The name of the recogniser on this board."""
    recognizer: Callable[[], Recognizer]
    synthesizer: Callable[[], Synthesizer]


def begin_loading(engine: str, voice: str) -> Loading:
    """Begin to load both in the background, first what the first answer needs first."""
    from concurrent.futures import ThreadPoolExecutor

    from daemon.brain import heap

    heap.share_one_heap()
    chosen = on_this_board(engine)
    thread = ThreadPoolExecutor(1, "loading")
    recognizer = thread.submit(open_recognizer, chosen)
    synthesizer = thread.submit(open_synthesizer, voice)
    thread.shutdown(wait=False)
    return Loading(chosen, recognizer.result, synthesizer.result)
