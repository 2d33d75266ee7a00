"""What an echo canceller does to sound that is aligned already."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from daemon.errors import EngineError
from hardware.ports import Mono


class EchoError(EngineError):
    """The echo cannot be cancelled: something is not installed, or does not work."""


class AdaptiveFilter(Protocol):
    """Learns the way from the speaker to the microphone. Belongs to one thread."""

    frames: int
    """How many samples it takes at a time."""

    def process(self, microphone: Mono, reference: Mono) -> Mono:
        """The microphone's samples without the echo: as many whole frames, a constant delay later."""

    def reset(self) -> None:
        """Forget the way: what the reference is aligned by has changed."""


@dataclass(frozen=True)
class EchoEngine:
    """One kind of canceller. `load` opens it for a rate in Hz, and raises ImportError or OSError."""

    load: Callable[[int], AdaptiveFilter]
    needs: str
    """What has to be installed."""
    source: str
    """How, where voiced runs from its source."""
