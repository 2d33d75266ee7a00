"""An utterance is recognised while it is spoken, and what that finds counts only if nothing more is said."""

from __future__ import annotations

import asyncio
import base64
import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from daemon.audio.resampler import Resampler
from daemon.brain.asr.pauses import LONGEST_S
from daemon.brain.asr.recognizer import Mono16k, Recognition
from daemon.brain.nlu.grammar import Grammar, Meaning
from daemon.brain.server.engine_pool import Engines
from daemon.brain.server.formats import PCM16, PCMU, WireFormat
from daemon.brain.server.unfinished_utterance import MOST_TRIES, UnfinishedUtterance
from daemon.realtime.events import RATE_HZ
from tests.bench.train_confusions import read_clip
from tests.brain.scripted import ScriptedEar, ToneVoice
from tests.brain.server.test_fair import HeldEar
from tests.brain.talk import PATIENCE_S, Talk, asynchronous, calls

CLIPS = Path(__file__).parents[1] / "clips"
LAMP_ON = ("set_device", {"device": "lamp", "state": "on"})
QUIET_S = 0.6


class AttentiveEar(ScriptedEar):
    """Hears the same order in all that is speech, and notes how long each was."""

    def recognize(self, samples: Mono16k, grammar: Grammar, pending: Meaning | None) -> Recognition:
        self.utterances_s.append(len(samples) / 16_000)
        words = "turn on the lamp" if np.abs(samples).max(initial=0.0) > 0.05 else ""
        return Recognition(words, grammar.understand(words) if words else None, "sure" if words else "refuse")


class FailingEarlyEar(AttentiveEar):
    """Fails at the first utterance, which is not over."""

    def recognize(self, samples: Mono16k, grammar: Grammar, pending: Meaning | None) -> Recognition:
        found = super().recognize(samples, grammar, pending)
        if len(self.utterances_s) == 1:
            raise RuntimeError("too early")
        return found


def spoken(quiet_s: float = QUIET_S) -> np.ndarray[Any, Any]:
    """A command at 24 kHz and quiet after it, with the noise of a room all the time."""
    clip = Resampler(16_000, RATE_HZ).whole(read_clip(CLIPS / "hibari_cmd00.wav"))
    sound = np.pad(clip[: int(1.5 * RATE_HZ)], (0, int(quiet_s * RATE_HZ)))
    noise = np.random.default_rng(1).standard_normal(len(sound)).astype(np.float32) * np.float32(3e-4)
    return sound + noise


@asynccontextmanager
async def listening(ear: ScriptedEar, engines: Engines | None = None, **session: Any) -> AsyncIterator[Talk]:
    talk = Talk(ear, engines=engines or Engines(lambda: ear, ToneVoice, early=True))
    try:
        talk.configure(**session)
        await talk.type("turn on the lamp")  # The grammar is built, the engines are loaded.
        yield talk
    finally:
        talk.close()


def append(talk: Talk, samples: np.ndarray[Any, Any], format: WireFormat = PCM16) -> None:
    sound = format.sound(Resampler(RATE_HZ, format.rate_hz).whole(samples.astype(np.float32)))
    piece = 40 * format.bytes_per_ms
    for start in range(0, len(sound), piece):
        audio = base64.b64encode(sound[start : start + piece]).decode()
        talk.send("input_audio_buffer.append", audio=audio)


def recognised_early() -> list[UnfinishedUtterance]:
    """Every utterance in memory of which something was recognised early."""
    return [each for each in gc.get_objects() if isinstance(each, UnfinishedUtterance) and each.early]


async def until(condition: Any) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not condition():  # noqa: ASYNC110 - what happens in the engine's thread tells nobody.
            await asyncio.sleep(0.005)


async def answered(talk: Talk) -> Any:
    talk.send("input_audio_buffer.commit")
    return calls(await talk.answer())


@asynchronous
@pytest.mark.parametrize("format", [PCM16, PCMU], ids=lambda format: str(format.type))
async def test_what_was_recognised_while_the_button_was_down_is_the_answer(format: WireFormat) -> None:
    ear = AttentiveEar()
    audio = {"input": {"turn_detection": None, "format": format.echo()}}
    async with listening(ear, audio=audio) as talk:
        append(talk, spoken(), format)
        await until(lambda: ear.utterances_s)
        append(talk, spoken()[-4800:], format)
        assert await answered(talk) == [LAMP_ON]
        assert len(ear.utterances_s) == 1


@asynchronous
async def test_what_is_said_after_a_pause_is_recognised_with_what_came_before() -> None:
    ear = AttentiveEar()
    async with listening(ear) as talk:
        append(talk, spoken())
        await until(lambda: ear.utterances_s)
        append(talk, spoken(quiet_s=0.1))
        assert await answered(talk) == [LAMP_ON]
        early_s, whole_s = ear.utterances_s
        assert early_s < 2.3
        assert whole_s > 3.6


@asynchronous
async def test_an_utterance_that_is_sent_at_once_is_recognised_once() -> None:
    ear = AttentiveEar()
    async with listening(ear) as talk:
        append(talk, spoken())
        assert await answered(talk) == [LAMP_ON]
        assert len(ear.utterances_s) == 1


