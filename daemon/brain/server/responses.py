"""Writes one response, event by event in the documented order, with an end from any state."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from msgspec.structs import replace

from daemon.brain.server.conversation import Conversation, StoredItem
from daemon.brain.server.ids import new_id
from daemon.brain.server.response_request import ResponseRequest
from daemon.brain.server.usage import CHARACTERS_PER_TOKEN, spoken_tokens, text_tokens, usage
from daemon.errors import VoicedError
from daemon.realtime import events as wire

SendEvent: TypeAlias = Callable[[wire.ServerEvent], None]
"""Sends an event to the client. It must encode the event before it returns, as its items change later."""


class OutOfTokens(VoicedError):  # noqa: N818 (an end, no error)
    """`max_output_tokens` is reached; whatever fits was written."""


class ResponseWriter:
    """Writes one response. Its items join the conversation when they begin, unless it is out of band."""

    def __init__(
        self,
        emit: SendEvent,
        conversation: Conversation,
        request: ResponseRequest,
        prompt: wire.InputTokens,
    ) -> None:
        self._emit = emit
        self._conversation = conversation if request.in_band else None
        self.spoken = request.modality == "audio"
        self.format = request.format
        self._limit = request.max_tokens if isinstance(request.max_tokens, int) else None
        self._prompt = prompt
        self._text_tokens = self._audio_tokens = 0
        self.audio_ms = 0
        self._open: StoredItem | None = None
        self._written = ""
        self.response = wire.Response(
            id=new_id("resp_"),
            object="realtime.response",
            status="in_progress",
            conversation_id=conversation.id if request.in_band else None,
            output_modalities=[request.modality],
            max_output_tokens=request.max_tokens,
            audio={"output": {"format": request.format.echo(), "voice": request.voice}},
            metadata=request.metadata,
        )
        emit(wire.ResponseCreated(response=self.response))

    def open_message(self) -> None:
        """Begin a message."""
        kind = "output_audio" if self.spoken else "output_text"
        entry = self._begin(wire.Item(type="message", role="assistant", content=[]))
        content = wire.Content(type=kind, transcript="") if self.spoken else wire.Content(type=kind, text="")
        blank = replace(content, type=kind.removeprefix("output_"))
        self._emit(wire.PartAdded(**self._place(entry), content_index=0, part=blank))
        entry.item.content = [content]

    def say(self, text: str) -> None:
        """Add words. Raises OutOfTokens if not all of them fit."""
        entry = self._current()
        fitting = self._write(text)
        if self.spoken:
            entry.parts[0].transcript = self._written
            self._emit(wire.OutputTranscriptDelta(**self._place(entry), content_index=0, delta=fitting))
        else:
            entry.parts[0].text = self._written
            self._emit(wire.OutputTextDelta(**self._place(entry), content_index=0, delta=fitting))
        if fitting != text:
            raise OutOfTokens

    def sound(self, sound: bytes) -> None:
        """Add audio, in `format`. Raises OutOfTokens if it does not fit."""
        entry = self._current()
        audio_ms = self.audio_ms + self.format.ms(sound)
        tokens = spoken_tokens(audio_ms)
        if self._limit is not None and self._text_tokens + text_tokens(self._written) + tokens > self._limit:
            raise OutOfTokens
        self._audio_tokens, self.audio_ms = tokens, audio_ms
        entry.audio += sound
        self._emit(wire.OutputAudioDelta(**self._place(entry), content_index=0, delta=sound))

    def close_message(self) -> None:
        """End the message."""
        self._end_message("completed")

    def call(self, name: str, arguments: str) -> None:
        """Call a function. Raises OutOfTokens if the arguments do not fit."""
        call_id = new_id("call_", 16)
        entry = self._begin(wire.Item(type="function_call", name=name, call_id=call_id, arguments=""))
        fitting = entry.item.arguments = self._write(arguments)
        self._emit(wire.ArgumentsDelta(**self._place(entry), call_id=call_id, delta=fitting))
        if fitting != arguments:
            raise OutOfTokens
        self._end_call("completed")

    def finish(self, status: str = "completed", details: wire.StatusDetails | None = None) -> None:
        """End the response; an item that is still open becomes `incomplete`."""
        if self._open is not None:
            (self._end_call if self._open.item.type == "function_call" else self._end_message)("incomplete")
        self.response.status = status
        self.response.status_details = details
        self.response.usage = usage(self._prompt, self._text_tokens, self._audio_tokens)
        self._emit(wire.ResponseDone(response=self.response))

    def _write(self, text: str) -> str:
        """Add to the open item's words as much of the text as the limit allows; returns that much."""
        if self._limit is not None:
            tokens = self._limit - self._text_tokens - self._audio_tokens
            text = text[: max(0, tokens * CHARACTERS_PER_TOKEN - len(self._written))]
        self._written += text
        return text

    def _begin(self, item: wire.Item) -> StoredItem:
        item.id, item.object, item.status = new_id("item_"), "realtime.item", "in_progress"
        entry = self._open = StoredItem(item, format=self.format)
        self._emit(
            wire.OutputItemAdded(
                response_id=self.response.id, output_index=len(self.response.output), item=item
            )
        )
        if self._conversation is not None:
            previous = self._conversation.add(entry)
            self._emit(wire.ItemAdded(item=item, previous_item_id=previous))
        return entry

    def _end_message(self, status: str) -> None:
        entry = self._current()
        place = {**self._place(entry), "content_index": 0}
        if self.spoken:
            self._emit(wire.OutputAudioDone(**place))
            self._emit(wire.OutputTranscriptDone(**place, transcript=self._written))
            self._emit(wire.PartDone(**place, part=wire.Content(type="audio", transcript=self._written)))
        else:
            self._emit(wire.OutputTextDone(**place, text=self._written))
            self._emit(wire.PartDone(**place, part=wire.Content(type="text", text=self._written)))
        self._end(entry, status)

    def _end_call(self, status: str) -> None:
        entry = self._current()
        call_id, name = str(entry.item.call_id), str(entry.item.name)
        self._emit(
            wire.ArgumentsDone(**self._place(entry), call_id=call_id, name=name, arguments=self._written)
        )
        self._end(entry, status)

    def _end(self, entry: StoredItem, status: str) -> None:
        entry.item.status = status
        self._text_tokens += text_tokens(self._written)
        self._open, self._written = None, ""
        self._emit(
            wire.OutputItemDone(
                response_id=self.response.id, output_index=len(self.response.output), item=entry.item
            )
        )
        self.response.output.append(entry.item)
        if self._conversation is not None and self._conversation.holds(entry):
            self._conversation.measure(entry)
            self._emit(wire.ItemDone(item=entry.item, previous_item_id=self._conversation.before(entry)))

    def _current(self) -> StoredItem:
        if self._open is None:
            raise RuntimeError("No item of this response is open.")
        return self._open

    def _place(self, entry: StoredItem) -> wire.Json:
        return {
            "response_id": self.response.id,
            "item_id": entry.id,
            "output_index": len(self.response.output),
        }
