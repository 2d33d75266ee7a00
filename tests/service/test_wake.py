"""The wake word in the running service: real detector and shell, sound in memory, virtual time.

A synthesiser calls the box; what is said to it is a tone, by whose pitch and length the brain tells what of
it has arrived.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Final

import numpy as np

from daemon.audio.resampler import Resampler
from daemon.audio.speech_end import NOTHING_S, PAUSE_S
from daemon.brain.asr.recognizer import Mono16k, Recognition
from daemon.brain.nlu.grammar import Grammar, Meaning
from daemon.brain.server.engine_pool import Engines
from daemon.brain.tts.synthesizer import Mono24k
from daemon.core import events as ev
from daemon.realtime import events as wire
from hardware.ports import Mono
from hardware.sound.memory_streams import PERIOD_FRAMES, PERIOD_S, RATE_HZ
from tests.scenarios.faults.clock import Inline
from tests.scenarios.faults.house import House, ToneEar, configuration
from tests.scenarios.faults.network import Network
from tests.scenarios.faults.story import SESSION_S, stage
from tests.wake.voice import said

WORD: Final = "okay nabu"
SAYS_THE_WORD: Final = "Okay nabu, that is my name."
QUESTION_S: Final = 1.5
TAIL_S: Final = 0.25
"""So much of the word's end may come along with the question, and nothing of the question may be lost."""
ECHO: Final = 0.5


def at_24k(samples: Mono) -> Mono:
    return Resampler(16_000, RATE_HZ).whole(samples)


class SpeakingVoice:
    """The synthesiser of the brain; it is the one that the box listens for, which is the worst case."""

    def speak(self, sentence: str, speed: float) -> Mono24k:
        return at_24k(said(sentence, "en-us"))


class Room(House):
    """A house in which people say what is put into `spoken`, and the speaker is heard by the microphone."""

    def __init__(self, directory: Path, network: Network, toml: str) -> None:
        super().__init__(configuration(directory, "none", toml), network.dial)
        self.network = network
        self.spoken: list[Mono] = []
        self.sent: list[ev.Send] = []
        self.opened: list[ev.Opened] = []
        self.app.notifier.subscribe("the room", ev.Send, self.sent.append)
        self.app.notifier.subscribe("the room", ev.Opened, self.opened.append)
        self._noise = np.random.default_rng(1)

    def sound(self, number: int) -> Mono:
        heard = self._noise.normal(0, 3e-4, PERIOD_FRAMES).astype(np.float32)
        heard += self.spoken.pop(0) if self.spoken else np.float32(0)
        now = asyncio.get_running_loop().time()
        played = [samples for at, samples in self.speaker.heard[-2:] if now - at <= PERIOD_S + 1e-6]
        return heard + np.float32(ECHO) * played[-1] if played else heard

    def say(self, *parts: Mono) -> None:
        """Somebody says this, beginning now."""
        whole = np.concatenate(parts)
        padded = np.pad(whole, (0, -len(whole) % PERIOD_FRAMES))
        self.spoken += list(padded.reshape(-1, PERIOD_FRAMES))

    def appended_s(self) -> float:
        """How much sound has left the house."""
        appends = (send.event for send in self.sent if isinstance(send.event, wire.AudioAppend))
        return sum(len(event.audio) for event in appends) / 2 / RATE_HZ

    def posed(self) -> int:
        """How many answers were asked for."""
        return sum(isinstance(send.event, wire.ResponseCreate) for send in self.sent)

    def states(self) -> list[str]:
        return [fields["state"] for _, fields in self.of("state")]

    @property
    def lit(self) -> tuple[float, ...]:
        """The colour that the lamp has shown last while it was on."""
        return next(tuple(f["colour"]) for _, f in reversed(self.of("lamp")) if any(f["colour"]))


