"""The cancellers by name: one for each file in `engines`, which is imported when it is asked for."""

from __future__ import annotations

import importlib
import pkgutil
from typing import Final

from daemon.audio.echo import engines
from daemon.audio.echo.engine import AdaptiveFilter, EchoEngine, EchoError

ENGINES: Final = tuple(sorted(each.name for each in pkgutil.iter_modules(engines.__path__)))
FOR_SERVERS: Final = "aec3"
FOR_THE_BRAIN: Final = "speex"


def open_filter(name: str, rate_hz: int) -> AdaptiveFilter:
    """A new filter of this name. Raises EchoError."""
    engine: EchoEngine = importlib.import_module(f"{engines.__name__}.{name}").ENGINE
    try:
        return engine.load(rate_hz)
    except (ImportError, OSError) as error:
        raise EchoError(
            f"The echo canceller {name} needs {engine.needs}: "
            f"run `apt install voiced-handsfree`, or `{engine.source}`."
        ) from error
