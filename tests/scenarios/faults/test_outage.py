"""A server that was away for five minutes and is back: whoever still waits has an answer soon."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
from collections.abc import Iterator

import pytest

from daemon.brain.server.engine_pool import Engines
from daemon.core.connection.dialer import Dialer
from tests.brain.scripted import ToneVoice
from tests.scenarios.faults.audit import BACK_WITHIN_S
from tests.scenarios.faults.clock import Inline
from tests.scenarios.faults.house import House, Person, ToneEar, configuration
from tests.scenarios.faults.network import AWAY, Network
from tests.scenarios.faults.story import SCRIPT, stage

OUTAGE_S = 300.0
QUESTIONS = 12
"""Each at another moment of the last seconds of an outage of its own."""
LONGEST_WAIT_S = 18.0


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def waited_s(kind: str, seed: int) -> list[float]:
    """How long each question waited for its first sound from the server's return on."""
    network = Network(lambda: Engines(lambda: ToneEar(SCRIPT), ToneVoice, Inline), [], 3600.0)
    with stage(seed) as (loop, directory):
        house = House(configuration(directory, "none"), network.dial)
        return loop.run_until_complete(_ask(house, network, kind, random.Random(seed)))


async def _ask(house: House, network: Network, kind: str, rng: random.Random) -> list[float]:
    living = asyncio.create_task(house.run())
    person = Person(house)
    found = []
    await asyncio.sleep(1.0)
    for _ in range(QUESTIONS):
        network.go_away(kind, OUTAGE_S)
        assert network.back_at is not None
        await asyncio.sleep(OUTAGE_S - rng.uniform(1.0, LONGEST_WAIT_S))
        await person.say(0, SCRIPT[0])
        since = max(network.back_at, person.said[-1].released_at)
        await person.until(lambda: house.machine.state == "speaking", 60.0)
        found.append(asyncio.get_running_loop().time() - since)
        await person.quiet()
    living.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await living
    return found


@pytest.mark.parametrize("kind", AWAY)
@pytest.mark.parametrize("seed", [1, 2])
def test_whoever_waits_for_a_server_that_comes_back_is_answered_soon(kind: str, seed: int) -> None:
    assert max(waited_s(kind, seed)) < BACK_WITHIN_S


def test_a_backoff_that_does_not_care_who_waits_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Dialer, "hasten", lambda *_: None)
    assert max(waited_s("refusing", 1)) > BACK_WITHIN_S
