"""An engine of the brain: a recogniser or a synthesiser.

Each is a file with an `ENGINE`, in `daemon/brain/asr/engines` or `daemon/brain/tts/engines`. The name of the
file is its name in `[brain]` and on the command line; all other code asks `daemon.brain.engine_registry`.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

Port = TypeVar("Port")


@dataclass(frozen=True)
class Engine(Generic[Port]):
    """The description of an engine, before it is loaded."""

    packages: tuple[str, ...]
    """The packages that it needs, by their names for pip."""
    load: Callable[[], Port]
    """Loads it; imports nothing heavy before. Raises ImportError if a package is missing."""
    chosen: Callable[[], str] | None = field(default=None, kw_only=True)
    """The name of the engine that this one stands for, if it only chooses."""

    def missing(self) -> list[str]:
        """The modules of its packages that are not installed."""
        modules = [package.replace("-", "_") for package in self.packages]
        return [name for name in modules if importlib.util.find_spec(name) is None]
