"""The reference conversation: a turn with a tool, an answer, a barge-in, a text, a rotation, a turn."""

from __future__ import annotations

import asyncio
import contextlib
import random
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from daemon.brain.server.engine_pool import Engines
from daemon.core import events as ev
from tests.brain.scripted import ToneVoice
from tests.scenarios.faults.clock import Inline, VirtualLoop, virtual_time
from tests.scenarios.faults.house import House, Person, ToneEar, Utterance, configuration
from tests.scenarios.faults.network import Fault, Network
from tests.service.zoo import Character

SCRIPT = ["turn on the lamp", "what can you do", "turn off the lamp", "turn off the fan"]
TEXT = "turn on the fan"
SESSION_S = 120.0
SETTLE_S = 45.0
IN_MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None
"""As the runtime directory of the service is: on a disk, each turn would wait for it."""


@dataclass
class Run:
    """Everything that an auditor wants to see of one run."""

    faults: list[Fault]
    house: House
    network: Network
    ear: ToneEar
    said: list[Utterance]
    phases: list[tuple[float, str]] = field(default_factory=list)
    ended_at: float = 0.0
    tasks_left: int = 0
    lines_left: int = 0
    last_items: list[tuple[str, str]] = field(default_factory=list)

    def phase(self, at: float) -> str:
        """In which part of the conversation this was."""
        return [name for since, name in self.phases if since <= at][-1]


@contextlib.contextmanager
def stage(seed: int) -> Iterator[tuple[VirtualLoop, Path]]:
    """Virtual time, and a folder for what voiced keeps in files."""
    with virtual_time() as loop, tempfile.TemporaryDirectory(dir=IN_MEMORY) as directory:
        random.seed(seed)
        yield loop, Path(directory)


def play(
    faults: list[Fault],
    seed: int = 0,
    fallback: str = "none",
    character: type[Character] = Character,
    home: type[House] = House,
) -> Run:
    """Live through the reference conversation with these faults, and such a server."""
    ear = ToneEar(SCRIPT)
    network = Network(lambda: Engines(lambda: ear, ToneVoice, Inline), faults, SESSION_S, character)
    with stage(seed) as (loop, directory):
        house = home(configuration(directory, fallback), network.dial)
        run = Run(faults, house, network, ear, [])
        loop.run_until_complete(_live(run))
        return run


async def _live(run: Run) -> None:
    loop = asyncio.get_running_loop()
    house = run.house
    before = len(asyncio.all_tasks())
    living = asyncio.create_task(house.run())
    person = Person(house, run.said)

    def phase(name: str) -> None:
        run.phases.append((loop.time(), name))

    phase("start")
    await asyncio.sleep(1.0)
    await _converse(run, person, phase)
    phase("end")
    run.network.give_up_swaps()
    await asyncio.sleep(SETTLE_S)
    run.ended_at = loop.time()
    house.record.append((loop.time(), "end", {}))
    run.last_items, run.lines_left = items_of(run), len(run.network.live)
    living.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await living
    await asyncio.sleep(1.0)
    for line in run.network.live:
        line.end(1006)
    await asyncio.sleep(1.0)
    run.tasks_left = len(asyncio.all_tasks()) - before


async def _converse(run: Run, person: Person, phase: Callable[[str], None]) -> None:
    house = run.house
    phase("tool turn")
    await person.say(0, SCRIPT[0])
    await person.quiet()
    phase("answer")
    await person.say(1, SCRIPT[1])
    await person.until(lambda: house.machine.state == "speaking", 25.0)
    await asyncio.sleep(1.0)
    phase("barge-in")
    await person.say(2, SCRIPT[2])
    await person.quiet()
    phase("text")
    _, answer = house.requests.issue()
    house.happened(ev.TextAsked(TEXT, 1))
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(answer, 45.0)
    await person.quiet()
    phase("rotation")
    first = run.phases[0][0]
    await asyncio.sleep(max(0.0, first + SESSION_S + 5.0 - asyncio.get_running_loop().time()))
    phase("after")
    await person.say(3, SCRIPT[3])
    await person.quiet()


def items_of(run: Run) -> list[tuple[str, str]]:
    """What the model of the live session has before it: (role or type, text), in order."""
    sessions = [line.session for line in run.network.live if line.session is not None]
    if not sessions:
        return []
    found = []
    for entry in sessions[-1].conversation.entries:
        item = entry.item
        texts = [part.text or part.transcript or "" for part in item.content or []]
        found.append((item.role or item.type or "", " ".join(texts) or item.arguments or item.output or ""))
    return found
