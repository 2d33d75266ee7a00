"""The age limits of the session in use."""

from __future__ import annotations

from enum import IntEnum

from daemon.core.connection.phase import LinkTimer
from daemon.core.timers import Timers

GRACE_S = 60.0
EXPIRY_MARGIN_S = 15.0


class Age(IntEnum):
    """The age of the session in use."""

    FRESH = 0
    EXPIRING = 1
    """It needs a successor in a quiet moment."""
    OVERDUE = 2
    """It needs a successor as soon as nothing is lost by that."""


class SessionAge:
    """Started anew with each session that is used."""

    def __init__(self, timers: Timers[LinkTimer], most_s: float) -> None:
        self.age = Age.FRESH
        self._timers = timers
        self._most_s = most_s

    def begin(self, expires_in_s: float | None, now: float) -> None:
        """A new session is in use; the server may end it after `expires_in_s`."""
        self.end()
        limit_s = self._most_s
        if expires_in_s is not None:
            limit_s = min(limit_s, max(EXPIRY_MARGIN_S, expires_in_s - EXPIRY_MARGIN_S))
        self._timers.set(LinkTimer.SOFT, now + limit_s - min(GRACE_S, limit_s / 10))
        self._timers.set(LinkTimer.HARD, now + limit_s)

    def due(self, age: Age) -> None:
        """It has reached this age."""
        self.age = max(self.age, age)

    def end(self) -> None:
        """It is no longer in use."""
        self.age = Age.FRESH
        self._timers.clear(LinkTimer.SOFT, LinkTimer.HARD)
