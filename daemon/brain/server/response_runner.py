"""Runs responses: recognise, decide, speak; at most one at a time writes to the conversation."""

from __future__ import annotations

import asyncio
import copy
import logging
import time
from collections.abc import Awaitable, Callable

import msgspec

from daemon.brain.asr.recognizer import Certainty, Recognition, confirmed
from daemon.brain.server import dialogue, errors
from daemon.brain.server.conversation import Conversation, StoredItem
from daemon.brain.server.dialogue import Act, Decision, Dialogue, Say
from daemon.brain.server.engine_pool import Engines
from daemon.brain.server.input_buffer import InputBuffer
from daemon.brain.server.listening import Listening
from daemon.brain.server.prompt_selection import Prompt, Spoken, Written, select_prompt
from daemon.brain.server.response_request import ResponseRequest
from daemon.brain.server.responses import OutOfTokens, ResponseWriter, SendEvent
from daemon.brain.server.usage import input_tokens
from daemon.brain.tts.synthesizer import sentences
from daemon.realtime import events as wire

DELTA_MS = 100
MAX_RUNNING = 32
"""Responses of one session at a time; all but one of them are outside of the conversation."""

log = logging.getLogger(__name__)


RECITAL = {"purpose": "say"}
"""The metadata of a response that speaks its input word for word."""


