"""Sets up one session: dial, session.created, session.update, history. Its phases are in `phase.py`."""

from __future__ import annotations

from enum import StrEnum
from typing import assert_never

from daemon.core import events as ev
from daemon.core.connection.backoff import HASTE_S
from daemon.core.connection.phase import SESSION, USABLE, SessionCause, SessionPhase
from daemon.core.connection.session_settings import SessionSettings
from daemon.core.connection.settings_negotiation import SettingsOffer
from daemon.core.effects import EffectsBuffer
from daemon.core.history.history import History
from daemon.core.timers import Timers
from daemon.realtime import events as wire
from daemon.realtime.events import ErrorDetail, Json, ServerEvent

OPEN_S = 15.0
FIRST_EVENT_S = 10.0
GREETING_S = 2.0
CONFIGURE_S = 5.0
SEED_S = 3.0
PLAUSIBLE_S = 86_400.0


class SessionTimer(StrEnum):
    """What the server has limited time for."""

    SILENCE = "silence"  # until its first event
    GREETING = "greeting"
    CONFIGURE = "configure"
    SEED = "seed"


class ConnectionSession:
    """One connection, by its number, and the session on it; `place` is the server or the offline brain."""

    def __init__(
        self, conn: int, place: ev.Place, offer: SettingsOffer, effects: EffectsBuffer, now: float
    ) -> None:
        self.conn = conn
        self.place: ev.Place = place
        self.phase = SessionPhase.DIALING
        self.settings = SessionSettings(conn, offer, effects)
        self.timers: Timers[SessionTimer] = Timers()
        self.expires_in_s: float | None = None
        self._effects = effects
        self._server_s: float | None = None
        self._told = self._unacknowledged = 0
        self._since = now
        self.timers.set(SessionTimer.SILENCE, now + OPEN_S)
        effects.do(ev.Connect(conn, place))

    @property
    def usable(self) -> bool:
        """Is it configured, so that a conversation may use it?"""
        return self.phase in USABLE

    def _go(self, cause: SessionCause) -> None:
        self.phase = SESSION.after(self.phase, cause)

    # ------------------------------------------------------------ what happens

    def connected(self, server_s: float | None, now: float) -> None:
        """The socket is open; `server_s` is the server's clock, in seconds since 1970."""
        if SESSION.allows(self.phase, SessionCause.OPENED):
            self._go(SessionCause.OPENED)
            self._server_s, self._since = server_s, now
            self.timers.set(SessionTimer.SILENCE, now + FIRST_EVENT_S)
            self.timers.set(SessionTimer.GREETING, now + GREETING_S)

    def hasten(self) -> None:
        """A user waits: give up a silent server sooner."""
        if SessionTimer.SILENCE in self.timers:
            self.timers.set(SessionTimer.SILENCE, self._since + HASTE_S)

    def received(self, event: ServerEvent, now: float) -> bool:
        """Handle an event of the setup; True if it refuses our settings."""
        first = SessionTimer.SILENCE in self.timers
        if first:
            self._first_word(now)
        match event:
            case wire.SessionCreated():
                self._greeted(event.session, first, now)
            case wire.SessionUpdated():
                self._ends(event.session)
                self._updated(self.settings.confirmed(event.session), now)
            case wire.ItemAdded() | wire.ItemCreated():
                self._acknowledged()
            case wire.Error() if self.settings.concerned(event.error, self.phase is SessionPhase.CONFIGURING):
                self._updated(self.settings.refused(event.error), now)
                return True
            case wire.Error() if event.error.event_id == f"seed_{self.conn}":
                self._acknowledged()
        return False

    def blamed(self, error: ErrorDetail, now: float) -> bool:
        """Whether an error that names no event is about settings sent lately."""
        late = self.usable and SessionTimer.CONFIGURE in self.timers and not self.settings.negotiation.over
        if late:
            self._updated(self.settings.refused(error, ours=True), now)
        return late

    def tick(self, now: float) -> None:
        """Handle the timers that are due."""
        for timer in self.timers.pop_due(now):
            match timer:
                case SessionTimer.SILENCE:
                    self._go(SessionCause.SILENT)
                case SessionTimer.GREETING:
                    self._begin(SessionCause.UNGREETED, now)
                case SessionTimer.CONFIGURE if self.usable:
                    self.settings.negotiation.give_up()
                case SessionTimer.CONFIGURE:
                    self._configured(SessionCause.UNCONFIRMED, now)
                case SessionTimer.SEED:
                    self._go(SessionCause.UNACKNOWLEDGED)
                case _:
                    assert_never(timer)

    # ------------------------------------------------------------ the greeting and the settings

    def _first_word(self, now: float) -> None:
        """The server has sent something: if the settings were sent already, it has time to confirm them."""
        self.timers.clear(SessionTimer.SILENCE)
        if self.phase is SessionPhase.CONFIGURING:
            self.timers.set(SessionTimer.CONFIGURE, now + CONFIGURE_S)

    def _greeted(self, session: Json, first: bool, now: float) -> None:
        """A server that greets late may have missed what was sent before; one that greets twice has not."""
        late = first and self.phase is SessionPhase.CONFIGURING
        cause = SessionCause.GREETED_LATE if late else SessionCause.GREETED
        if SESSION.allows(self.phase, cause):
            self._ends(session)
            self._begin(cause, now)

    def _ends(self, session: Json) -> None:
        """Note when the session ends, if the server says so by its own clock."""
        expires_at = _seconds(session.get("expires_at"))
        if self._server_s is not None and expires_at is not None:
            left_s = expires_at - self._server_s
            self.expires_in_s = left_s if 0 < left_s < PLAUSIBLE_S else None

    def _begin(self, cause: SessionCause, now: float) -> None:
        """Send all settings, whether the server has greeted or not."""
        self._go(cause)
        self.timers.clear(SessionTimer.GREETING)
        self._updated(self.settings.send_all(), now)

    def reconfigure(self, offer: SettingsOffer, changed: Json, now: float) -> None:
        """Change settings: sent at once, together with the others, or after these are agreed on."""
        self.settings.change(offer, changed)
        if self.usable:
            self._updated(self.settings.send_changes(), now)

    def _updated(self, sent: bool, now: float) -> None:
        """An update was sent, or there is no more to send."""
        if not sent and self.phase is SessionPhase.CONFIGURING:
            self._configured(SessionCause.AGREED, now)
        elif sent and SessionTimer.SILENCE not in self.timers:
            self.timers.set(SessionTimer.CONFIGURE, now + CONFIGURE_S)

    def _configured(self, cause: SessionCause, now: float) -> None:
        self.timers.clear(SessionTimer.CONFIGURE)
        self._go(cause)
        self._updated(self.settings.send_changes(), now)

    # ------------------------------------------------------------ the history

    def seed(self, history: History, now: float) -> None:
        """Send what it lacks of the history, and wait until the server acknowledges it."""
        items = history.seed(after=self._told)
        self._told = history.last
        for item in items:
            self._effects.do(ev.Send(wire.ItemCreate(item=item, event_id=f"seed_{self.conn}"), self.conn))
        self._go(SessionCause.TOLD)
        self.timers.set(SessionTimer.SEED, now + SEED_S)
        self._unacknowledged = len(items)
        self._acknowledged(0)

    def _acknowledged(self, items: int = 1) -> None:
        """The server has added so many more items, or refused them; after the last one seeding is over."""
        if self.phase is SessionPhase.SEEDING:
            self._unacknowledged -= items
            if self._unacknowledged <= 0:
                self.timers.clear(SessionTimer.SEED)
                self._go(SessionCause.ACKNOWLEDGED)


def _seconds(told: object) -> float | None:
    """A number of seconds, sent as a number or as text; None if it is neither."""
    try:
        return float(told)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        return None
