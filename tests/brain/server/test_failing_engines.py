"""Whatever an engine raises, and wherever: the turn ends in words or in an error, and the next one works."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, NoReturn

import pytest

from daemon.brain.asr.recognizer import Mono16k, Recognition, RecognizerError
from daemon.brain.nlu.grammar import Grammar, Meaning
from daemon.brain.server import dialogue
from daemon.brain.server.engine_pool import Engines
from daemon.brain.tts.synthesizer import Mono24k, SynthesizerError
from tests.brain.scripted import ScriptedEar, ToneVoice
from tests.brain.talk import Talk, asynchronous, calls, words

LAMP_ON = ("set_device", {"device": "lamp", "state": "on"})
RAISED = [
    RuntimeError("The model file is damaged."),
    RecognizerError("It is gone: install it again."),
    SynthesizerError("It is gone: install it again."),
    MemoryError(),
    StopIteration(),
    SystemExit(1),
    KeyboardInterrupt(),
    asyncio.CancelledError(),
]
each_error = pytest.mark.parametrize("error", RAISED, ids=lambda error: type(error).__name__)


class PoorEar(ScriptedEar):
    """Raises while it is told to, at the one place or the other."""

    def __init__(self, place: str, error: BaseException) -> None:
        super().__init__(["turn on the lamp"] * 9)
        self.place, self.error = place, error

    def prepare(self, grammar: Grammar) -> None:
        if self.place == "prepare":
            raise self.error

    def recognize(self, samples: Mono16k, grammar: Grammar, pending: Meaning | None) -> Recognition:
        if self.place == "recognize":
            raise self.error
        return super().recognize(samples, grammar, pending)


class PoorVoice(ToneVoice):
    """Raises at so many sentences, from one of them on."""

    def __init__(self, first: int, count: int, error: BaseException) -> None:
        self._failing, self._error = range(first, first + count), error
        self._said = 0

    def speak(self, sentence: str, speed: float) -> Mono24k:
        self._said += 1
        if self._said - 1 in self._failing:
            raise self._error
        return super().speak(sentence, speed)


def raising(error: BaseException) -> Callable[[], NoReturn]:
    def load() -> NoReturn:
        raise error

    return load


@asynccontextmanager
async def talking_with(ear: Callable[[], ScriptedEar], voice: Callable[[], ToneVoice]) -> AsyncIterator[Talk]:
    talk = Talk(ScriptedEar(), engines=Engines(ear, voice))
    try:
        audio = {"input": {"turn_detection": None, "transcription": {"model": "whisper-1"}}}
        talk.configure(audio=audio)
        yield talk
    finally:
        talk.close()


@each_error
@asynchronous
async def test_a_recogniser_that_cannot_be_loaded_is_told_in_words(error: BaseException) -> None:
    async with talking_with(raising(error), ToneVoice) as talk:
        for _ in range(2):
            done = await talk.say()
            assert (done["status"], words(done)) == ("completed", dialogue.CANNOT_HEAR)
        assert talk.names().count("conversation.item.input_audio_transcription.failed") == 2
        assert calls(await talk.type("turn on the lamp")) == [LAMP_ON]


@each_error
@pytest.mark.parametrize("place", ["prepare", "recognize"])
@asynchronous
async def test_a_recogniser_that_fails_at_a_turn_is_told_and_tried_again(
    place: str, error: BaseException
) -> None:
    ear = PoorEar(place, error)
    async with talking_with(lambda: ear, ToneVoice) as talk:
        done = await talk.say()
        told = place == "prepare" or words(done) == dialogue.CANNOT_HEAR
        assert (done["status"], told) == ("completed", True)
        ear.place = ""
        assert calls(await talk.say()) == [LAMP_ON]


@each_error
@asynchronous
async def test_a_voice_that_cannot_be_loaded_fails_the_response_and_says_why(error: BaseException) -> None:
    async with talking_with(lambda: ScriptedEar(["turn on the lamp"] * 9), raising(error)) as talk:
        assert calls(await talk.say()) == [LAMP_ON]
        done = await talk.type("what can you do")
        assert done["status"] == "failed"
        assert done["status_details"]["error"]["message"]
        assert words(await talk.type("what can you do", output_modalities=["text"]))


@each_error
@pytest.mark.parametrize("first", [0, 1])
@asynchronous
async def test_a_voice_that_fails_in_an_answer_fails_the_response_and_speaks_the_next(
    first: int, error: BaseException
) -> None:
    async with talking_with(ScriptedEar, lambda: PoorVoice(first, 1, error)) as talk:
        said = [{"type": "input_text", "text": "One thing. Another thing."}]
        item = {"type": "message", "role": "user", "content": said}
        recital = {"input": [item], "metadata": {"purpose": "say"}}
        done = await talk.answer(**recital)
        assert done["status"] == "failed"
        assert done["status_details"]["error"]["message"]
        assert (await talk.answer(**recital))["status"] == "completed"


class BrokenGrammar(Engines):
    """Cannot build the grammar of any tools."""

    def __init__(self) -> None:
        super().__init__(lambda: ScriptedEar(["turn on the lamp"]), ToneVoice)

        def of(tools: Any) -> NoReturn:
            raise RecursionError("too deep")

        self.grammars.of = of  # type: ignore[method-assign]


@asynchronous
async def test_a_grammar_that_cannot_be_built_is_told_in_words() -> None:
    talk = Talk(ScriptedEar(), engines=BrokenGrammar())
    talk.configure()
    assert words(await talk.say()) == dialogue.CANNOT_HEAR
    assert words(await talk.type("turn on the lamp")) == dialogue.CANNOT_READ
    talk.close()