class ResponseRunner:
    """The responses of one session. `wait_for_space` waits until the client has taken most of the events."""

    def __init__(
        self,
        engines: Engines,
        conversation: Conversation,
        emit: SendEvent,
        wait_for_space: Callable[[], Awaitable[None]],
    ) -> None:
        self._engines = engines
        self._conversation = conversation
        self._emit = emit
        self._wait_for_space = wait_for_space
        self._dialogue = Dialogue()
        self._listening = Listening(engines)
        self._speaking = asyncio.Lock()
        self._running: dict[ResponseWriter, asyncio.Task[None]] = {}
        self._helping: set[asyncio.Task[None]] = set()
        self._prompt = wire.InputTokens()
        self.has_spoken = False
        self.on_done: Callable[[int], None] = lambda audio_ms: None

    @property
    def active(self) -> ResponseWriter | None:
        """The response that writes to the conversation, if any."""
        return next((writer for writer in self._running if writer.response.conversation_id), None)

    def prepare(self, tools: list[wire.Json]) -> None:
        """Prepare the recogniser for these tools before the first utterance."""
        self._help(self._listening.prepare(tools))

    def recognize_early(self, buffer: InputBuffer, tools: Callable[[], list[wire.Json]]) -> None:
        """Recognise what was said so far if it may be all, so that the answer is there when it is."""
        if self._engines.early and buffer.utterance.may_be_whole():
            self._help(self._listening.recognize_early(buffer, tools(), self._dialogue.pending))

    def start(self, request: ResponseRequest) -> None:
        """Begin a response; `response.created` is sent when this returns. Raises Refusal."""
        if request.in_band and self.active is not None:
            raise errors.already_answering(self.active.response.id)
        if request.in_band:
            self._conversation.check_capacity()
        if len(self._running) >= MAX_RUNNING:
            raise errors.too_many_responses(MAX_RUNNING)
        said = request.instructions + msgspec.json.encode(request.tools).decode()
        prompt = input_tokens(said, request.entries, self._prompt)
        self._prompt = prompt if request.in_band else self._prompt
        writer = ResponseWriter(self._emit, self._conversation, request, prompt)
        self._running[writer] = asyncio.create_task(self._run(writer, request), name=writer.response.id)

    def cancel(self, response_id: str | None, reason: str) -> None:
        """Cancel a response, by default the conversation's. Raises Refusal if there is none."""
        ids = {writer.response.id: writer for writer in self._running}
        writer = self.active if response_id is None else ids.get(response_id)
        if writer is None:
            raise errors.nothing_to_cancel()
        self._running.pop(writer).cancel()
        self._finish(writer, "cancelled", wire.StatusDetails(type="cancelled", reason=reason))

    def transcribe(self, entry: StoredItem, tools: list[wire.Json]) -> None:
        """Transcribe this item in the background."""
        self._help(self._transcribe(entry, tools))

    def close(self) -> None:
        """Cancel everything: the client is gone."""
        for task in (*self._running.values(), *self._helping):
            task.cancel()
        self._listening.close()

    async def _run(self, writer: ResponseWriter, request: ResponseRequest) -> None:
        try:
            await self._deliver(writer, await self._reply(request), request.speed)
            ending: tuple[str, wire.StatusDetails | None] = ("completed", None)
        except OutOfTokens:
            ending = ("incomplete", wire.StatusDetails(type="incomplete", reason="max_output_tokens"))
        except Exception as error:
            log.exception("A response failed.")
            reason = {"type": "server_error", "code": None, "message": str(error)}
            ending = ("failed", wire.StatusDetails(type="failed", error=reason))
        del self._running[writer]
        self._finish(writer, *ending)

    def _finish(self, writer: ResponseWriter, status: str, details: wire.StatusDetails | None) -> None:
        writer.finish(status, details)
        if writer.response.conversation_id:
            self.on_done(writer.audio_ms)

    async def _reply(self, request: ResponseRequest) -> Decision:
        """The reply; if an engine or the grammar fails, it says so."""
        prompt = select_prompt(request.entries)
        try:
            return await self._reply_to(prompt, request)
        except Exception:
            log.exception("The brain failed at a turn.")
            return Say(dialogue.CANNOT_HEAR if isinstance(prompt, Spoken) else dialogue.CANNOT_READ)

    async def _reply_to(self, prompt: Prompt, request: ResponseRequest) -> Decision:
        state = self._dialogue if request.in_band else copy.copy(self._dialogue)
        match prompt:
            case Spoken(entry):
                grammar = await self._listening.grammar(request.tools)
                recognition = await self._listening.recognize(entry, grammar, self._dialogue.pending)
                return state.answer(recognition, grammar, request.may_act, time.monotonic())
            case Written(text) if request.metadata == RECITAL:
                return Say(text)
            case Written(text):
                grammar = await self._listening.grammar(request.tools)
                meaning = await asyncio.to_thread(grammar.read, text, state.pending is not None)
                sure = meaning is not None and (meaning.sure or meaning.kind == "instead")
                certainty: Certainty = "refuse" if meaning is None else "sure" if sure else "ask"
                recognition = confirmed(Recognition(text.strip(), meaning, certainty), state.pending)
                return state.answer(recognition, grammar, request.may_act, time.monotonic())
            case Say(text):
                return state.say(text)

    async def _deliver(self, writer: ResponseWriter, reply: Decision, speed: float) -> None:
        if isinstance(reply, Act):
            for call in reply.calls:
                writer.call(call.name, msgspec.json.encode(call.arguments).decode())
            return
        writer.open_message()
        for index, sentence in enumerate(sentences(reply.text)):
            writer.say(f" {sentence}" if index else sentence)
            if writer.spoken:
                await self._speak(writer, sentence, speed)
        writer.close_message()

    async def _speak(self, writer: ResponseWriter, sentence: str, speed: float) -> None:
        async with self._speaking:
            sound = await self._engines.speak(sentence, speed, writer.format)
        step = DELTA_MS * writer.format.bytes_per_ms
        for start in range(0, len(sound), step):
            self.has_spoken = True
            writer.sound(sound[start : start + step])
            await self._wait_for_space()

    async def _transcribe(self, entry: StoredItem, tools: list[wire.Json]) -> None:
        try:
            grammar = await self._listening.grammar(tools)
            recognition = await self._listening.recognize(entry, grammar, self._dialogue.pending)
        except Exception as error:
            reason = {"type": "server_error", "code": None, "message": str(error), "param": None}
            self._emit(wire.TranscriptionFailed(item_id=entry.id, content_index=0, error=reason))
            return
        entry.parts[0].transcript = recognition.words
        if recognition.words:
            self._emit(wire.TranscriptionDelta(item_id=entry.id, content_index=0, delta=recognition.words))
        usage = {"type": "duration", "seconds": entry.audio_ms / 1000}
        self._emit(wire.TranscriptionCompleted(item_id=entry.id, transcript=recognition.words, usage=usage))

    def _help(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work)
        self._helping.add(task)
        task.add_done_callback(self._helping.discard)
