"""Which session is used, and what happens when it grows old, falls silent or is lost.

A successor is made before the session in use is broken: it is dialed, configured and told the history beside
it, and takes over in a quiet moment, or at once if the session in use is lost.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, TypeAlias, assert_never

from daemon.core import events as ev
from daemon.core.connection.backoff import HASTE_S
from daemon.core.connection.dialer import OUTAGE_S, Dialer
from daemon.core.connection.offline_brain import OfflineBrain
from daemon.core.connection.phase import LinkTimer, SessionPhase
from daemon.core.connection.session import ConnectionSession
from daemon.core.connection.session_age import Age, SessionAge
from daemon.core.connection.sessions import Sessions
from daemon.core.effects import EffectsBuffer
from daemon.core.history.history import History
from daemon.core.timers import Timers, earliest
from daemon.realtime.errors import FATAL, ONE_SESSION, fatal_refusal
from daemon.realtime.events import Error, ErrorDetail, Json, ServerEvent

PROBE_S = 3.0

_POLICY_VIOLATION = 1008

Change: TypeAlias = Literal["", "lost", "found", "moved"]
"""What the conversation must know: the server is lost, found, or replaced by another session."""


class ConnectionManager:
    """`settle` decides after each event, by the state of the sessions and of the conversation."""

    def __init__(
        self,
        settings: Json,
        effects: EffectsBuffer,
        history: History,
        rng: Callable[[], float],
        max_session_s: float,
        fallback: bool = False,
    ) -> None:
        self.sessions = Sessions(settings, effects)
        self.timers: Timers[LinkTimer] = Timers()
        self.dialer = Dialer(self.sessions, self.timers, rng)
        self.brain = OfflineBrain(fallback, self.sessions, self.timers, rng)
        self._effects = effects
        self._history = history
        self._age = SessionAge(self.timers, max_session_s)
        self._known = 0
        self._single_session = self._crowded = False
        self._hurried_at = float("-inf")

    @property
    def deadline(self) -> float | None:
        """When `tick` wants to be called."""
        return earliest(self.timers.deadline, *(each.timers.deadline for each in self.sessions))

    # ------------------------------------------------------------ what happens

    def start(self, now: float) -> None:
        """The service is up: connect, unless a press has done so already."""
        self.dialer.dial(now)
        self.timers.set(LinkTimer.OUTAGE, now + OUTAGE_S)

    def connected(self, conn: int, server_s: float | None, now: float) -> None:
        """A socket is open."""
        if session := self.sessions.find(conn):
            session.connected(server_s, now)

    def received(self, conn: int, event: ServerEvent, now: float) -> bool:
        """An event on any of the connections; True where it refuses our settings."""
        session = self.sessions.find(conn)
        if session is None:
            return False
        if session is self.sessions.live and LinkTimer.PROBE in self.timers:
            self.timers.set(LinkTimer.PROBE, now + PROBE_S)
        if isinstance(event, Error) and event.error.reason in FATAL and session.place == "server":
            self.sessions.fatal = event.error.message or event.error.reason
        if isinstance(event, Error) and event.error.reason in ONE_SESSION:
            self._single_session = True
        return session.received(event, now)

    def blamed(self, error: ErrorDetail, now: float) -> bool:
        """Whether an error that names no event is about settings sent lately in the session in use."""
        return self.sessions.live is not None and self.sessions.live.blamed(error, now)

    def lost(self, conn: int, code: int, reason: str, retry_after_s: float, now: float) -> None:
        """A connection has ended or could not be made."""
        sessions = self.sessions
        session = sessions.find(conn)
        if session is None:
            return
        was_live = session is sessions.live
        if session is sessions.next and sessions.live is not None and code == _POLICY_VIOLATION:
            self._crowded = True
        if session.place == "server":
            sessions.fatal = sessions.fatal or fatal_refusal(code, reason)
        self._end_use(session)
        sessions.leave(session)
        if session.place == "brain":
            self.brain.lost(now)
        elif was_live and not sessions.fatal and not retry_after_s:
            self.dialer.redial(reason or str(code), now)
        else:
            self.dialer.retry(reason or str(code), retry_after_s, now)

    def hurry(self, now: float) -> None:
        """A user asks for something: do not wait any longer."""
        if now - self._hurried_at >= HASTE_S and self.dialer.hurry(now) | self.brain.hurry(now):
            self._hurried_at = now

    def restart(self, why: ev.NewSession, now: float) -> None:
        """Replace this session: it does not answer, or it knows what is to be forgotten."""
        if self.sessions.live is not None:
            self._hang_up(self.sessions.live, why)
        if self.sessions.next is not None and why is ev.NewSession.CLEARED:
            self._hang_up(self.sessions.next, why)
        self.dialer.dial(now)
        self.timers.ensure(LinkTimer.OUTAGE, now + OUTAGE_S)

    def tick(self, now: float) -> None:
        """Handle the timers that are due."""
        for session in self.sessions:
            session.tick(now)
            if session.phase is SessionPhase.UNRESPONSIVE:
                self._effects.do(ev.Disconnect(session.conn))
                self.lost(session.conn, 0, "the server does not answer", 0.0, now)
        for timer in self.timers.pop_due(now):
            self._due(timer, now)

    def _due(self, timer: LinkTimer, now: float) -> None:
        match timer:
            case LinkTimer.RETRY | LinkTimer.HASTE:
                self.dialer.dial(now, wanted=timer is LinkTimer.HASTE)
            case LinkTimer.OUTAGE | LinkTimer.BRAIN:
                self.brain.call(now)
            case LinkTimer.SOFT:
                self._age.due(Age.EXPIRING)
            case LinkTimer.HARD:
                self._age.due(Age.OVERDUE)
            case LinkTimer.PROBE:
                self._probe(now)
            case _:
                assert_never(timer)

    def _probe(self, now: float) -> None:
        if self.sessions.live is not None:
            self._effects.do(ev.Probe(self.sessions.live.conn))
            self.timers.set(LinkTimer.PROBE, now + PROBE_S)

    # ------------------------------------------------------------ what is to be done

    def settle(self, idle: bool, waiting: bool, answering: bool, now: float) -> Change:
        """Decide what to do next. `idle`: nothing is under way; `waiting`: a user waits for an answer.

        `answering`: the server is in the middle of an answer, which no other session can go on with.
        """
        self._renew(idle, answering, now)
        self._promote(idle, waiting, answering, now)
        self._watch(waiting, now)
        self.dialer.hasten(waiting, now)
        live = self.sessions.live
        self._effects.conn = live.conn if live is not None else 0
        self.sessions.show()
        before, self._known = self._known, self._effects.conn
        if self._known == before:
            return ""
        if not before:
            return "found"
        return "moved" if self._known else "lost"

    def _watch(self, waiting: bool, now: float) -> None:
        """While a user waits, send a ping to a silent server."""
        if waiting and self.sessions.live is not None:
            self.timers.ensure(LinkTimer.PROBE, now)
        else:
            self.timers.clear(LinkTimer.PROBE)

    def _renew(self, idle: bool, answering: bool, now: float) -> None:
        """Give an old session a successor; if the server allows only one session, end the old one first."""
        live = self.sessions.live
        if self._age.age is Age.FRESH or live is None or self.sessions.next is not None:
            return
        alone = self._single_session or self._crowded
        if (self._age.age is Age.OVERDUE and not answering) or (alone and idle):
            self._hang_up(live, ev.NewSession.EXPIRING)
            self.dialer.dial(now)
        elif not alone and LinkTimer.RETRY not in self.timers:
            self.dialer.dial(now)

    def _promote(self, idle: bool, waiting: bool, answering: bool, now: float) -> None:
        """Let a session that is ready take over."""
        live, coming, spare = self.sessions.live, self.sessions.next, self.sessions.spare
        if coming is not None and coming.usable:
            # An utterance can be sent again, an answer that is cut cannot be had again: so wait for its end.
            at_once = live is None or (self._age.age is Age.OVERDUE and not answering)
            if not at_once and idle and coming.phase is SessionPhase.CONFIGURED:
                coming.seed(self._history, now)
            if at_once or (idle and coming.phase is SessionPhase.SEEDED):
                self._take(coming, now)
        elif spare is not None and spare.usable and live is None and waiting:
            self._take(spare, now)

    def _take(self, session: ConnectionSession, now: float) -> None:
        """Use this session from now on; send it first what it lacks of the history."""
        session.seed(self._history, now)
        self.timers.clear(LinkTimer.PROBE)
        self.sessions.take(session)
        if session.place == "brain":
            self.brain.backoff.ready()
            return
        self.dialer.reached()
        self._crowded = False
        self._age.begin(session.expires_in_s, now)
        if self.sessions.spare is not None:
            self.sessions.hang_up(self.sessions.spare)

    def _hang_up(self, session: ConnectionSession, why: ev.NewSession) -> None:
        self._end_use(session)
        self.sessions.hang_up(session, why)

    def _end_use(self, session: ConnectionSession) -> None:
        """If this session is in use, end its use and clear its timers."""
        if session is self.sessions.live:
            self.timers.clear(LinkTimer.PROBE)
            self._age.end()
