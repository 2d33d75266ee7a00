"""A conversation without hands, on the real shell and brain: whatever goes wrong, it goes on, and it ends."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Iterator
from dataclasses import dataclass, field

import msgspec
import pytest

from daemon.brain.server.engine_pool import Engines
from tests.brain.scripted import ToneVoice
from tests.scenarios.faults.clock import Inline
from tests.scenarios.faults.house import House, Person, ToneEar, configuration
from tests.scenarios.faults.network import Network
from tests.scenarios.faults.story import SCRIPT, stage
from tests.scenarios.faults.verdict import parse

SPOKEN_S = 1.5
LOST_WORD_S = 0.1
IDLE_S = 30.0
QUESTIONS = 12
SESSION_S = 60.0
PLANS = [
    "",
    "rst@client:input_audio_buffer.append#20",
    "fin@server:input_audio_buffer.speech_started#2",
    "rst@server:input_audio_buffer.committed#3",
    "rst@server:response.created#2",
    "rst@server:response.output_audio.delta#5",
    "close_1011@server:response.function_call_arguments.done#1",
    "session_expired@server:response.output_audio.delta#3",
    "hold@client:input_audio_buffer.append#40",
    "hold@client:response.create#1",
    "drop@server:input_audio_buffer.committed#2",
    "drop@server:input_audio_buffer.speech_started#2",
    "drop@server:response.created#2",
    "duplicate@server:response.done#1",
    "duplicate@server:input_audio_buffer.committed#2",
    "reorder@server:response.done#1",
    "odd@server:response.output_audio.delta#2",
    "refusing@client:input_audio_buffer.append#40",
    "swallowing@client:input_audio_buffer.append#40",
    "jump@client:input_audio_buffer.append#10",
]


@dataclass
class Evening:
    """What came of it: how often each sentence was spoken, and the states that were shown."""

    house: House
    ear: ToneEar
    asked: list[int] = field(default_factory=list)
    hands: int = 0

    @property
    def whole(self) -> list[int]:
        """The sentences that the brain has heard from their heads to their ends."""
        return [number for number, seconds in self.ear.heard if seconds >= SPOKEN_S - LOST_WORD_S]


def live(plan: str, questions: int = 6, fallback: str = "none", echo: str = "off") -> Evening:
    """One tap, then question after question."""
    ear = ToneEar(SCRIPT)
    network = Network(lambda: Engines(lambda: ear, ToneVoice, Inline), parse(plan), SESSION_S)
    with stage(0) as (loop, directory):
        config = configuration(directory, fallback)
        replace = msgspec.structs.replace
        realtime = replace(config.realtime, turn="open", open_idle_s=IDLE_S, max_session_s=SESSION_S)
        config = replace(config, realtime=realtime, sound=replace(config.sound, echo=echo))
        evening = Evening(House(config, network.dial), ear)
        loop.run_until_complete(_live(evening, questions))
        return evening


async def _live(evening: Evening, questions: int) -> None:
    house, person = evening.house, Person(evening.house)
    living = asyncio.create_task(house.run())
    await asyncio.sleep(1.0)
    for number in range(questions):
        if not house.machine.is_open:
            await _tap(evening)
        await _ask(evening, number % len(SCRIPT))
        await person.until(lambda: house.machine.state != "listening", 60.0)
        await person.until(lambda: house.machine.state in ("listening", "idle"), 60.0)
        await asyncio.sleep(1.0)
    await asyncio.sleep(2 * IDLE_S + 30.0)
    living.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await living


async def _tap(evening: Evening) -> None:
    evening.hands += 1
    evening.house.board.press()
    await asyncio.sleep(0.1)
    evening.house.board.release()
    await asyncio.sleep(1.0)


async def _ask(evening: Evening, number: int) -> None:
    evening.asked.append(number)
    evening.house.voice = number
    await asyncio.sleep(SPOKEN_S)
    evening.house.voice = -1


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


@pytest.mark.parametrize("echo", ["off", "card", "auto"])
def test_one_tap_is_enough_for_an_evening_and_every_word_is_heard_once(echo: str) -> None:
    evening = live("", QUESTIONS, echo=echo)
    assert evening.hands == 1
    assert evening.whole == evening.asked
    assert len(evening.ear.heard) == QUESTIONS
    assert not evening.house.troubles
    assert evening.house.machine.state == "idle"


@pytest.mark.parametrize("echo", ["off", "card"])
@pytest.mark.parametrize("plan", PLANS[1:])
def test_what_is_said_is_heard_whole_or_the_user_is_told_and_it_ends(plan: str, echo: str) -> None:
    evening = live(plan, echo=echo)
    lost = len(evening.asked) - len(evening.whole)
    assert lost <= len(evening.house.troubles)
    assert evening.house.machine.state == "idle"
    assert not evening.house.machine.is_open
    assert not evening.house.failed


def test_while_the_server_is_away_the_brain_listens() -> None:
    evening = live("outage@client:input_audio_buffer.append#20", fallback="offline")
    assert evening.whole == evening.asked
    assert "fallback" in [fields["state"] for _, fields in evening.house.of("link")]
