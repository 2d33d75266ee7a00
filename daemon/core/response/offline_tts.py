"""A text that the offline brain reads out, on a connection of its own beside that of the server."""

from __future__ import annotations

from daemon.core import events as ev
from daemon.core.connection.session import ConnectionSession
from daemon.core.effects import EffectsBuffer
from daemon.core.response.speech_fallback import recital
from daemon.realtime.events import ResponseCreate


class OfflineTts:
    """`conn` is the connection on which something is read out, 0 for none; it was asked for as `event_id`."""

    def __init__(self, effects: EffectsBuffer) -> None:
        self.conn = 0
        self.event_id = ""
        self.called = False
        self._effects = effects

    def read(self, text: str, brain: ConnectionSession | None) -> bool:
        """Ask for it as soon as the brain is there; False if that has gone."""
        gone = brain is None or self.conn not in (0, brain.conn)
        if brain is not None and brain.usable and not self.conn:
            self.conn, self.event_id = brain.conn, self._effects.keys.new("read")
            create = ResponseCreate(event_id=self.event_id, response=recital(text))
            self._effects.do(ev.Send(create, self.conn))
        return not gone

    def end(self) -> None:
        """It has been read, or will not be."""
        self.conn, self.called = 0, False
