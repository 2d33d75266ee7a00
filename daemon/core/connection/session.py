"""One connection on its way to being of use: dialing, greeted, configured, and told the history."""

from __future__ import annotations

from enum import Enum

from daemon.core import events as ev
from daemon.core.connection.backoff import HASTE_S
from daemon.core.connection.settling import SettingsNegotiation, SettingsOffer
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


class SessionPhase(Enum):
    """How far it has come."""

    DIALING = "dialing"
    GREETING = "greeting"
    CONFIGURING = "configuring"
    CONFIGURED = "configured"
    SEEDING = "seeding"
    SEEDED = "seeded"


class ConnectionSession:
    """A connection with a number to a place. The server speaks first, then it is configured and seeded.

    Greetings and acknowledgements have time limits, since not every server sends them; one word must come.
    `late` says why it is of no use, and is empty while it may still become so. Sets the timers `silence`
    (until the first word), `greeting`, `configure` and `seed`.
    """

    def __init__(
        self, conn: int, place: ev.Place, offer: SettingsOffer, outbox: EffectsBuffer, now: float
    ) -> None:
        self.conn = conn
        self.place: ev.Place = place
        self.stage = SessionPhase.DIALING
        self.late = ""
        self.expires_in_s: float | None = None
        self._offer = offer
        self._settling = SettingsNegotiation(offer, offer.session, outbox)
        self._outbox = outbox
        self._server_s: float | None = None
        self._timers = Timers()
        self._told = self._unacknowledged = 0
        self._update_id = ""
        self._changed: Json = {}  # since it was told how it is to be
        self._since = now
        self._timers.set("silence", now + OPEN_S)
        outbox.do(ev.Connect(conn, place))

    @property
    def deadline(self) -> float | None:
        """When `tick` wants to be called."""
        return self._timers.deadline

    @property
    def usable(self) -> bool:
        """Is it configured, so that a conversation may use it?"""
        return self.stage in (SessionPhase.CONFIGURED, SessionPhase.SEEDING, SessionPhase.SEEDED)

    @property
    def left_out(self) -> dict[str, str]:
        """What the server refuses of the settings, and why: the names of tools, the paths of others."""
        return self._settling.left_out

    def reconfigure(self, offer: SettingsOffer, changed: Json, now: float) -> None:
        """The session is to be another one: told at once, or with the rest, or when the rest is settled."""
        self._offer, self._changed = offer, self._changed | changed
        if self.usable:
            self._tell_changes(now)

    def connected(self, server_s: float | None, now: float) -> None:
        """The socket is open; `server_s` is what the server's clock says, in seconds since 1970."""
        if self.stage is SessionPhase.DIALING:
            self.stage, self._server_s, self._since = SessionPhase.GREETING, server_s, now
            self._timers.set("silence", now + GREETING_S)
            self._timers.set("greeting", now + COURTESY_S)

    def hasten(self) -> None:
        """Somebody waits: a server that says nothing is left sooner."""
        if "silence" in self._timers:
            self._timers.set("silence", self._since + HASTE_S)

    def received(self, event: ServerEvents, now: float) -> bool:
        """What the server says on the way; True where it refuses our settings."""
        if "silence" in self._timers:
            self._first_word(event, now)
        match event:
            case SessionCreated() if self.stage in (SessionPhase.DIALING, SessionPhase.GREETING):
                self._ends(event.session)
                self._begin(now)
            case SessionUpdated():
                self._ends(event.session)
                self._update(self._settling.taken(event.session), now)
            case ItemAdded() | ItemCreated() if self.stage is SessionPhase.SEEDING:
                self._unacknowledged -= 1
                self._seeded_if_all()
            case Error() if self._settling.open and self._concerns(event.error):
                ours = event.error.event_id == self._update_id
                self._update(self._settling.refused(event.error, ours), now)
                return True
            case Error() if (
                self.stage is SessionPhase.SEEDING and event.error.event_id == f"seed_{self.conn}"
            ):
                self._unacknowledged -= 1
                self._seeded_if_all()
        return False

    def blamed(self, error: ErrorDetail, now: float) -> bool:
        """An error that names nothing: is it about settings that this one was told of late?"""
        if not self.usable or "configure" not in self._timers or not self._settling.open:
            return False
        self._update(self._settling.refused(error, ours=True), now)
        return True

    def _first_word(self, event: ServerEvents, now: float) -> None:
        """There is somebody. Who greets only now may not have heard what was said before."""
        self._timers.clear("silence")
        if self.stage is SessionPhase.CONFIGURING and isinstance(event, SessionCreated):
            self.stage = SessionPhase.GREETING
        elif self.stage is SessionPhase.CONFIGURING:
            self._timers.set("configure", now + CONFIGURE_S)

    def tick(self, now: float) -> None:
        """Something did not come in time."""
        for name in self._timers.pop_due(now):
            if name == "silence":
                self.late = "the server does not answer"
            elif name == "greeting":
                self._begin(now)
            elif name == "configure" and self.stage is SessionPhase.CONFIGURING:
                self._configured(now)
            elif name == "configure":
                self._settling.open = False
            else:
                self.stage = SessionPhase.SEEDED

    def seed(self, ledger: History, now: float) -> None:
        """Tell it what it has not been told of the history, and wait for its word."""
        items = ledger.seed(after=self._told)
        self._told = ledger.last
        for item in items:
            self._outbox.do(ev.Send(ItemCreate(item=item, event_id=f"seed_{self.conn}"), self.conn))
        self.stage = SessionPhase.SEEDING
        self._unacknowledged = len(items)
        self._timers.set("seed", now + SEED_S)
        self._seeded_if_all()

    def _ends(self, session: Json) -> None:
        """The server may say when the session ends, by its own clock."""
        expires_at = _seconds(session.get("expires_at"))
        if self._server_s is not None and expires_at is not None:
            left_s = expires_at - self._server_s
            self.expires_in_s = left_s if 0 < left_s < PLAUSIBLE_S else None

    def _begin(self, now: float) -> None:
        """Greeted or not, it is told how it is to be."""
        self.stage = SessionPhase.CONFIGURING
        self._changed = {}
        self._timers.clear("greeting")
        self._settling = SettingsNegotiation(self._offer, self._offer.session, self._outbox)
        self._update(self._settling.begin(), now)

    def _update(self, session: Json | None, now: float) -> None:
        """Send the settings, or what is to be tried of them; None ends it."""
        configuring = self.stage is SessionPhase.CONFIGURING
        if session is None:
            if configuring:
                self._configured(now)
            return
        self._update_id = self._outbox.keys.new("configure")
        if "silence" not in self._timers:
            self._timers.set("configure", now + CONFIGURE_S)
        self._outbox.do(ev.Send(SessionUpdate(event_id=self._update_id, session=session), self.conn))

    def _configured(self, now: float) -> None:
        self._timers.clear("configure")
        self.stage = SessionPhase.CONFIGURED
        if self._changed:
            self._tell_changes(now)

    def _tell_changes(self, now: float) -> None:
        changed, self._changed = self._changed, {}
        self._settling = SettingsNegotiation(self._offer, changed, self._outbox)
        self._update(self._settling.begin(), now)

    def _concerns(self, error: ErrorDetail) -> bool:
        """Is it about the latest update, as far as one can tell?"""
        if self._outbox.keys.own(error.event_id):
            return error.event_id == self._update_id
        return self.stage is SessionPhase.CONFIGURING or self._settling.named(error)

    def _seeded_if_all(self) -> None:
        if self._unacknowledged <= 0:
            self._timers.clear("seed")
            self.stage = SessionPhase.SEEDED


def _seconds(told: object) -> float | None:
    """A number of seconds in whatever clothes it comes; None if it is none."""
    try:
        return float(told)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        return None
