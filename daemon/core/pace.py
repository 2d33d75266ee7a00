"""How soon to try again: full jitter under a doubling ceiling, and never more than ten attempts a minute.

Source: "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

FIRST_BACKOFF_S = 0.5
MAX_BACKOFF_S = 30.0
WINDOW_S = 60.0
MAX_IN_WINDOW = 10


class Pace:
    """The attempts to reach one server. `dice` gives a random float from 0 to 1."""

    def __init__(self, dice: Callable[[], float]) -> None:
        self._dice = dice
        self._failures = 0
        self._attempts: deque[float] = deque(maxlen=MAX_IN_WINDOW)

    def attempted(self, now: float) -> None:
        """An attempt is made that nobody pressed a button for."""
        self._attempts.append(now)

    def healthy(self) -> None:
        """The last connection was a good one: begin anew."""
        self._failures = 0

    def failed(self, now: float) -> float:
        """An attempt or a connection has failed: how many seconds to wait."""
        ceiling_s = min(MAX_BACKOFF_S, FIRST_BACKOFF_S * 2.0 ** min(self._failures, 10))
        self._failures += 1
        return self.allowed(now, max(FIRST_BACKOFF_S / 2, ceiling_s * self._dice()))

    def allowed(self, now: float, wait_s: float = 0.0) -> float:
        """This wait, or the longer one that keeps below the limit."""
        if len(self._attempts) < MAX_IN_WINDOW:
            return wait_s
        return max(wait_s, self._attempts[0] + WINDOW_S - now)
