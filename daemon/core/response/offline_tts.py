"""Has the offline brain read out a text, on a connection beside that of the server."""

from __future__ import annotations

from daemon.core import events as ev
from daemon.core.connection.manager import ConnectionManager
from daemon.core.effects import EffectsBuffer
from daemon.core.response.speech_fallback import SpeechFallback, recital
from daemon.realtime import events as wire


class OfflineTts:
    """`conn` is the connection that reads something out, 0 for none; it was requested as `_read_id`."""

    def __init__(
        self, effects: EffectsBuffer, connections: ConnectionManager, fallback: SpeechFallback
    ) -> None:
        self.conn = 0
        self._read_id = ""
        self._called = False
        self._effects = effects
        self._connections = connections
        self._fallback = fallback

    def settle(self, now: float) -> None:
        """Read out an answer in text only; the brain is connected for that, if there is one."""
        fallback, brain = self._fallback, self._connections.brain
        if fallback.unread and not self._called:
            self._called = True
            brain.connect_for_tts(now)
        if fallback.unread and not self._read(fallback.unread):
            fallback.read_over(whole=False)
        if self._called and not fallback.unread:
            self.conn, self._called = 0, False
            brain.release_tts()

    def _read(self, text: str) -> bool:
        """Request it as soon as the brain is connected; False if its connection is lost."""
        sessions = self._connections.sessions
        session = sessions.find(self.conn) if self.conn else sessions.spare
        if session is not None and session.usable and not self.conn:
            self.conn, self._read_id = session.conn, self._effects.keys.new("read")
            create = wire.ResponseCreate(event_id=self._read_id, response=recital(text))
            self._effects.do(ev.Send(create, self.conn))
        return session is not None

    def received(self, event: wire.ServerEvent, now: float) -> None:
        """Handle an event of the brain while it reads."""
        match event:
            case wire.OutputAudioDelta():
                self._fallback.read(event.item_id, event.delta, now)
            case wire.ResponseDone():
                self._fallback.read_over(whole=True)
            case wire.Error() if event.error.event_id == self._read_id:
                self._fallback.read_over(whole=False)
