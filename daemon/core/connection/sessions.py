"""All open sessions, and the phase of the link that follows from them; the phases are in `phase.py`."""

from __future__ import annotations

from collections.abc import Iterator

from daemon.core import events as ev
from daemon.core.connection.phase import LINK, LinkCause, LinkPhase, SessionPhase
from daemon.core.connection.session import ConnectionSession
from daemon.core.connection.settings_negotiation import Offers
from daemon.core.effects import EffectsBuffer
from daemon.realtime.events import Json


class Sessions:
    """At most three: `live` is in use, `next` is being set up, `spare` is with the offline brain.

    `fatal` is why the server refuses us, if only the owner can mend that.
    """

    def __init__(self, settings: Json, effects: EffectsBuffer) -> None:
        self.live: ConnectionSession | None = None
        self.next: ConnectionSession | None = None
        self.spare: ConnectionSession | None = None
        self.link = LinkPhase.WAITING
        self.fatal = ""
        self.opened = 0
        self._offers = Offers(settings)
        self._effects = effects
        self._shown: LinkPhase | None = self.link

    def __iter__(self) -> Iterator[ConnectionSession]:
        return iter([each for each in (self.live, self.next, self.spare) if each is not None])

    def find(self, conn: int) -> ConnectionSession | None:
        """The session on the connection of this number; None if it has been given up."""
        return next((each for each in self if each.conn == conn), None)

    @property
    def left_out(self) -> dict[str, str]:
        """The settings and tools that the server refuses, and why."""
        return self.live.settings.negotiation.left_out if self.live is not None else {}

    @property
    def offline(self) -> bool:
        """Whether no session with the server is in use."""
        return self.live is None or self.live.place == "brain"

    def open(self, place: ev.Place, now: float) -> None:
        """Dial one more session."""
        self.opened += 1
        session = ConnectionSession(self.opened, place, self._offers.at(place), self._effects, now)
        if place == "brain":
            self.spare = session
        else:
            self.next, self.fatal = session, ""
            self.show()

    def take(self, session: ConnectionSession) -> None:
        """Use this session from now on."""
        self._catch_up()
        old, self.live = self.live, session
        if session is self.spare:
            self.spare = None
            self._go(LinkCause.BRAIN_TAKEN)
        else:
            self.next = None
            self._go(LinkCause.TAKEN)
        if old is not None:
            expiring = ev.NewSession.EXPIRING if old.place == "server" else None
            self._effects.do(ev.Disconnect(old.conn, expiring))
        self._shown = None

    def leave(self, session: ConnectionSession) -> None:
        """Drop a session that has ended."""
        if session is self.spare:
            self.spare = None
            return
        if session is self.next:
            self.next = None
        else:
            self.live, self._effects.conn = None, 0
        if self.live is None:
            self._go(LinkCause.REFUSED if self.fatal else LinkCause.LOST)
            self._catch_up()

    def hang_up(self, session: ConnectionSession, why: ev.NewSession | None = None) -> None:
        """Close a session that is no longer wanted."""
        self._effects.do(ev.Disconnect(session.conn, why))
        self.leave(session)

    def worked(self) -> None:
        """An answer is complete, so the server does not refuse us any more."""
        if not self.offline:
            self.fatal = ""

    def reconfigure(self, settings: Json, now: float) -> None:
        """Change these settings, in the open sessions and in those to come."""
        if self._offers.session | settings == self._offers.session:
            return
        changed = self._offers.change(settings)
        for session in self:
            session.reconfigure(self._offers.at(session.place), changed, now)

    def show(self, reason: str = "") -> None:
        """Report the phase of the link, if it is new or there is a reason to tell."""
        self._catch_up()
        if reason or self.link is not self._shown:
            self._shown = self.link
            self._effects.do(ev.LinkChanged(self.link.value, reason))

    def _catch_up(self) -> None:
        """While no session is in use, the link follows the phase of the next one."""
        if self.live is not None or self.next is None:
            return
        if LINK.allows(self.link, LinkCause.DIALED):
            self._go(LinkCause.DIALED)
        if self.link is LinkPhase.CONNECTING and self.next.phase not in (
            SessionPhase.DIALING,
            SessionPhase.GREETING,
            SessionPhase.UNRESPONSIVE,
        ):
            self._go(LinkCause.GREETED)

    def _go(self, cause: LinkCause) -> None:
        self.link = LINK.after(self.link, cause)
