"""Sends the settings of one session, in as many updates as it takes until the server accepts one."""

from __future__ import annotations

from daemon.core import events as ev
from daemon.core.connection.settings_negotiation import SettingsNegotiation, SettingsOffer
from daemon.core.effects import EffectsBuffer
from daemon.realtime.events import ErrorDetail, Json, SessionUpdate


class SessionSettings:
    """Methods that send return whether an update is on its way; False ends the negotiation."""

    def __init__(self, conn: int, offer: SettingsOffer, effects: EffectsBuffer) -> None:
        self.negotiation = SettingsNegotiation(offer, offer.session, effects)
        self._conn = conn
        self._offer = offer
        self._effects = effects
        self._update_id = ""
        self._changed: Json = {}  # since the last update

    def send_all(self) -> bool:
        """Send all settings."""
        return self._negotiate(self._offer.session)

    def change(self, offer: SettingsOffer, changed: Json) -> None:
        """Settings have changed; `send_changes` sends them."""
        self._offer, self._changed = offer, self._changed | changed

    def send_changes(self) -> bool:
        """Send what has changed, if anything has."""
        return bool(self._changed) and self._negotiate(self._changed)

    def confirmed(self, session: Json) -> bool:
        """The server has confirmed an update; `session` is the session as it describes it, if it does."""
        return self._send(self.negotiation.taken(session))

    def refused(self, error: ErrorDetail, ours: bool = False) -> bool:
        """The server refuses an update; `ours` if the error does not name it but must be about it."""
        return self._send(self.negotiation.refused(error, ours or error.event_id == self._update_id))

    def concerned(self, error: ErrorDetail, configuring: bool) -> bool:
        """Whether an error is about the latest update, as far as one can tell."""
        if self.negotiation.over:
            return False
        if self._effects.keys.own(error.event_id):
            return error.event_id == self._update_id
        return configuring or self.negotiation.named(error)

    def _negotiate(self, session: Json) -> bool:
        self._changed = {}
        self.negotiation = SettingsNegotiation(self._offer, session, self._effects)
        return self._send(self.negotiation.begin())

    def _send(self, session: Json | None) -> bool:
        if session is None:
            return False
        self._update_id = self._effects.keys.new("configure")
        update = SessionUpdate(event_id=self._update_id, session=session)
        self._effects.do(ev.Send(update, self._conn))
        return True
