"""When the offline brain is connected: while the server is away, and to read out text-only answers."""

from __future__ import annotations

from collections.abc import Callable

from daemon.core.connection.backoff import Backoff
from daemon.core.connection.phase import LinkTimer
from daemon.core.connection.sessions import Sessions
from daemon.core.timers import Timers


class OfflineBrain:
    """Does nothing if no offline brain is configured (`there`)."""

    def __init__(
        self, there: bool, sessions: Sessions, timers: Timers[LinkTimer], rng: Callable[[], float]
    ) -> None:
        self.backoff = Backoff(rng)
        self._there = there
        self._sessions = sessions
        self._timers = timers

    def call(self, now: float) -> None:
        """Connect it before a user asks."""
        self._timers.clear(LinkTimer.BRAIN)
        if self._there and self._sessions.live is None and self._sessions.spare is None:
            self.backoff.attempted(now)
            self._sessions.open("brain", now)

    def lost(self, now: float) -> None:
        """Its connection has ended, or could not be made."""
        self._timers.set(LinkTimer.BRAIN, now + self.backoff.failed(now))

    def hurry(self, now: float) -> bool:
        """A user asks: no pause before the next attempt."""
        pausing = LinkTimer.BRAIN in self._timers
        if pausing:
            self.call(now)
        return pausing

    def connect_for_tts(self, now: float) -> None:
        """Connect it beside the server, to read something out."""
        live = self._sessions.live
        if self._there and self._sessions.spare is None and not (live and live.place == "brain"):
            self._sessions.open("brain", now)

    def release_tts(self) -> None:
        """The text has been read out: disconnect it."""
        if self._sessions.spare is not None and self._sessions.live is not None:
            self._sessions.hang_up(self._sessions.spare)