@asynchronous
async def test_of_what_is_withdrawn_nothing_is_said_and_nothing_stays() -> None:
    ear = AttentiveEar()
    async with listening(ear) as talk:
        append(talk, spoken())
        await until(lambda: ear.utterances_s)
        before = len(talk.events)
        assert [event["type"] for event in talk.send("input_audio_buffer.clear")] == [
            "input_audio_buffer.cleared"
        ]
        await until(lambda: gc.collect() >= 0 and not recognised_early())
        append(talk, spoken() * np.float32(1e-3))
        assert await answered(talk) == []
        assert all("lamp" not in str(event) for event in talk.events[before:])


@asynchronous
async def test_what_was_recognised_of_an_utterance_goes_with_it_once_it_is_answered() -> None:
    ear = AttentiveEar()
    async with listening(ear) as talk:
        append(talk, spoken())
        await until(lambda: ear.utterances_s)
        assert await answered(talk) == [LAMP_ON]
        await until(lambda: gc.collect() >= 0 and not recognised_early())


@asynchronous
async def test_somebody_who_pauses_again_and_again_is_recognised_early_a_few_times_only() -> None:
    ear = AttentiveEar()
    async with listening(ear) as talk:
        for tries in range(1, 9):
            append(talk, spoken())
            if tries <= MOST_TRIES:
                await until(lambda count=tries: len(ear.utterances_s) >= count)
            await asyncio.sleep(0.05)
        assert len(ear.utterances_s) == MOST_TRIES
        assert max(ear.utterances_s) < LONGEST_S


class HeldAttentiveEar(HeldEar, AttentiveEar):
    """Recognises nothing before it is let go."""


@asynchronous
async def test_while_the_recogniser_works_for_somebody_else_nothing_is_recognised_early() -> None:
    ear = HeldAttentiveEar()
    engines = Engines(lambda: ear, ToneVoice, early=True)
    async with listening(ear, engines) as busy, listening(ear, engines) as other:
        append(busy, spoken()[: RATE_HZ // 2])
        busy.send("input_audio_buffer.commit")
        busy.send("response.create")
        await asyncio.sleep(0.05)
        append(other, spoken())
        await asyncio.sleep(0.1)
        ear.let_go.set()
        await busy.until("response.done")
        assert len(ear.utterances_s) == 1
        assert await answered(other) == [LAMP_ON]


@asynchronous
async def test_where_it_fails_early_it_is_recognised_when_it_is_over() -> None:
    ear = FailingEarlyEar()
    async with listening(ear) as talk:
        append(talk, spoken())
        await until(lambda: ear.utterances_s)
        assert await answered(talk) == [LAMP_ON]
        assert len(ear.utterances_s) == 2


@asynchronous
async def test_with_voice_detection_it_is_recognised_before_the_turn_ends() -> None:
    ear = AttentiveEar()
    detection = {"type": "server_vad", "silence_duration_ms": 900}
    async with listening(ear, audio={"input": {"turn_detection": detection}}) as talk:
        quiet = spoken()[-9600:]
        append(talk, np.concatenate([quiet, quiet, spoken(0.7)]))
        await until(lambda: ear.utterances_s)
        assert "input_audio_buffer.speech_stopped" not in talk.names()
        append(talk, np.concatenate([quiet, quiet]))
        assert calls((await talk.until("response.done"))["response"]) == [LAMP_ON]
        assert len(ear.utterances_s) == 1


@asynchronous
async def test_who_speaks_into_an_answer_still_interrupts_it() -> None:
    ear = AttentiveEar()
    audio = {"input": {"turn_detection": {"type": "server_vad"}}}
    async with listening(ear, audio=audio) as talk:
        quiet = spoken()[-9600:]
        content = [{"type": "input_text", "text": "what can you do"}]
        talk.send("conversation.item.create", item={"type": "message", "role": "user", "content": content})
        talk.send("response.create")
        append(talk, np.concatenate([quiet, quiet, spoken(0.0)]))
        states = [event["response"]["status"] for event in talk.events if event["type"] == "response.done"]
        assert states[-1] == "cancelled"


def test_a_pause_is_found_once_and_never_in_noise_or_silence() -> None:
    for samples in (np.zeros(48_000), np.random.default_rng(2).standard_normal(48_000) * 0.05):
        nobody = UnfinishedUtterance(PCM16)
        nobody.append(PCM16.sound(samples.astype(np.float32)))
        assert not nobody.may_be_whole()
    somebody = UnfinishedUtterance(PCM16)
    found = 0
    for start in range(0, len(spoken()), 960):
        somebody.append(PCM16.sound(spoken()[start : start + 960]))
        found += somebody.may_be_whole()
    assert found == 1


def test_what_is_longer_than_any_command_is_not_watched() -> None:
    long = UnfinishedUtterance(PCM16)
    for _ in range(8):
        long.append(PCM16.sound(spoken()))
    assert not long.may_be_whole()
