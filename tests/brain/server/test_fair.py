"""All sessions share one ear and one voice: whoever asks for much lets the others in between."""

from __future__ import annotations

import asyncio
import base64
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from daemon.brain.asr.recognizer import Mono16k, Recognition
from daemon.brain.nlu.grammar import Grammar, Meaning
from daemon.brain.server import response_runner
from daemon.brain.server.engine_pool import Engines
from daemon.brain.tts.synthesizer import Mono24k
from daemon.realtime.events import RATE_HZ
from tests.brain.scripted import ScriptedEar, ToneVoice
from tests.brain.talk import PATIENCE_S, SECOND_OF_SILENCE, Talk, asynchronous, calls, talking

MANY = 10
HALF_A_SECOND = base64.b64encode(bytes(RATE_HZ)).decode()


class HeldEar(ScriptedEar):
    """Hears nothing before it is let go, and notes how long each utterance was."""

    def __init__(self) -> None:
        super().__init__()
        self.let_go = threading.Event()

    def recognize(self, samples: Mono16k, grammar: Grammar, pending: Meaning | None) -> Recognition:
        self.let_go.wait(PATIENCE_S)
        return super().recognize(samples, grammar, pending)


class HeldVoice(ToneVoice):
    """Says nothing before it is let go, and notes each sentence."""

    def __init__(self) -> None:
        self.let_go = threading.Event()
        self.said: list[str] = []

    def speak(self, sentence: str, speed: float) -> Mono24k:
        self.let_go.wait(PATIENCE_S)
        self.said.append(sentence)
        return super().speak(sentence, speed)


@asynccontextmanager
async def two(
    ear: ScriptedEar, voice: Callable[[], ToneVoice] = ToneVoice
) -> AsyncIterator[tuple[Talk, Talk]]:
    """Two sessions at one server."""
    engines = Engines(lambda: ear, voice)
    talks = Talk(ear, engines=engines), Talk(ear, engines=engines)
    try:
        yield talks
    finally:
        for talk in talks:
            talk.close()


def say(talk: Talk, sound: str) -> None:
    talk.send("input_audio_buffer.append", audio=sound)
    talk.send("input_audio_buffer.commit")


@asynchronous
async def test_many_utterances_of_one_client_leave_the_ear_to_another_in_between() -> None:
    ear = HeldEar()
    async with two(ear) as (busy, other):
        transcription = {"input": {"turn_detection": None, "transcription": {"model": "whisper-1"}}}
        for talk in (busy, other):
            talk.configure(audio=transcription)
        for _ in range(MANY):
            say(busy, SECOND_OF_SILENCE)
        await asyncio.sleep(0.1)
        say(other, HALF_A_SECOND)
        await asyncio.sleep(0.1)
        ear.let_go.set()
        await other.until("conversation.item.input_audio_transcription.completed")
        for _ in range(MANY):
            await busy.until("conversation.item.input_audio_transcription.completed")
        assert next(place for place, seconds in enumerate(ear.utterances_s) if seconds < 0.75) <= 2


@asynchronous
async def test_many_answers_of_one_client_leave_the_voice_to_another_in_between() -> None:
    voice = HeldVoice()
    async with two(ScriptedEar(), lambda: voice) as (busy, other):
        for talk in (busy, other):
            talk.configure()
        for number in range(MANY):
            said = [{"type": "input_text", "text": f"Number {number}."}]
            item = {"type": "message", "role": "user", "content": said}
            recital = {"conversation": "none", "input": [item], "metadata": response_runner.RECITAL}
            busy.send("response.create", response=recital)
        await asyncio.sleep(0.1)
        content = [{"type": "input_text", "text": "what can you do"}]
        other.send("conversation.item.create", item={"type": "message", "role": "user", "content": content})
        other.send("response.create")
        await asyncio.sleep(0.1)
        voice.let_go.set()
        await other.until("response.done")
        for _ in range(MANY):
            await busy.until("response.done")
        assert next(place for place, said in enumerate(voice.said) if "Number" not in said) <= 2


@asynchronous
async def test_responses_outside_of_the_conversation_have_a_limit_that_is_told() -> None:
    async with talking() as talk:
        talk.configure()
        content = [{"type": "input_text", "text": "turn on the lamp"}]
        item = {"type": "message", "role": "user", "content": content}
        request = {"conversation": "none", "input": [item], "output_modalities": ["text"]}
        for _ in range(response_runner.MAX_RUNNING):
            assert talk.send("response.create", response=request)[0]["type"] == "response.created"
        assert talk.refusal("response.create", response=request)["code"] == "rate_limit_exceeded"
        for _ in range(response_runner.MAX_RUNNING):
            await talk.until("response.done")
        assert calls(await talk.answer(**request))
