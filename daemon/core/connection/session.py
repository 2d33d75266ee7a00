"""Sets up one session: dial, session.created, session.update, history. Its phases are in `phase.py`."""

from __future__ import annotations

from enum import StrEnum
from typing import assert_never

from daemon.core import events as ev
from daemon.core.connection.backoff import HASTE_S
from daemon.core.connection.phase import SESSION, USABLE, SessionCause, SessionPhase
from daemon.core.connection.settings_negotiation import SettingsNegotiation, SettingsOffer
from daemon.core.effects import EffectsBuffer
from daemon.core.history.history import History
from daemon.core.timers import Timers
from daemon.realtime.events import (
    Error,
    ErrorDetail,
    ItemAdded,
    ItemCreate,
    ItemCreated,
    Json,
    ServerEvents,
    SessionCreated,
    SessionUpdate,
    SessionUpdated,
)

OPEN_S = 15.0
GREETING_S = 10.0
COURTESY_S = 2.0
CONFIGURE_S = 5.0
SEED_S = 3.0
PLAUSIBLE_S = 86_400.0


class SessionTimer(StrEnum):
    """What a server has a limited time for."""

    SILENCE = "silence"  # until its first word
    GREETING = "greeting"
    CONFIGURE = "configure"
    SEED = "seed"


