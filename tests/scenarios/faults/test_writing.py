"""A server that answers in writing is heard all the same: the real shell and brain in virtual time."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator

import msgspec
import pytest

from daemon.brain.server.engine_pool import Engines
from daemon.core.response.speech_fallback import UNREAD
from daemon.network.endpoint import OPEN_S, Endpoint
from daemon.network.happy_eyeballs import Shunned
from daemon.network.memory_socket import ClientEnd
from tests.brain.scripted import ToneVoice
from tests.scenarios.faults.clock import Inline
from tests.scenarios.faults.house import House, Person, ToneEar, configuration
from tests.scenarios.faults.network import Direction, Line, Network
from tests.scenarios.faults.story import stage

QUESTION = "what can you do"


class Scribe(Network):
    """Its server answers the first `written` times in writing, whatever it was asked for."""

    def __init__(self, ear: ToneEar, written: int) -> None:
        super().__init__(lambda: Engines(lambda: ear, ToneVoice, Inline), [], 600.0)
        self.written = written
        self.brains: list[Line] = []

    async def dial(
        self, endpoint: Endpoint, limit_s: float = OPEN_S, shunned: Shunned | None = None
    ) -> ClientEnd:
        end = await super().dial(endpoint, limit_s, shunned)
        if endpoint.unix:
            self.brains.append(self.lines[-1])
        return end

    def pass_on(self, line: Line, direction: Direction, frame: bytes) -> None:
        event = msgspec.json.decode(frame)
        if event["type"] == "response.create" and self.written and line not in self.brains:
            self.written -= 1
            event["response"]["output_modalities"] = ["text"]
            frame = msgspec.json.encode(event)
        super().pass_on(line, direction, frame)


def ask(written: int, fallback: str) -> tuple[House, Scribe]:
    """One spoken question to such a server."""
    network = Scribe(ToneEar([QUESTION]), written)
    with stage(0) as (loop, directory):
        house = House(configuration(directory, fallback), network.dial)
        loop.run_until_complete(_live(house))
        return house, network


async def _live(house: House) -> None:
    living = asyncio.create_task(house.run())
    await asyncio.sleep(1.0)
    person = Person(house)
    await person.say(0, QUESTION)
    await person.quiet()
    await asyncio.sleep(2.0)
    living.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await living


@pytest.mark.parametrize(
    ("written", "fallback", "brains"),
    [(0, "offline", 0), (1, "offline", 0), (2, "offline", 1), (2, "none", 0)],
    ids=["spoken", "asked again", "read out by the brain", "spoken outside the conversation"],
)
def test_a_written_answer_is_heard(written: int, fallback: str, brains: int) -> None:
    house, network = ask(written, fallback)
    (turn,) = [fields for _, fields in house.of("turn")]
    assert turn["trouble"] is None
    assert turn["reply"]
    assert turn["heard_ms"] > 0
    assert len(network.brains) == brains
    assert all(line.code is not None for line in network.brains), "the brain is left when it has read"
    assert [fields["state"] for _, fields in house.of("link")][-1] == "ready"
    assert len([samples for _, samples in house.speaker.heard if samples.any()]) * 20 >= turn["heard_ms"]


def test_what_nobody_can_say_is_told_and_shown_and_sounds() -> None:
    house, _ = ask(3, "none")
    (turn,) = [fields for _, fields in house.of("turn")]
    assert turn["trouble"] == UNREAD
    assert turn["reply"], "who reads along has the words"
    assert [message for _, message in house.troubles] == [turn["trouble"]]
    assert [fields["kind"] for _, fields in house.of("earcon")] == ["error"]
    assert any(samples.any() for _, samples in house.speaker.heard)


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    import logging

    yield
    logging.disable(logging.NOTSET)
