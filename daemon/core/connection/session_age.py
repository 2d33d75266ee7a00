"""How old the session in use may become."""

from __future__ import annotations

from daemon.core.timers import Timers

GRACE_S = 60.0
EXPIRY_MARGIN_S = 15.0


class SessionAge:
    """`worn`: a successor is wanted in a quiet moment; `overdue`: at once. Sets the timers `soft`, `hard`."""

    def __init__(self, timers: Timers, most_s: float) -> None:
        self.worn = self.overdue = False
        self._timers = timers
        self._most_s = most_s

    def begin(self, expires_in_s: float | None, now: float) -> None:
        """A new session is in use, which may end by itself."""
        self.end()
        limit_s = self._most_s
        if expires_in_s is not None:
            limit_s = min(limit_s, max(EXPIRY_MARGIN_S, expires_in_s - EXPIRY_MARGIN_S))
        self._timers.set("soft", now + limit_s - min(GRACE_S, limit_s / 10))
        self._timers.set("hard", now + limit_s)

    def due(self, name: str) -> None:
        """One of the limits is reached."""
        self.worn, self.overdue = True, self.overdue or name == "hard"

    def end(self) -> None:
        """It is in use no longer."""
        self.worn = self.overdue = False
        self._timers.clear("soft", "hard")
