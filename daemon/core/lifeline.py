"""The connection: connect, greet, configure, stay, lose, back off, for ever.

    waiting -> connecting -> configuring -> ready -> waiting ...        (refused: a slow kind of waiting)

The server speaks first (`session.created`); then the session is configured, and when that is acknowledged, or
its time is up, the history is told and the connection is ready.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum

from msgspec import UNSET

from daemon.core import events as ev
from daemon.core.ledger import Ledger
from daemon.core.outbox import Outbox
from daemon.core.timers import Timers
from daemon.protocol import (
    Error,
    ItemCreate,
    Json,
    ServerEvents,
    SessionCreated,
    SessionUpdate,
    SessionUpdated,
)

OPEN_S = 15.0
GREETING_S = 10.0
CONFIGURE_S = 5.0
FIRST_BACKOFF_S = 0.5
MAX_BACKOFF_S = 30.0
REFUSED_S = 300.0
HEALTHY_S = 60.0
GRACE_S = 60.0
PRESS_INTERVAL_S = 1.0

FATAL = frozenset(
    {
        "account_deactivated",
        "beta_api_shape_disabled",
        "billing_hard_limit_reached",
        "insufficient_quota",
        "invalid_api_key",
        "model_not_found",
    }
)
"""Codes that only the owner can do something about."""

_REMEDIES = {
    401: "The server refuses the key; check realtime.key_file.",
    403: "The key may not use this model; check the account and realtime.model.",
    404: "The server does not know the address or the model; check realtime.url and realtime.model.",
}


class Phase(Enum):
    """Where the connection is; the value is what people are shown."""

    WAITING = "waiting"
    CONNECTING = "connecting"
    CONFIGURING = "configuring"
    READY = "ready"
    REFUSED = "refused"


class Lifeline:
    """One connection at a time, each with a number. `dice` gives a random float from 0 to 1."""

    def __init__(
        self, session: Json, outbox: Outbox, ledger: Ledger, dice: Callable[[], float], max_session_s: float
    ) -> None:
        self.phase = Phase.WAITING
        self.conn = 0
        self.attempts = 0
        self._session = session
        self._outbox = outbox
        self._ledger = ledger
        self._dice = dice
        self._max_session_s = max_session_s
        self._timers = Timers()
        self._fatal = ""
        self._ready_at = 0.0
        self._connected_at = float("-inf")
        self._worn = False

    @property
    def deadline(self) -> float | None:
        """When `tick` wants to be called."""
        return self._timers.deadline

    @property
    def worn(self) -> bool:
        """Is the session near its limit, so that a quiet moment should be used for a new one?"""
        return self._worn

    def connect(self, now: float) -> None:
        """Open a connection now, whatever was there before."""
        self.conn += 1
        self._connected_at = now
        self._fatal, self._worn = "", False
        self._timers = Timers()
        self._timers.set("greeting", now + OPEN_S)
        self._enter(Phase.CONNECTING)
        self._outbox.do(ev.Connect(self.conn))

    def connected(self, now: float) -> None:
        """The socket is open: the server has its time for the greeting from now on."""
        if self.phase is Phase.CONNECTING:
            self._timers.set("greeting", now + GREETING_S)

    def worked(self) -> None:
        """The server has answered: whatever it once refused, it does not refuse now."""
        self._fatal = ""

    def hurry(self, now: float) -> None:
        """Somebody pressed the button: no more waiting."""
        waiting = self.phase in (Phase.WAITING, Phase.REFUSED)
        if waiting and now - self._connected_at >= PRESS_INTERVAL_S:
            self.connect(now)

    def restart(self, why: ev.NewSession, now: float) -> None:
        """Begin a new session: the old one is worn out, answers nothing, or must be forgotten."""
        self._outbox.online = False
        self._outbox.do(ev.Disconnect(self.conn, why))
        self.connect(now)

    def received(self, event: ServerEvents, now: float) -> bool:
        """An event of the present connection; True if it has just become ready."""
        if isinstance(event, SessionCreated) and self.phase is Phase.CONNECTING:
            self._configure(self._session, now)
        elif isinstance(event, SessionUpdated) and self.phase is Phase.CONFIGURING:
            return self._become_ready(now)
        elif isinstance(event, Error):
            return self._error(event, now)
        return False

    def lost(self, code: int, reason: str, retry_after_s: float, now: float) -> None:
        """The connection has ended or could not be made: wait, then try again."""
        self._outbox.online = False
        self._timers = Timers()
        if self.phase is Phase.READY and now - self._ready_at >= HEALTHY_S:
            self.attempts = 0
        self._fatal = self._fatal or _fatal(code, reason)
        wait_s = REFUSED_S if self._fatal else max(min(retry_after_s, REFUSED_S), self._backoff_s())
        self.attempts += 1
        self._timers.set("retry", now + wait_s)
        said = self._fatal or f"The connection is down ({reason or code}); next try in {wait_s:.1f} s."
        self._enter(Phase.REFUSED if self._fatal else Phase.WAITING, said)

    def tick(self, now: float) -> bool:
        """Something is due; True if the connection has just become ready."""
        ready = False
        for name in self._timers.pop_due(now):
            match name:
                case "retry":
                    self.connect(now)
                case "greeting":
                    self._outbox.do(ev.Disconnect(self.conn))
                    self.lost(0, "the server does not answer", 0.0, now)
                case "configure":
                    ready = self._become_ready(now)
                case "soft":
                    self._worn = True
                case "hard":
                    self.restart("worn", now)
        return ready

    def _configure(self, session: Json, now: float) -> None:
        self._enter(Phase.CONFIGURING)
        self._timers.clear("greeting")
        self._timers.set("configure", now + CONFIGURE_S)
        self._outbox.do(ev.Send(SessionUpdate(event_id=f"configure_{self.conn}", session=session)))

    def _become_ready(self, now: float) -> bool:
        self._timers.clear("configure")
        grace_s = min(GRACE_S, self._max_session_s / 10)
        self._timers.set("soft", self._connected_at + self._max_session_s - grace_s)
        self._timers.set("hard", self._connected_at + self._max_session_s)
        self._ready_at = now
        self._outbox.online = True
        for item in self._ledger.seed():
            self._outbox.send(ItemCreate(item=item))
        self._enter(Phase.READY)
        return True

    def _error(self, event: Error, now: float) -> bool:
        """A fatal code explains the close that follows; a refused configuration is tried again, smaller."""
        if event.error.reason in FATAL:
            self._fatal = event.error.message or event.error.reason
        elif self.phase is Phase.CONFIGURING and "fallback" not in (event.error.event_id or ""):
            self._outbox.do(ev.Remark(f"The server refuses the configuration: {event.error.message}"))
            essential = _essential(self._session)
            update = SessionUpdate(event_id=f"configure_{self.conn}_fallback", session=essential)
            self._outbox.do(ev.Send(update))
        elif self.phase is Phase.CONFIGURING:
            return self._become_ready(now)
        return False

    def _backoff_s(self) -> float:
        """Full jitter: anything up to a ceiling that doubles, and never nothing."""
        ceiling_s = min(MAX_BACKOFF_S, FIRST_BACKOFF_S * 2.0 ** min(self.attempts, 10))
        return max(FIRST_BACKOFF_S / 2, ceiling_s * self._dice())

    def _enter(self, phase: Phase, reason: str = "") -> None:
        self.phase = phase
        self._outbox.do(ev.LinkChanged(phase.value, reason))


def _fatal(code: int, reason: str) -> str:
    """A sentence if this end is one that trying again soon cannot mend, else nothing."""
    if code in _REMEDIES:
        return _REMEDIES[code]
    cause = reason.rpartition(".")[2]
    return f"The server refuses us: {cause}." if cause in FATAL else ""


def _essential(session: Json) -> Json:
    """What a session needs at the very least: turns, tools, instructions, formats."""
    essential: Json = {key: session[key] for key in ("type", "instructions", "tools") if key in session}
    detection = session.get("audio", {}).get("input", {}).get("turn_detection", UNSET)
    if detection is not UNSET:
        essential["audio"] = {"input": {"turn_detection": detection}}
    return essential
