"""Routes the events of the session in use to the parts that handle them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from msgspec import structs

from daemon.core import events as ev
from daemon.core.bounds import MAX_CHARACTERS
from daemon.core.connection.manager import ConnectionManager
from daemon.core.effects import EffectsBuffer
from daemon.core.history.usage import Tokens
from daemon.core.response.offline_tts import OfflineTts
from daemon.core.turn.manager import TurnManager
from daemon.realtime import events as wire
from daemon.realtime.errors import busy, of_another_event

_HARMLESS: Final = frozenset({"response_cancel_not_active", "item_already_truncated"})
_NOTHING_TO_COMMIT: Final = "input_audio_buffer_commit_empty"


@dataclass(eq=False)
class SessionEvents:
    """Routes the server's events to the parts of the turn."""

    _effects: EffectsBuffer
    _connections: ConnectionManager
    _conversation: TurnManager
    _tts: OfflineTts

    def received(self, conn: int, event: wire.ServerEvent, now: float) -> None:
        """An event on one of the connections; of those about a turn, those of the session in use count."""
        of_settings = self._connections.received(conn, event, now)
        if conn == self._tts.conn:
            self._tts.received(event, now)
        elif conn == self._effects.conn and not of_settings:
            self._of_turn(event, now)

    def _of_turn(self, event: wire.ServerEvent, now: float) -> None:
        talk = self._conversation
        match event:
            case wire.ResponsePiece():
                talk.answer.hear(event, now)
            case wire.ConversationItem():
                talk.answer.exchange.joined(event)
            case wire.ResponseCreated():
                talk.handover.begun(event.response.id, now)
            case wire.ResponseDone():
                self._done(event.response, now)
            case wire.AudioCommitted():
                talk.handover.committed(event.item_id, now)
            case wire.SpeechStarted():
                talk.hands_free.speech_started(now)
            case wire.TranscriptionCompleted():
                talk.transcripts.transcribed(event.item_id, event.transcript[:MAX_CHARACTERS], talk.turn)
            case wire.Error():
                self._error(event.error, now)

    def _done(self, response: wire.Response, now: float) -> None:
        self._count(response.usage)
        if response.completed:
            self._connections.sessions.worked()
        self._conversation.answer.rounds.done(response, now)

    def _count(self, usage: wire.Usage | None) -> None:
        """Count the tokens of a response; of one that was cut off they come after its turn is over."""
        turn = self._conversation.answer.turn
        tokens = Tokens() if turn is None else turn.tokens
        tokens.add(usage)
        if turn is None and usage is not None:
            self._effects.do(ev.LateTokens(structs.asdict(tokens)))

    def _error(self, error: wire.ErrorDetail, now: float) -> None:
        """Handle an error: most are about one event and harmless; one about a question ends its turn."""
        if error.reason in _HARMLESS:
            return
        talk, about = self._conversation, error.event_id or ""
        own = self._effects.keys.own(about)
        because_busy = busy(error) and (about.startswith("create_") or not own)
        in_response = not own and ("output_modalities" in error.message or "response." in (error.param or ""))
        of_response = because_busy or in_response or about.startswith("create_")
        if of_response and talk.answer.failures.create_refused(error, because_busy, now):
            return
        if about.startswith("commit_") or error.reason == _NOTHING_TO_COMMIT:
            talk.handover.refused(about, error.message, now)
            return
        if not own and not of_another_event(error):
            talk.answer.exchange.complained(error.message or error.reason, now)
            if self._connections.blamed(error, now):
                return
        if not (own and about.startswith("configure_")):
            self._effects.do(ev.ServerNotice(f"The server reports {error.reason}: {error.message}"))
