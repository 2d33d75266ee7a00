"""A detector of wake words.

Each kind is a file with an `ENGINE` in `daemon/wake/engines`; all other code asks `daemon.wake.registry`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple, Protocol, TypeAlias

from daemon.brain.engine import Engine
from daemon.errors import EngineError
from hardware.ports import Mono

RATE_HZ: Final = 16_000
REMEDY: Final = "run `apt install voiced-handsfree`, or `pip install 'voiced[handsfree]'`"
REFRACTORY_S: Final = 0.5
"""For so long no word may have been found before one counts: some are found for a second after their end."""
STUCK_S: Final = 3.0


class WakeError(EngineError):
    """A wake word cannot be listened for; the message is one sentence with the remedy."""


class Detection(NamedTuple):
    """A wake word, and where it probably ended: so many samples since the detector began."""

    word: str
    end: int


class WakeDetector(Protocol):
    """Listens for some words in a stream of one channel at `RATE_HZ`."""

    def detect(self, samples: Mono) -> Detection | None:
        """Hear the next samples, any number; the first word in them, if there is one."""

    def reset(self) -> None:
        """The next samples follow on a gap: what came before it counts no more."""


OpenDetector: TypeAlias = Callable[[Sequence[str], int], WakeDetector]
"""Opens a detector for some words at a sensitivity in percent. Raises WakeError."""


@dataclass(frozen=True)
class WakeEngine(Engine[OpenDetector]):
    """The description of a kind of detector, before it is loaded."""

    words: tuple[str, ...]
    """The words whose models come in its packages."""
    model_suffix: str
    """How the path of a model of the owner's ends."""

    def knows(self, word: str) -> bool:
        """Whether it can listen for this word, or the word of this model."""
        return word in self.words or word.endswith(self.model_suffix)


class Refractory:
    """Counts a word once, however long a model goes on finding it."""

    def __init__(self) -> None:
        self._until = 0
        self._since = 0

    @property
    def stuck(self) -> bool:
        """Whether the last word is found for longer than anybody takes to say it."""
        return self._until - self._since > int((STUCK_S + REFRACTORY_S) * RATE_HZ)

    def first(self, found: Iterable[Detection]) -> Detection | None:
        """The first of these that counts."""
        counted = None
        for each in found:
            if each.end >= self._until:
                counted, self._since = counted or each, each.end
            self._until = each.end + int(REFRACTORY_S * RATE_HZ)
        return counted