class CountingEar(ToneEar):
    """Notes how much of each tone came, and how much before it."""

    def __init__(self) -> None:
        super().__init__(["turn on the lamp", "turn off the lamp"])
        self.lengths_s: list[tuple[float, float]] = []

    def recognize(self, samples: Mono16k, grammar: Grammar, pending: Meaning | None) -> Recognition:
        steps = samples[: len(samples) // 320 * 320].reshape(-1, 320)
        loud = np.flatnonzero(np.sqrt(np.square(steps).mean(axis=1)) > 0.18)  # the tone, and no speech
        self.lengths_s.append((len(loud) * 0.02, loud[0] * 0.02) if len(loud) else (0.0, 0.0))
        return super().recognize(samples, grammar, pending)


def tone(number: int = 0, seconds: float = QUESTION_S) -> Mono:
    t = np.arange(int(seconds * RATE_HZ)) / RATE_HZ
    return (0.3 * np.sin(2 * np.pi * (300 + 100 * number) * t)).astype(np.float32)


def pause(seconds: float) -> Mono:
    return np.zeros(int(seconds * RATE_HZ), np.float32)


def word(text: str = WORD) -> Mono:
    return at_24k(said(text, "en-us"))


@contextlib.contextmanager
def lived(
    toml: str = "",
) -> Iterator[tuple[Callable[[Callable[[Room], Awaitable[None]]], None], CountingEar]]:
    """Runs a story in a room with this configuration."""
    ear = CountingEar()
    network = Network(lambda: Engines(lambda: ear, SpeakingVoice, Inline), [], SESSION_S)

    def live(story: Callable[[Room], Awaitable[None]]) -> None:
        loop.run_until_complete(
            _live(Room(directory, network, toml or '[wake]\nwords = ["okay_nabu"]'), story)
        )

    with stage(0) as (loop, directory):
        yield live, ear


async def _live(room: Room, story: Callable[[Room], Awaitable[None]]) -> None:
    living = asyncio.create_task(room.run())
    await asyncio.sleep(2.0)
    await story(room)
    living.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await living


def test_a_question_in_one_breath_with_the_word_arrives_whole() -> None:
    async def story(room: Room) -> None:
        room.say(word(), tone(0))
        await asyncio.sleep(8.0)
        assert room.states() == ["listening", "thinking", "speaking", "idle"]
        assert room.of("device")

    with lived() as (live, ear):
        live(story)
    ((length_s, before_s),) = ear.lengths_s
    assert length_s >= QUESTION_S - 0.02
    assert before_s <= TAIL_S


def test_a_question_after_a_pause_arrives_whole_too() -> None:
    async def story(room: Room) -> None:
        room.say(word(), pause(2.0), tone(1))
        await asyncio.sleep(9.0)

    with lived() as (live, ear):
        live(story)
    ((length_s, _),) = ear.lengths_s
    assert length_s >= QUESTION_S - 0.02


def test_nothing_leaves_the_house_before_the_word_and_nothing_after_the_question() -> None:
    async def story(room: Room) -> None:
        room.say(tone(0, 5.0))
        await asyncio.sleep(8.0)
        assert (room.appended_s(), room.states()) == (0.0, [])
        room.say(word(), tone(0))
        await asyncio.sleep(8.0)
        assert room.appended_s() <= TAIL_S + QUESTION_S + PAUSE_S + 0.2
        sent = room.appended_s()
        room.say(tone(0, 5.0))
        await asyncio.sleep(8.0)
        assert room.appended_s() == sent

    with lived() as (live, _):
        live(story)


def test_the_lamp_tells_that_the_closed_microphone_is_heard_and_that_it_is_open() -> None:
    async def story(room: Room) -> None:
        assert room.of("standby") == [(room.of("standby")[0][0], {"on": True})]
        await asyncio.sleep(5.0)
        assert room.lit == (0.0, 0.0, 1.0)
        room.happened(ev.MuteAsked(True))
        await asyncio.sleep(1.0)
        assert room.lit == (1.0, 0.0, 0.0)
        assert [fields["on"] for _, fields in room.of("standby")] == [True, False]

    with lived() as (live, _):
        live(story)


def test_a_muted_house_hears_no_word_not_even_in_an_announcement_and_after_it_again() -> None:
    async def story(room: Room) -> None:
        room.happened(ev.MuteAsked(True))
        await asyncio.sleep(0.5)
        periods = room.microphone.periods
        room.say(word(), tone(0))
        room.happened(ev.SayAsked("Dinner is ready."))
        await asyncio.sleep(8.0)
        assert "listening" not in room.states()
        assert room.microphone.periods == periods
        room.spoken.clear()
        room.happened(ev.MuteAsked(False))
        await asyncio.sleep(1.0)
        room.say(word(), tone(0))
        await asyncio.sleep(8.0)
        assert "listening" in room.states()

    with lived() as (live, _):
        live(story)


def test_muted_while_an_answer_is_said_to_its_end_it_hears_nothing_from_then_on() -> None:
    async def story(room: Room) -> None:
        room.happened(ev.SayAsked("Dinner is ready, come to the kitchen, please."))
        await asyncio.sleep(1.0)
        room.happened(ev.MuteAsked(True, at_once=False))
        await asyncio.sleep(0.1)
        periods = room.microphone.periods
        room.say(word())
        await asyncio.sleep(8.0)
        assert (room.microphone.periods, room.opened) == (periods, [])

    with lived() as (live, _):
        live(story)


def test_the_own_name_in_an_announcement_wakes_nobody() -> None:
    async def story(room: Room) -> None:
        room.happened(ev.SayAsked(SAYS_THE_WORD))
        await asyncio.sleep(8.0)
        assert room.states() == ["thinking", "speaking", "idle"]
        assert room.opened == []
        room.say(at_24k(said(SAYS_THE_WORD, "en-us")))  # the same from a person does
        await asyncio.sleep(1.5)
        assert len(room.opened) == 1

    with lived() as (live, _):
        live(story)


def test_an_announcement_opens_no_microphone() -> None:
    async def story(room: Room) -> None:
        room.happened(ev.SayAsked("Dinner is ready."))
        await asyncio.sleep(10.0)
        assert "listening" not in room.states()

    with lived() as (live, _):
        live(story)


def test_the_word_said_while_it_listens_does_not_leave_it_listening() -> None:
    async def story(room: Room) -> None:
        for _ in range(3):
            room.say(word(), pause(0.3), word(), pause(0.3), word())
            await asyncio.sleep(25.0)
            assert room.machine.state == "idle"
            assert room.states().count("listening") <= 3

    with lived() as (live, _):
        live(story)


def test_the_word_alone_costs_no_turn_even_with_a_television_on() -> None:
    async def story(room: Room) -> None:
        television = np.concatenate([at_24k(said(text, "en-gb")) for text in TELEVISION]) * np.float32(0.06)
        room.say(television, at_24k(said(WORD, "en-us")), television, television)
        await asyncio.sleep(NOTHING_S + 10.0)
        assert len(room.opened) == 1
        assert (room.posed(), room.machine.state) == (0, "idle")

    with lived() as (live, _):
        live(story)


TELEVISION: Final = (
    "and now the weather for the weekend, with some rain in the north",
    "the council has met again to talk about the harbour",
)


def test_it_wakes_the_twelfth_time_as_at_first() -> None:
    async def story(room: Room) -> None:
        for times in range(1, 13):
            room.say(word(), tone(0))
            await asyncio.sleep(10.0)
            assert (len(room.opened), room.states().count("listening")) == (times, times)

    with lived() as (live, ear):
        live(story)
    assert len(ear.lengths_s) == 12


def test_without_a_word_in_the_configuration_nothing_is_read_and_nothing_loaded() -> None:
    async def story(room: Room) -> None:
        room.say(word(), tone(0))
        await asyncio.sleep(5.0)
        assert (room.microphone.periods, room.of("standby"), room.states()) == (0, [], [])

    with lived("[log]") as (live, _):
        live(story)


def test_a_model_that_cannot_be_loaded_is_a_fault_and_the_button_works(tmp_path: Path) -> None:
    async def story(room: Room) -> None:
        status = await room.app.api.status()
        assert "put its .json there" in status["faults"]["wake word"]
        room.board.press()
        room.say(tone(0))
        await asyncio.sleep(2.0)
        room.board.release()
        await asyncio.sleep(5.0)
        assert room.of("device")

    with lived(f'[wake]\nwords = ["{tmp_path}/none.json"]') as (live, _):
        live(story)
