"""How long to wait before the next attempt: full jitter under a doubling ceiling, at most ten a minute.

While a user waits there is an attempt every four seconds, which does not count among the ten; a pause that
the server asks for is kept even then.

Source: "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

FIRST_BACKOFF_S = 0.5
MAX_BACKOFF_S = 30.0
WINDOW_S = 60.0
MAX_IN_WINDOW = 10
HASTE_S = 4.0


class Backoff:
    """The attempts to reach one server. `rng` gives a random float from 0 to 1."""

    def __init__(self, rng: Callable[[], float]) -> None:
        self._rng = rng
        self._failures = 0
        self._attempts: deque[float] = deque(maxlen=MAX_IN_WINDOW)
        self._latest = self._barred_until = float("-inf")

    def attempted(self, now: float, wanted: bool = False) -> None:
        """An attempt is made; one that a user waits for (`wanted`) does not count."""
        self._latest = now
        if not wanted:
            self._attempts.append(now)

    def ready(self) -> None:
        """A session is configured: start over with the shortest pause."""
        self._failures = 0

    def failed(self, now: float, barred_s: float = 0.0) -> float:
        """An attempt or a connection has failed. Returns the seconds to wait, at least `barred_s`."""
        ceiling_s = min(MAX_BACKOFF_S, FIRST_BACKOFF_S * 2.0 ** min(self._failures, 10))
        self._failures += 1
        self._barred_until = now + barred_s
        return max(barred_s, self.allowed(now, max(FIRST_BACKOFF_S / 2, ceiling_s * self._rng())))

    def haste_at(self, now: float) -> float:
        """When the next attempt is to be made while a user waits."""
        return max(now, self._latest + HASTE_S, self._barred_until)

    def barred(self, now: float) -> bool:
        """Has the server asked for a longer pause?"""
        return now < self._barred_until

    def allowed(self, now: float, wait_s: float = 0.0) -> float:
        """This pause, or the longer one that keeps to ten attempts a minute."""
        if len(self._attempts) < MAX_IN_WINDOW:
            return wait_s
        return max(wait_s, self._attempts[0] + WINDOW_S - now)
