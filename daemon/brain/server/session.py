"""One session: handles the client's events in order."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

from msgspec import UNSET

from daemon.brain.server import frame_parser
from daemon.brain.server.conversation import Conversation, StoredItem
from daemon.brain.server.engine_pool import Engines
from daemon.brain.server.errors import Refusal
from daemon.brain.server.formats import Pcm16Stream, WireFormat
from daemon.brain.server.ids import new_id
from daemon.brain.server.input_buffer import InputBuffer, ms, position
from daemon.brain.server.items import entry_of
from daemon.brain.server.response_request import resolve_request
from daemon.brain.server.response_runner import ResponseRunner
from daemon.brain.server.responses import SendEvent
from daemon.brain.server.settings import ClientSettings, McpTool, ServerVad, function_tools
from daemon.brain.server.turn_detection import Edge, TurnDetection, TurnDetector, VoiceStarted
from daemon.brain.server.vad import FRAME_MS
from daemon.realtime import events as wire

_KEPT_BEFORE_SPEECH_MS = 300


class Session:
    """A client's session from `session.created` on. Lives inside a running loop; `close` ends it."""

    def __init__(
        self,
        engines: Engines,
        emit: SendEvent,
        wait_for_space: Callable[[], Awaitable[None]],
        settings: ClientSettings,
        max_session_s: float,
    ) -> None:
        self._emit = emit
        self._settings = settings
        self._max_session_s = max_session_s
        self.identity: wire.Json = {
            "id": new_id("sess_"),
            "expires_at": int(time.time() + max_session_s),
        }
        self.conversation = Conversation()
        self._answering = ResponseRunner(engines, self.conversation, emit, wait_for_space)
        self._answering.on_done = self._response_done
        self._buffer = InputBuffer()
        self._pcm16 = Pcm16Stream(self._buffer.format)
        self._speech_id = ""
        self._answer_due = False
        self._idle: asyncio.TimerHandle | None = None
        self._turns = self._new_turns()
        emit(wire.SessionCreated(session=self._echo()))

    def handle(self, frame: bytes | str) -> None:
        """Handle one frame of the client. A fault in it is answered by an `error` event."""
        event_id: str | None = None
        try:
            event = frame_parser.read(frame)
            event_id = event.event_id or None
            self._carry_out(event)
        except Refusal as refusal:
            refusal.detail.event_id = event_id or refusal.detail.event_id
            self._emit(wire.Error(error=refusal.detail))

    def expire(self) -> str:
        """Report that the session's time is up. Returns the close reason."""
        minutes = round(self._max_session_s / 60)
        message = f"Your session hit the maximum duration of {minutes} minutes."
        detail = wire.ErrorDetail(type="invalid_request_error", code="session_expired", message=message)
        self._emit(wire.Error(error=detail))
        return message

    def close(self) -> None:
        """Stop everything: the client is gone."""
        self._stop_idling()
        self._answering.on_done = lambda audio_ms: None
        self._answering.close()

    def _carry_out(self, event: wire.ClientEvents) -> None:
        match event:
            case wire.AudioAppend():
                self._append(event.audio)
            case wire.AudioCommit():
                self._commit()
            case wire.AudioClear():
                self._clear()
            case wire.SessionUpdate():
                self._update(event.session)
            case wire.ItemCreate():
                self.conversation.check_capacity()
                self._join(entry_of(event.item, self._buffer.format), event.previous_item_id or "")
            case wire.ItemRetrieve():
                self._emit(wire.ItemRetrieved(item=self.conversation.retrieve(event.item_id)))
            case wire.ItemTruncate():
                self._truncate(event)
            case wire.ItemDelete():
                self.conversation.delete(event.item_id)
                self._emit(wire.ItemDeleted(item_id=event.item_id))
            case wire.ResponseCreate():
                self._respond({} if event.response is UNSET else event.response)
            case wire.ResponseCancel():
                self._answering.cancel(event.response_id or None, "client_cancelled")
            case wire.OutputAudioClear():
                raise Refusal("invalid_event", "output_audio_buffer.clear is for WebRTC and SIP only.")

    # ---------------------------------------------------------------- configuration

    def _echo(self) -> wire.Json:
        kind = "realtime.session" if self._settings.answers else "realtime.transcription_session"
        return {**self._settings.echo(), "object": kind, **self.identity}

    def _update(self, patch: wire.Json) -> None:
        before = self._settings
        self._settings = before.updated(patch, self._answering.has_spoken)
        self._emit(wire.SessionUpdated(session=self._echo()))
        self._take_format(self._settings.audio.input.format.kind)
        if self._settings.audio.input.turn_detection != before.audio.input.turn_detection:
            self._turns = self._new_turns()
            self._stop_idling()
        if self._settings.tools != before.tools:
            self._answering.prepare(self._tools())
        for tool in self._settings.tools:
            if isinstance(tool, McpTool) and tool not in before.tools:
                self._list_nothing(tool.server_label)

    def _list_nothing(self, server_label: str) -> None:
        """Report that the tools of an MCP server cannot be listed: the brain has no network."""
        item = wire.Item(id=new_id("mcpl_"), type="mcp_list_tools", server_label=server_label, tools=[])
        previous = self.conversation.add(StoredItem(item))
        self._emit(wire.ItemAdded(item=item, previous_item_id=previous))
        self._emit(wire.McpToolsInProgress(item_id=str(item.id)))
        self._emit(wire.McpToolsFailed(item_id=str(item.id)))
        self._emit(wire.ItemDone(item=item, previous_item_id=previous))

    def _take_format(self, format: WireFormat) -> None:
        if format != self._buffer.format:
            self._buffer.change_format(format)
            self._pcm16 = Pcm16Stream(format)

    def _new_turns(self) -> TurnDetector | None:
        detection = self._settings.audio.input.turn_detection
        return TurnDetector(detection, ms(self._buffer.end)) if detection else None

    def _tools(self) -> list[wire.Json]:
        return function_tools(self._settings.tools)

    # ---------------------------------------------------------------- input audio

    def _append(self, sound: bytes) -> None:
        if self._turns is None:
            self._buffer.append(sound)
            self._answering.recognize_early(self._buffer, self._tools)
            return
        step = FRAME_MS * self._buffer.format.bytes_per_ms
        for start in range(0, len(sound), step):
            self._listen(self._turns, sound[start : start + step])

    def _listen(self, turns: TurnDetector, frame: bytes) -> None:
        self._buffer.append(frame)
        for edge in turns.feed(self._pcm16.feed(frame)):
            self._on_edge(edge, turns.detection)
        if turns.speaking:
            self._answering.recognize_early(self._buffer, self._tools)
        else:
            kept_ms = turns.prefix_ms + _KEPT_BEFORE_SPEECH_MS
            self._buffer.drop_before(self._buffer.end - position(kept_ms))

    def _on_edge(self, edge: Edge, detection: TurnDetection) -> None:
        if isinstance(edge, VoiceStarted):
            self._speech_id = new_id("item_")
            self._buffer.drop_before(position(edge.at_ms))
            self._emit(wire.SpeechStarted(item_id=self._speech_id, audio_start_ms=edge.at_ms))
            if detection.interrupt_response and self._answering.active is not None:
                self._answering.cancel(None, "turn_detected")
            self._stop_idling()
            return
        self._emit(wire.SpeechStopped(item_id=self._speech_id, audio_end_ms=edge.at_ms))
        self._commit(self._speech_id)
        if detection.create_response and self._settings.answers:
            self._respond_when_free()

    def _commit(self, item_id: str = "") -> None:
        self.conversation.check_capacity()
        utterance, sound = self._buffer.utterance, self._buffer.take()
        item = wire.Item(
            id=item_id or new_id("item_"),
            object="realtime.item",
            type="message",
            status="completed",
            role="user",
            content=[wire.Content(type="input_audio", transcript=None)],
        )
        entry = StoredItem(item, bytearray(sound), self._buffer.format, utterance)
        if self._turns is not None:
            self._turns.reset()
        self._emit(wire.AudioCommitted(item_id=entry.id, previous_item_id=self.conversation.last_id))
        self._join(entry)
        if self._settings.audio.input.transcription is not None or not self._settings.answers:
            self._answering.transcribe(entry, self._tools())

    def _clear(self) -> None:
        self._buffer.clear()
        if self._turns is not None:
            self._turns.reset()
        self._emit(wire.AudioCleared())

    # ---------------------------------------------------------------- items

    def _join(self, entry: StoredItem, after: str = "") -> None:
        previous = self.conversation.add(entry, after)
        self._emit(wire.ItemAdded(item=entry.item, previous_item_id=previous))
        self._emit(wire.ItemDone(item=entry.item, previous_item_id=previous))

    def _truncate(self, event: wire.ItemTruncate) -> None:
        self.conversation.truncate(event.item_id, event.content_index, event.audio_end_ms)
        self._emit(
            wire.ItemTruncated(
                item_id=event.item_id, content_index=event.content_index, audio_end_ms=event.audio_end_ms
            )
        )

    # ---------------------------------------------------------------- responses

    def _respond(self, request: wire.Json) -> None:
        if not self._settings.answers:
            raise Refusal("invalid_event", "A transcription session makes no responses.")
        self._stop_idling()
        wanted = resolve_request(request, self._settings, self.conversation, self._answering.has_spoken)
        self._answering.start(wanted)
        for server_label in wanted.hosted:
            self._list_nothing(server_label)

    def _respond_when_free(self) -> None:
        if not self._settings.answers:
            return
        self._answer_due = self._answering.active is not None
        if not self._answer_due:
            self._respond({})

    def _response_done(self, audio_ms: int) -> None:
        if self._answer_due:
            self._respond_when_free()
            return
        detection = self._settings.audio.input.turn_detection
        if isinstance(detection, ServerVad) and detection.idle_timeout_ms is not None:
            delay_s = (audio_ms + detection.idle_timeout_ms) / 1000
            self._stop_idling()
            self._idle = asyncio.get_running_loop().call_later(delay_s, self._idled)

    def _idled(self) -> None:
        """Nobody has spoken since the last answer: commit the silence as a turn."""
        if self._turns is None or self._turns.speaking:
            return
        start_ms, end_ms = int(ms(self._buffer.start)), int(ms(self._buffer.end))
        item_id = new_id("item_")
        try:
            self._emit(wire.TimeoutTriggered(item_id=item_id, audio_start_ms=start_ms, audio_end_ms=end_ms))
            self._commit(item_id)
        except Refusal:
            return
        self._respond_when_free()

    def _stop_idling(self) -> None:
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None
