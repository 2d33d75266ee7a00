"""An appliance that has stopped does nothing more, whatever was under way: it dials nobody."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from daemon.brain.server.engine_pool import Engines
from daemon.core import events as ev
from tests.brain.scripted import ToneVoice
from tests.scenarios.faults.clock import Inline
from tests.scenarios.faults.house import House, Person, ToneEar, configuration
from tests.scenarios.faults.network import Network
from tests.scenarios.faults.story import SCRIPT, stage

LONG_S = 600.0
"""A connection that nobody attends to is given up and dialled again within this time."""


@contextlib.asynccontextmanager
async def _stopping(house: House) -> AsyncIterator[Person]:
    """In the block the appliance runs; then it is stopped, and much time passes."""
    running = asyncio.create_task(house.run())
    person = Person(house)
    await person.until(lambda: house.machine.link == "ready")
    yield person
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running
    await asyncio.sleep(LONG_S)


async def _listen(house: House, person: Person) -> None:
    house.board.press()
    await person.until(lambda: house.machine.state == "listening")


async def _answer(house: House, person: Person) -> None:
    await person.say(1, SCRIPT[1])
    assert await person.until(lambda: house.machine.state == "speaking")


async def _idle(house: House, person: Person) -> None:
    """Nothing is under way, but a part still has something to say while the others end."""
    asyncio.get_running_loop().call_soon(house.happened, ev.Xrun("underrun"))


@pytest.mark.parametrize("scene", [_listen, _answer, _idle])
def test_what_comes_while_it_stops_has_it_begin_nothing(
    scene: Callable[[House, Person], Awaitable[None]],
) -> None:
    async def live() -> tuple[list[str], int]:
        begun: list[str] = []
        house.app.notifier.subscribe("the test", ev.Connect, lambda effect: begun.append("dialled"))
        before = len(asyncio.all_tasks())
        async with _stopping(house) as person:
            await scene(house, person)
            begun.clear()
        return begun, len(asyncio.all_tasks()) - before

    network = Network(lambda: Engines(lambda: ToneEar(SCRIPT), ToneVoice, Inline), [], 3600.0)
    with stage(1) as (loop, directory):
        house = House(configuration(directory, "none"), network.dial)
        assert loop.run_until_complete(live()) == ([], 0)
