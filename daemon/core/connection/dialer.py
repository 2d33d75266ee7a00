"""Decides when the server is dialed: at once, after a pause, or sooner because a user waits."""

from __future__ import annotations

from collections.abc import Callable

from daemon.core.connection.backoff import Backoff
from daemon.core.connection.phase import LinkTimer
from daemon.core.connection.sessions import Sessions
from daemon.core.timers import Timers

REFUSED_S = 300.0
OUTAGE_S = 2.0


class Dialer:
    """One attempt at a time, for ever: a server that is down today may be up tomorrow."""

    def __init__(self, sessions: Sessions, timers: Timers[LinkTimer], rng: Callable[[], float]) -> None:
        self.backoff = Backoff(rng)
        self._sessions = sessions
        self._timers = timers

    def dial(self, now: float, wanted: bool = False) -> None:
        """Dial, unless an attempt is under way, or too many were made that no user waited for (`wanted`)."""
        if self._sessions.next is not None:
            return
        self._timers.clear(LinkTimer.RETRY, LinkTimer.HASTE)
        wait_s = 0.0 if wanted else self.backoff.allowed(now)
        if wait_s > 0:
            self._timers.set(LinkTimer.RETRY, now + wait_s)
            return
        self.backoff.attempted(now, wanted)
        self._sessions.open("server", now)

    def redial(self, reason: str, now: float) -> None:
        """A usable session was lost: dial again at once."""
        self._timers.ensure(LinkTimer.OUTAGE, now + OUTAGE_S)
        self._sessions.show(f"The connection is lost ({reason}).")
        self.dial(now)

    def retry(self, reason: str, retry_after_s: float, now: float) -> None:
        """An attempt has failed, or may not be repeated at once: dial after a pause."""
        sessions = self._sessions
        wait_s = self.backoff.failed(now, REFUSED_S if sessions.fatal else min(retry_after_s, REFUSED_S))
        self._timers.set(LinkTimer.RETRY, now + wait_s)
        if sessions.live is None:
            self._timers.ensure(LinkTimer.OUTAGE, now + OUTAGE_S)
            sessions.show(sessions.fatal or f"The connection is down ({reason}); next try in {wait_s:.1f} s.")

    def hurry(self, now: float) -> bool:
        """A user asks: dial at once if that helps, unless the server has asked for a pause."""
        barred = self.backoff.barred(now) and not self._sessions.fatal
        if self._sessions.next is not None or not self._sessions.offline or barred:
            return False
        self.dial(now, wanted=True)
        return True

    def hasten(self, waiting: bool, now: float) -> None:
        """While a user waits, an attempt is given little time, and the next follows soon."""
        waiting = waiting and self._sessions.live is None
        if waiting and self._sessions.next is None:
            self._timers.ensure(LinkTimer.HASTE, self.backoff.haste_at(now))
            return
        self._timers.clear(LinkTimer.HASTE)
        if waiting and self._sessions.next is not None:
            self._sessions.next.hasten()

    def reached(self) -> None:
        """A session with the server is in use."""
        self.backoff.ready()
        self._timers.clear(LinkTimer.RETRY, LinkTimer.OUTAGE, LinkTimer.BRAIN)
