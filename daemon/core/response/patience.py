"""How long nothing may be heard of an answer that is waited for."""

from __future__ import annotations

from daemon.core.timers import Timers
from daemon.core.turn.phase import TurnTimer

UNBEGUN_S = 2.0
BEGUN_S = 5.0


class Patience:
    """Sets the timer `stall`. `complaint` is what the server has complained of since the last sign of it.

    An error need not be about the answer: only if nothing else comes, it was.
    """

    def __init__(self, timers: Timers[TurnTimer], stall_s: float) -> None:
        self.complaint = ""
        self.stall_s = stall_s
        self._timers = timers

    def renew(self, now: float) -> None:
        """It is asked for, or there is a sign of it."""
        self.complaint = ""
        self._timers.set(TurnTimer.STALL, now + self.stall_s)

    def complained(self, complaint: str, begun: bool, now: float) -> None:
        """There was an error that names nothing; the first one counts."""
        if TurnTimer.STALL in self._timers and not self.complaint:
            self.complaint = complaint
            self._timers.set(TurnTimer.STALL, now + min(self.stall_s, BEGUN_S if begun else UNBEGUN_S))
