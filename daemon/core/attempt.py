"""One connection on its way to being of use: dialing, greeted, configured, and told the history."""

from __future__ import annotations

from enum import Enum

from daemon.core import events as ev
from daemon.core.ledger import Ledger
from daemon.core.outbox import Outbox
from daemon.core.pace import HASTE_S
from daemon.core.session import differences, essential
from daemon.core.timers import Timers
from daemon.protocol import (
    Error,
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


class Stage(Enum):
    """How far it has come."""

    DIALING = "dialing"
    GREETING = "greeting"
    CONFIGURING = "configuring"
    CONFIGURED = "configured"
    SEEDING = "seeding"
    SEEDED = "seeded"


class Attempt:
    """A connection with a number to a place. The server speaks first, then it is configured and seeded.

    Greetings and acknowledgements have time limits, since not every server sends them; one word must come.
    `late` says why it is of no use, and is empty while it may still become so. Sets the timers `silence`
    (until the first word), `greeting`, `configure` and `seed`.
    """

    def __init__(self, conn: int, place: ev.Place, session: Json, outbox: Outbox, now: float) -> None:
        self.conn = conn
        self.place: ev.Place = place
        self.stage = Stage.DIALING
        self.late = ""
        self.expires_in_s: float | None = None
        self._session = session
        self._outbox = outbox
        self._server_s: float | None = None
        self._timers = Timers()
        self._told = 0
        self._retooled = False
        self._sent: Json = {}  # of the configuration, until it is acknowledged
        self._unacknowledged = 0
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
        return self.stage in (Stage.CONFIGURED, Stage.SEEDING, Stage.SEEDED)

    def connected(self, server_s: float | None, now: float) -> None:
        """The socket is open; `server_s` is what the server's clock says, in seconds since 1970."""
        if self.stage is Stage.DIALING:
            self.stage, self._server_s, self._since = Stage.GREETING, server_s, now
            self._timers.set("silence", now + GREETING_S)
            self._timers.set("greeting", now + COURTESY_S)

    def hasten(self) -> None:
        """Somebody waits: a server that says nothing is left sooner."""
        if "silence" in self._timers:
            self._timers.set("silence", self._since + HASTE_S)

    def received(self, event: ServerEvents, now: float) -> None:
        """What the server says on the way."""
        if "silence" in self._timers:
            self._first_word(event, now)
        match event:
            case SessionCreated() if self.stage in (Stage.DIALING, Stage.GREETING):
                self._ends(event.session)
                self._begin(now)
            case SessionUpdated():
                self._ends(event.session)
                self._acknowledged(event.session)
            case ItemAdded() | ItemCreated() if self.stage is Stage.SEEDING:
                self._unacknowledged -= 1
                self._seeded_if_all()
            case Error() if self.stage is Stage.CONFIGURING:
                self._refused(event)
            case Error() if self.stage is Stage.SEEDING and event.error.event_id == f"seed_{self.conn}":
                self._unacknowledged -= 1
                self._seeded_if_all()

    def _first_word(self, event: ServerEvents, now: float) -> None:
        """There is somebody. Who greets only now may not have heard what was said before."""
        self._timers.clear("silence")
        if self.stage is Stage.CONFIGURING and isinstance(event, SessionCreated):
            self.stage = Stage.GREETING
        elif self.stage is Stage.CONFIGURING:
            self._timers.set("configure", now + CONFIGURE_S)

    def retool(self, tools: list[Json]) -> None:
        """The tools are these from now on: told at once, or with the rest, or when the rest is confirmed."""
        self._session = self._session | {"tools": tools}
        self._retooled = True
        if self.usable:
            self._tell_tools()

    def tick(self, now: float) -> None:
        """Something did not come in time."""
        for name in self._timers.pop_due(now):
            if name == "silence":
                self.late = "the server does not answer"
            elif name == "greeting":
                self._begin(now)
            elif name == "configure":
                self._configured()
            else:
                self.stage = Stage.SEEDED

    def seed(self, ledger: Ledger, now: float) -> None:
        """Tell it what it has not been told of the history, and wait for its word."""
        items = ledger.seed(after=self._told)
        self._told = ledger.last
        for item in items:
            self._outbox.do(ev.Send(ItemCreate(item=item, event_id=f"seed_{self.conn}"), self.conn))
        self.stage = Stage.SEEDING
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
        self.stage = Stage.CONFIGURING
        self._retooled = False
        self._timers.clear("greeting")
        if "silence" not in self._timers:
            self._timers.set("configure", now + CONFIGURE_S)
        self._configure("", self._session)

    def _configure(self, suffix: str, session: Json) -> None:
        self._sent = session
        update = SessionUpdate(event_id=f"configure_{self.conn}{suffix}", session=session)
        self._outbox.do(ev.Send(update, self.conn))

    def _acknowledged(self, session: Json) -> None:
        """The server says, in time or late, how it is configured; what it has not taken over is told once."""
        if not_taken := differences(self._sent, session):
            fields = ", ".join(not_taken)
            self._outbox.do(ev.Unsettled(f"The server has not taken over these settings of ours: {fields}."))
        self._sent = {}
        if self.stage is Stage.CONFIGURING:
            self._configured()

    def _refused(self, event: Error) -> None:
        """A refused configuration is sent again, smaller; a server that refuses that is used as it is."""
        why = " ".join(filter(None, (event.error.reason, event.error.param, event.error.message)))
        if "fallback" in (event.error.event_id or ""):
            self._outbox.do(ev.Unsettled(f"The server refuses the smaller configuration too: {why}"))
            self._sent = {}
            self._configured()
            return
        small = "one of turns, formats, tools and instructions alone is sent"
        self._outbox.do(ev.Unsettled(f"The server refuses the configuration, {small}: {why}"))
        self._configure("_fallback", essential(self._session))

    def _configured(self) -> None:
        self._timers.clear("configure")
        self.stage = Stage.CONFIGURED
        if self._retooled:
            self._tell_tools()

    def _tell_tools(self) -> None:
        self._retooled = False
        session = {"type": "realtime", "tools": self._session["tools"]}
        self._outbox.do(ev.Send(SessionUpdate(event_id=f"tools_{self.conn}", session=session), self.conn))

    def _seeded_if_all(self) -> None:
        if self._unacknowledged <= 0:
            self._timers.clear("seed")
            self.stage = Stage.SEEDED


def _seconds(told: object) -> float | None:
    """A number of seconds in whatever clothes it comes; None if it is none."""
    try:
        return float(told)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        return None
