"""A day in the virtual house: a turn every 90 s, each audited, and what the process holds after each."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from msgspec import structs

from daemon.brain.server.engine_pool import Engines
from daemon.config.model import Config
from daemon.core import events as ev
from daemon.core.history.history import History, lines
from tests.brain.scripted import ToneVoice
from tests.scenarios.faults.audit import outcome, too_many
from tests.scenarios.faults.clock import Inline
from tests.scenarios.faults.house import House, Person, ToneEar, configuration
from tests.scenarios.faults.story import Run, stage
from tests.scenarios.soak.gauge import Holding, forget_what_is_there, holding
from tests.scenarios.soak.weather import HOUR_S, Weather

TURN_EVERY_S = 90.0
SESSION_S = 3600.0
ROTATE_AFTER_S = 3300.0
SCRIPT = [
    "turn on the lamp",
    "what time is it",
    "turn on the fan",
    "what can you do",
    "toggle the lamp",
    "turn off the fan",
]
LONG, CURT = 3, 5
"""Which of these has a long answer, and with which it is interrupted."""
PATTERN = ["spoken", "spoken", "spoken", "interrupted", "spoken", "spoken", "spoken", "typed"]
GRACE_S = 75.0
"""A rotation has so long to be made, from the soft limit to the hard one."""


@dataclass
class Hour:
    """What came of one hour."""

    number: int
    turns: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    seamless: int = 0
    broken: int = 0
    reconnects: int = 0
    attempts: int = 0
    faults: int = 0
    holds: Holding | None = None
    complaints: list[str] = field(default_factory=list)


class Household(House):
    """Counts how sessions follow each other."""

    def __init__(self, config: Config, weather: Weather) -> None:
        super().__init__(config, weather.dial)
        self.hour = Hour(0)
        self._weather = weather
        self._ready_at = 0.0
        self.app.notifier.subscribe("the hour", ev.Disconnected, self._ended)
        self.app.notifier.subscribe("the hour", ev.Disconnect, self._left_on_purpose)
        self.app.notifier.subscribe("the hour", ev.LinkChanged, self._moved)

    def _ended(self, event: ev.Disconnected) -> None:
        if event.code == 1001 and time.monotonic() - self._ready_at > SESSION_S - 1.0:
            self._left(seamless=False, how="the session was used until it expired")

    def _left_on_purpose(self, effect: ev.Disconnect) -> None:
        if effect.why is ev.NewSession.EXPIRING:
            self._left(self.machine.link == "ready", "the old session was left before the new one was there")

    def _moved(self, effect: ev.LinkChanged) -> None:
        if effect.link == "ready":
            self._ready_at = time.monotonic()
            self.hour.reconnects += 1

    def _left(self, seamless: bool, how: str) -> None:
        """A session has come to its end by its age."""
        if seamless:
            self.hour.seamless += 1
            return
        self.hour.broken += 1
        if time.monotonic() - self._weather.hurt_at > GRACE_S:
            self.hour.complaints.append(f"{how}, and no fault was to blame")

    @property
    def unsent(self) -> int:
        """Events that wait for their connections."""
        return self.app.link.unsent


def live(hours: int, seed: int, faults_an_hour: int, fallback: str) -> Iterator[Hour]:
    """The hours one by one, each when it is over. Until the last, `time.monotonic` tells their time."""
    ear = ToneEar(SCRIPT)
    weather = Weather(lambda: Engines(lambda: ear, ToneVoice, Inline), SESSION_S, seed)
    with stage(seed) as (loop, directory), contextlib.ExitStack() as stack:
        stack.callback(gc.unfreeze)
        _remember_a_long_conversation(directory)
        house = Household(_configuration(directory, fallback), weather)
        day = _Day(Run([], house, weather, ear, []), weather, house)
        loop.run_until_complete(day.begin(faults_an_hour))
        for number in range(1, hours + 1):
            yield loop.run_until_complete(day.hour(number))
        loop.run_until_complete(day.end())


def _configuration(directory: Path, fallback: str) -> Config:
    config = configuration(directory, fallback)
    return structs.replace(config, realtime=structs.replace(config.realtime, max_session_s=ROTATE_AFTER_S))


def _remember_a_long_conversation(directory: Path) -> None:
    """The ledger is full from the start, so that it does not fill up while growth is measured."""
    ledger = History()
    for number in range(200):
        ledger.user("", f"turn on the lamp, please, for the {number}th time")
        ledger.assistant(f"item_{number}", "The lamp is on.")
    kept = directory / "conversation" / "ledger.jsonl"
    kept.parent.mkdir()
    kept.write_bytes(lines(ledger.whole()))


class _Day:
    def __init__(self, run: Run, weather: Weather, house: Household) -> None:
        self._run = run
        self._weather = weather
        self._house = house
        self._turns = 0
        self._presses: list[float] = []
        self._tasks: list[asyncio.Task[None]] = []

    async def begin(self, faults_an_hour: int) -> None:
        forget_what_is_there()
        self._tasks.append(asyncio.create_task(self._house.run()))
        await asyncio.sleep(5.0)
        self._tasks.append(asyncio.create_task(self._weather.blow(faults_an_hour)))

    async def end(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.wait(self._tasks)
        for line in self._weather.live:
            line.end(1006)
        await asyncio.sleep(1.0)

    async def hour(self, number: int) -> Hour:
        """An hour of turns."""
        hour = self._house.hour = Hour(number)
        loop = asyncio.get_running_loop()
        dials, strikes = len(self._weather.dials), self._weather.faults
        for _ in range(round(HOUR_S / TURN_EVERY_S)):
            next_at = loop.time() + TURN_EVERY_S
            await self._turn(hour)
            await asyncio.sleep(next_at - loop.time() - 1.0)
            self._audit(hour)
            await asyncio.sleep(next_at - loop.time())
        hour.attempts = len(self._weather.dials) - dials
        hour.faults = self._weather.faults - strikes
        self._audit_attempts(hour)
        return hour

    # ------------------------------------------------------------ one turn

    async def _turn(self, hour: Hour) -> None:
        self._clear()
        kind = PATTERN[self._turns % len(PATTERN)]
        number = self._turns % len(SCRIPT)
        self._turns += 1
        person = Person(self._house, self._run.said)
        if kind == "typed":
            await self._type(hour, SCRIPT[number])
        elif kind == "interrupted":
            await person.say(LONG, SCRIPT[LONG])
            if await person.until(lambda: self._house.machine.state == "speaking", 15.0):
                await asyncio.sleep(1.0)
                await person.say(CURT, SCRIPT[CURT])
        else:
            await person.say(number, SCRIPT[number])

    async def _type(self, hour: Hour, text: str) -> None:
        house = self._house
        self._presses.append(asyncio.get_running_loop().time())
        request_id, answer = house.requests.issue()
        house.happened(ev.TextAsked(text, request_id))
        turn: dict[str, Any] = {}
        with contextlib.suppress(TimeoutError):
            turn = await asyncio.wait_for(answer, TURN_EVERY_S - 10.0)
        hour.turns += 1
        if not turn or not (turn["heard_ms"] or turn["trouble"]):
            hour.outcomes["lost"] += 1
            hour.complaints.append(f"{text!r}, typed in turn {self._turns}, was lost")
        else:
            hour.outcomes["told" if turn["trouble"] else "answered"] += 1

    def _clear(self) -> None:
        """What the test itself writes down must not grow."""
        house, run = self._house, self._run
        for each in (house.record, house.troubles, house.speaker.heard, run.ear.heard, run.said):
            each.clear()
        self._weather.tidy()

    # ------------------------------------------------------------ the promises

    def _audit(self, hour: Hour) -> None:
        run, house = self._run, self._house
        hour.turns += len(run.said)
        for utterance in run.said:
            self._presses.append(utterance.pressed_at)
            became = outcome(run, utterance)
            hour.outcomes[became] += 1
            if became in ("lost", "clipped"):
                hour.complaints.append(f"{utterance.text!r} at {utterance.pressed_at:.0f} s was {became}")
        calls = Counter((call["name"], call["arguments"]) for _, call in house.of("tool"))
        hour.complaints += [f"{name} ran {times} times" for (name, _), times in calls.items() if times > 1]
        if len(house.of("device")) > len(house.of("tool")):
            hour.complaints.append("an output was set more often than a tool was called")
        if house.machine.state != "idle":
            hour.complaints.append(f"stuck in the state {house.machine.state}")
        self._clear()
        self._measure(hour)

    def _measure(self, hour: Hour) -> None:
        """What a session has been told grows with its age, and is the brain's: it is not counted."""
        if self._house.machine.link != "ready":
            return
        sessions = [line.session for line in self._weather.live if line.session is not None]
        now = holding(self._house.unsent, (session.conversation.entries for session in sessions))
        hour.holds = now if hour.holds is None else hour.holds.least(now)

    def _audit_attempts(self, hour: Hour) -> None:
        """The attempts to connect of this hour: not too many for nobody, nor for somebody who waits."""
        since = asyncio.get_running_loop().time() - HOUR_S - 60.0
        house = self._house
        for times in (house.dials, house.wanted_dials, self._presses):
            times[:] = [at for at in times if at > since]
        hour.complaints += too_many(house.dials, house.wanted_dials, self._presses)
