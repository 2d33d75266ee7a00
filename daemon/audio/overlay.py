"""The last step before the card: the volume, and an earcon while nothing else plays."""

from __future__ import annotations

import numpy as np

from hardware.ports import Mono

_NOTHING: Mono = np.zeros(0, np.float32)


class Gain:
    """`level` is 0.0 to 1.0; a change is spread over the next samples: a jump would be heard as a click."""

    def __init__(self) -> None:
        self.level = 1.0
        self._now = 1.0

    def apply(self, samples: Mono) -> None:
        """Amplify them in place."""
        before, self._now = self._now, self.level
        if before != self.level:
            samples *= np.linspace(before, self.level, len(samples), dtype=np.float32)
        elif self.level != 1.0:
            samples *= np.float32(self.level)


class Overlay:
    """An earcon that is being played."""

    def __init__(self) -> None:
        self.rest = _NOTHING

    def clear(self) -> None:
        """Stop it."""
        self.rest = _NOTHING

    def add(self, samples: Mono, fade: bool) -> None:
        """Add the next part in place; with `fade` it is the last."""
        part = self.rest[: len(samples)]
        if fade and len(part):
            part = part * np.linspace(1.0, 0.0, len(part), dtype=np.float32)
        samples[: len(part)] += part
        self.rest = _NOTHING if fade else self.rest[len(part) :]
