"""The connections: which one is used, which are in preparation, and when to try again. For ever.

At most three at a time: the `live` one, which the conversation uses; the `next` one to the server, made
before the live one is broken; and a `spare` one to the offline brain while the server is out of reach, or
writes what is to be read out. A new one takes over in a quiet moment, or at once where there is none to lose.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, TypeAlias

from daemon.core import events as ev
from daemon.core.connection.backoff import HASTE_S, Backoff
from daemon.core.connection.phase import SessionPhase
from daemon.core.connection.session import ConnectionSession
from daemon.core.connection.session_age import SessionAge
from daemon.core.connection.settings_negotiation import Offers
from daemon.core.effects import EffectsBuffer
from daemon.core.history.history import History
from daemon.core.timers import Timers
from daemon.realtime.errors import FATAL, ONE_SESSION, fatal_refusal
from daemon.realtime.events import Error, ErrorDetail, Json, ServerEvents

REFUSED_S = 300.0
OUTAGE_S = 2.0
PROBE_S = 3.0

_POLICY_VIOLATION = 1008

Change: TypeAlias = Literal["", "lost", "found", "moved"]
"""What the conversation must know: it has lost its server, found one, or moved from one to another."""


class ConnectionManager:
    """`settle` decides, after each event, from what has become of the connections and of the conversation."""

    def __init__(
        self,
        session: Json,
        outbox: EffectsBuffer,
        ledger: History,
        dice: Callable[[], float],
        max_session_s: float,
        fallback: bool = False,
    ) -> None:
        self.live: ConnectionSession | None = None
        self.next: ConnectionSession | None = None
        self.spare: ConnectionSession | None = None
        self._fallback = fallback
        self._offers = Offers(session)
        self._outbox = outbox
        self._ledger = ledger
        self._timers = Timers()
        self._age = SessionAge(self._timers, max_session_s)
        self._pace = Backoff(dice)
        self._brain_pace = Backoff(dice)
        self._conns = self._known = 0
        self._fatal = ""
        self._single = self._crowded = False
        self._pressed_at = float("-inf")
        self._shown: ev.LinkState = "waiting"

    # ------------------------------------------------------------ what it is

    @property
    def deadline(self) -> float | None:
        """When `tick` wants to be called."""
        parts = (self._timers, self.live, self.next, self.spare)
        return min((part.deadline for part in parts if part and part.deadline is not None), default=None)

    @property
    def state(self) -> ev.LinkState:
        """What people are shown."""
        if self.live is not None:
            return "fallback" if self.live.place == "brain" else "ready"
        if self.next is None:
            return "refused" if self._fatal else "waiting"
        return (
            "connecting"
            if self.next.phase in (SessionPhase.DIALING, SessionPhase.GREETING)
            else "configuring"
        )

    def find(self, conn: int) -> ConnectionSession | None:
        """The connection of this number, unless it has been given up."""
        return next((each for each in (self.live, self.next, self.spare) if each and each.conn == conn), None)

    # ------------------------------------------------------------ what happens

    def start(self, now: float) -> None:
        """The appliance is up; a press may have been quicker."""
        if self.next is None:
            self._dial(now)
        self._timers.set("outage", now + OUTAGE_S)

    def connected(self, conn: int, server_s: float | None, now: float) -> None:
        """A socket is open."""
        if attempt := self.find(conn):
            attempt.connected(server_s, now)

    def received(self, conn: int, event: ServerEvents, now: float) -> bool:
        """An event on any of the connections; True where it refuses our settings."""
        attempt = self.find(conn)
        if attempt is None:
            return False
        if attempt is self.live and "probe" in self._timers:
            self._timers.set("probe", now + PROBE_S)
        if isinstance(event, Error) and event.error.reason in FATAL and attempt.place == "server":
            self._fatal = event.error.message or event.error.reason
        if isinstance(event, Error) and event.error.reason in ONE_SESSION:
            self._single = True
        return attempt.received(event, now)

    def blamed(self, error: ErrorDetail, now: float) -> bool:
        """An error that names nothing: is it about settings that the live one was told of late?"""
        return self.live is not None and self.live.blamed(error, now)

    def worked(self) -> None:
        """An answer is complete: whatever the server once refused, it does not refuse now."""
        if self.live is not None and self.live.place == "server":
            self._fatal = ""

    def lost(self, conn: int, code: int, reason: str, retry_after_s: float, now: float) -> None:
        """A connection has ended or could not be made."""
        attempt = self.find(conn)
        if attempt is None:
            return
        was_live = attempt is self.live
        if attempt is self.next and self.live is not None and code == _POLICY_VIOLATION:
            self._crowded = True
        self._leave(attempt)
        if attempt.place == "brain":
            self._timers.set("brain", now + self._brain_pace.failed(now))
            return
        self._fatal = self._fatal or fatal_refusal(code, reason)
        if was_live and not self._fatal and not retry_after_s:
            self._redial(reason or str(code), now)
        else:
            self._retry(reason or str(code), retry_after_s, now)

    def hurry(self, now: float) -> None:
        """Somebody pressed the button: no more waiting, unless the server itself has asked for it."""
        if now - self._pressed_at < HASTE_S:
            return
        barred = self._pace.barred(now) and not self._fatal
        if self.next is None and (self.live is None or self.live.place == "brain") and not barred:
            self._pressed_at = now
            self._dial(now, wanted=True)
        if "brain" in self._timers:
            self._pressed_at = now
            self._call_the_brain(now)

    def retool(self, tools: list[Json], now: float) -> None:
        """The tools are these from now on, on the connections that there are and on those to come."""
        if tools == self._offers.session["tools"]:
            return
        changed = self._offers.change({"tools": tools})
        for attempt in filter(None, (self.live, self.next, self.spare)):
            attempt.reconfigure(self._offers.at(attempt.place), changed, now)

    def restart(self, why: ev.NewSession, now: float) -> None:
        """This session must not go on: it does not answer, or it knows what is to be forgotten."""
        if self.live is not None:
            self._hang_up(self.live, why)
        if self.next is not None and why == "forgotten":
            self._hang_up(self.next, why)
        if self.next is None:
            self._dial(now)
        self._timers.ensure("outage", now + OUTAGE_S)

    def tick(self, now: float) -> None:
        """Something is due."""
        for attempt in (self.live, self.next, self.spare):
            if attempt is not None:
                attempt.tick(now)
                if attempt.phase is SessionPhase.UNRESPONSIVE:
                    self._outbox.do(ev.Disconnect(attempt.conn))
                    self.lost(attempt.conn, 0, "the server does not answer", 0.0, now)
        for name in self._timers.pop_due(now):
            self._due(name, now)

    def _due(self, name: str, now: float) -> None:
        match name:
            case "retry" | "haste" if self.next is None:
                self._dial(now, wanted=name == "haste")
            case "outage" | "brain":
                self._call_the_brain(now)
            case "soft" | "hard":
                self._age.due(name)
            case "probe" if self.live is not None:
                self._outbox.do(ev.Probe(self.live.conn))
                self._timers.set("probe", now + PROBE_S)

    # ------------------------------------------------------------ what is to be done

    def settle(self, idle: bool, waiting: bool, answering: bool, now: float) -> Change:
        """Draw the consequences. `idle`: nothing is under way; `waiting`: somebody waits for an answer.

        `answering`: the server is in the middle of one, which can be had from it alone.
        """
        self._renew(idle, answering, now)
        self._promote(idle, waiting, answering, now)
        self._watch(waiting, now)
        self._hasten(waiting, now)
        self._outbox.conn = self.live.conn if self.live is not None else 0
        self._show("")
        before, self._known = self._known, self._outbox.conn
        if self._known == before:
            return ""
        if not before:
            return "found"
        return "moved" if self._known else "lost"

    def _watch(self, waiting: bool, now: float) -> None:
        """While somebody waits, a silent server is asked whether it is still there."""
        if waiting and self.live is not None:
            self._timers.ensure("probe", now)
        else:
            self._timers.clear("probe")

    def _hasten(self, waiting: bool, now: float) -> None:
        """While somebody waits for a server, an attempt is given little time, and the next follows soon."""
        if waiting and self.live is None and self.next is None:
            self._timers.ensure("haste", self._pace.haste_at(now))
            return
        self._timers.clear("haste")
        if waiting and self.live is None and self.next is not None:
            self.next.hasten()

    def _renew(self, idle: bool, answering: bool, now: float) -> None:
        """A worn session gets a successor; where the server has room for one only, it must go first."""
        live = self.live
        if not self._age.worn or live is None or self.next is not None or live.place == "brain":
            return
        alone = self._single or self._crowded
        if (self._age.overdue and not answering) or (alone and idle):
            self._hang_up(live, "worn")
            self._dial(now)
        elif not alone and "retry" not in self._timers:
            self._dial(now)

    def _promote(self, idle: bool, waiting: bool, answering: bool, now: float) -> None:
        """Let a connection that is ready take over."""
        coming = self.next
        if coming is not None and coming.usable:
            # What is said can be sent again, an answer that is cut cannot be had again: that is waited for.
            if self.live is None or (self._age.overdue and not answering):
                self._take(coming, now)
            elif idle and coming.phase is SessionPhase.CONFIGURED:
                coming.seed(self._ledger, now)
            if idle and coming.phase is SessionPhase.SEEDED and self.live is not coming:
                self._take(coming, now)
        spare = self.spare
        if spare is not None and spare.usable and self.live is None and waiting:
            self._take(spare, now)

    def _take(self, attempt: ConnectionSession, now: float) -> None:
        """This one is used from now on; what it has not been told of the history it is told first."""
        attempt.seed(self._ledger, now)
        if self.live is not None:
            self._hang_up(self.live, "worn" if self.live.place == "server" else None)
        self.live, self._shown = attempt, "configuring"
        if attempt is self.spare:
            self.spare = None
            self._brain_pace.ready()
            return
        self.next = None
        self._pace.ready()
        if self.spare is not None:
            self._hang_up(self.spare)
        self._crowded = False
        self._timers.clear("retry", "outage", "brain")
        self._age.begin(attempt.expires_in_s, now)

    # ------------------------------------------------------------ making and leaving

    def _dial(self, now: float, wanted: bool = False) -> None:
        """Try the server, unless too many attempts were made that nobody waited for (`wanted`)."""
        self._timers.clear("retry", "haste")
        wait_s = 0.0 if wanted else self._pace.allowed(now)
        if wait_s > 0:
            self._timers.set("retry", now + wait_s)
            return
        self._pace.attempted(now, wanted)
        self._fatal = ""
        self.next = self._attempt("server", now)
        self._show("")

    def _call_the_brain(self, now: float) -> None:
        """Have the offline brain ready before anybody asks for it."""
        self._timers.clear("brain")
        out = self.live is None and self.spare is None
        if self._fallback and out:
            self._brain_pace.attempted(now)
            self.spare = self._attempt("brain", now)

    def call_reader(self, now: float) -> None:
        """Have the offline brain there beside the server, to read something out."""
        if self._fallback and self.spare is None and not (self.live and self.live.place == "brain"):
            self.spare = self._attempt("brain", now)

    def dismiss_reader(self) -> None:
        """It has been read."""
        if self.spare is not None and self.live is not None:
            self._hang_up(self.spare)

    def _attempt(self, place: ev.Place, now: float) -> ConnectionSession:
        self._conns += 1
        return ConnectionSession(self._conns, place, self._offers.at(place), self._outbox, now)

    def _redial(self, reason: str, now: float) -> None:
        """What was ready and is lost is dialled again at once."""
        self._timers.ensure("outage", now + OUTAGE_S)
        self._show(f"The connection is lost ({reason}).")
        if self.next is None:
            self._dial(now)

    def _retry(self, reason: str, retry_after_s: float, now: float) -> None:
        wait_s = self._pace.failed(now, REFUSED_S if self._fatal else min(retry_after_s, REFUSED_S))
        self._timers.set("retry", now + wait_s)
        if self.live is None:
            self._timers.ensure("outage", now + OUTAGE_S)
            self._show(self._fatal or f"The connection is down ({reason}); next try in {wait_s:.1f} s.")

    def _leave(self, attempt: ConnectionSession) -> None:
        """It is gone."""
        if attempt is self.live:
            self.live, self._outbox.conn = None, 0
            self._timers.clear("probe")
            self._age.end()
        if attempt is self.next:
            self.next = None
        if attempt is self.spare:
            self.spare = None

    def _hang_up(self, attempt: ConnectionSession, why: ev.NewSession | None = None) -> None:
        """It is not wanted any more."""
        self._outbox.do(ev.Disconnect(attempt.conn, why))
        self._leave(attempt)

    def _show(self, reason: str) -> None:
        if reason or self.state != self._shown:
            self._shown = self.state
            self._outbox.do(ev.LinkChanged(self._shown, reason))