class ConnectionSession:
    """A connection with a number to a place, and the session on it."""

    def __init__(
        self, conn: int, place: ev.Place, offer: SettingsOffer, effects: EffectsBuffer, now: float
    ) -> None:
        self.conn = conn
        self.place: ev.Place = place
        self.phase = SessionPhase.DIALING
        self.expires_in_s: float | None = None
        self._offer = offer
        self._negotiation = SettingsNegotiation(offer, offer.session, effects)
        self._effects = effects
        self._server_s: float | None = None
        self._timers: Timers[SessionTimer] = Timers()
        self._told = self._unacknowledged = 0
        self._update_id = ""
        self._changed: Json = {}  # since it was told how it is to be
        self._since = now
        self._timers.set(SessionTimer.SILENCE, now + OPEN_S)
        effects.do(ev.Connect(conn, place))

    @property
    def deadline(self) -> float | None:
        """When `tick` wants to be called."""
        return self._timers.deadline

    @property
    def usable(self) -> bool:
        """Is it configured, so that a conversation may use it?"""
        return self.phase in USABLE

    @property
    def left_out(self) -> dict[str, str]:
        """What the server refuses of the settings, and why: the names of tools, the paths of others."""
        return self._negotiation.left_out

    def _go(self, cause: SessionCause) -> None:
        self.phase = SESSION.after(self.phase, cause)

    # ------------------------------------------------------------ what happens

    def connected(self, server_s: float | None, now: float) -> None:
        """The socket is open; `server_s` is what the server's clock says, in seconds since 1970."""
        if SESSION.allows(self.phase, SessionCause.OPENED):
            self._go(SessionCause.OPENED)
            self._server_s, self._since = server_s, now
            self._timers.set(SessionTimer.SILENCE, now + GREETING_S)
            self._timers.set(SessionTimer.GREETING, now + COURTESY_S)

    def hasten(self) -> None:
        """Somebody waits: a server that says nothing is left sooner."""
        if SessionTimer.SILENCE in self._timers:
            self._timers.set(SessionTimer.SILENCE, self._since + HASTE_S)

    def received(self, event: ServerEvents, now: float) -> bool:
        """What the server says on the way; True where it refuses our settings."""
        first = SessionTimer.SILENCE in self._timers
        if first:
            self._first_word(now)
        match event:
            case SessionCreated():
                self._greeted(event.session, first, now)
            case SessionUpdated():
                self._ends(event.session)
                self._update(self._negotiation.taken(event.session), now)
            case ItemAdded() | ItemCreated():
                self._acknowledged()
            case Error() if self._negotiation.open and self._concerns(event.error):
                ours = event.error.event_id == self._update_id
                self._update(self._negotiation.refused(event.error, ours), now)
                return True
            case Error() if event.error.event_id == f"seed_{self.conn}":
                self._acknowledged()
        return False

    def blamed(self, error: ErrorDetail, now: float) -> bool:
        """An error that names nothing: is it about settings that this one was told of late?"""
        if not self.usable or SessionTimer.CONFIGURE not in self._timers or not self._negotiation.open:
            return False
        self._update(self._negotiation.refused(error, ours=True), now)
        return True

    def tick(self, now: float) -> None:
        """Something did not come in time."""
        for timer in self._timers.pop_due(now):
            match timer:
                case SessionTimer.SILENCE:
                    self._go(SessionCause.SILENT)
                case SessionTimer.GREETING:
                    self._begin(SessionCause.UNGREETED, now)
                case SessionTimer.CONFIGURE if self.usable:
                    self._negotiation.open = False
                case SessionTimer.CONFIGURE:
                    self._configured(SessionCause.UNCONFIRMED, now)
                case SessionTimer.SEED:
                    self._go(SessionCause.UNACKNOWLEDGED)
                case _:
                    assert_never(timer)

    # ------------------------------------------------------------ the greeting and the settings

    def _first_word(self, now: float) -> None:
        """There is somebody, who may take time for the settings if they were sent already."""
        self._timers.clear(SessionTimer.SILENCE)
        if self.phase is SessionPhase.CONFIGURING:
            self._timers.set(SessionTimer.CONFIGURE, now + CONFIGURE_S)

    def _greeted(self, session: Json, first: bool, now: float) -> None:
        """Who greets only now may not have heard what was said before; who greets again has."""
        cause = SessionCause.GREETED
        if first and self.phase is SessionPhase.CONFIGURING:
            cause = SessionCause.GREETED_LATE
        if SESSION.allows(self.phase, cause):
            self._ends(session)
            self._begin(cause, now)

    def _ends(self, session: Json) -> None:
        """The server may say when the session ends, by its own clock."""
        expires_at = _seconds(session.get("expires_at"))
        if self._server_s is not None and expires_at is not None:
            left_s = expires_at - self._server_s
            self.expires_in_s = left_s if 0 < left_s < PLAUSIBLE_S else None

    def _begin(self, cause: SessionCause, now: float) -> None:
        """Greeted or not, it is told how it is to be."""
        self._go(cause)
        self._timers.clear(SessionTimer.GREETING)
        self._negotiate(self._offer.session, now)

    def reconfigure(self, offer: SettingsOffer, changed: Json, now: float) -> None:
        """The session is to be another one: told at once, or with the rest, or when the rest is agreed on."""
        self._offer, self._changed = offer, self._changed | changed
        if self.usable:
            self._negotiate(self._changed, now)

    def _negotiate(self, session: Json, now: float) -> None:
        self._changed = {}
        self._negotiation = SettingsNegotiation(self._offer, session, self._effects)
        self._update(self._negotiation.begin(), now)

    def _update(self, session: Json | None, now: float) -> None:
        """Send the settings, or what is to be tried of them; None ends it."""
        if session is None:
            if self.phase is SessionPhase.CONFIGURING:
                self._configured(SessionCause.AGREED, now)
            return
        self._update_id = self._effects.keys.new("configure")
        if SessionTimer.SILENCE not in self._timers:
            self._timers.set(SessionTimer.CONFIGURE, now + CONFIGURE_S)
        self._effects.do(ev.Send(SessionUpdate(event_id=self._update_id, session=session), self.conn))

    def _configured(self, cause: SessionCause, now: float) -> None:
        self._timers.clear(SessionTimer.CONFIGURE)
        self._go(cause)
        if self._changed:
            self._negotiate(self._changed, now)

    def _concerns(self, error: ErrorDetail) -> bool:
        """Is it about the latest update, as far as one can tell?"""
        if self._effects.keys.own(error.event_id):
            return error.event_id == self._update_id
        return self.phase is SessionPhase.CONFIGURING or self._negotiation.named(error)

    # ------------------------------------------------------------ the history

    def seed(self, history: History, now: float) -> None:
        """Tell it what it has not been told of the history, and wait for its word."""
        items = history.seed(after=self._told)
        self._told = history.last
        for item in items:
            self._effects.do(ev.Send(ItemCreate(item=item, event_id=f"seed_{self.conn}"), self.conn))
        self._go(SessionCause.TOLD)
        self._timers.set(SessionTimer.SEED, now + SEED_S)
        self._unacknowledged = len(items)
        self._seeded_if_all()

    def _acknowledged(self) -> None:
        if self.phase is SessionPhase.SEEDING:
            self._unacknowledged -= 1
            self._seeded_if_all()

    def _seeded_if_all(self) -> None:
        if self._unacknowledged <= 0:
            self._timers.clear(SessionTimer.SEED)
            self._go(SessionCause.ACKNOWLEDGED)


def _seconds(told: object) -> float | None:
    """A number of seconds in whatever clothes it comes; None if it is none."""
    try:
        return float(told)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        return None
