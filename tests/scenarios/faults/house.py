"""The appliance in a virtual house: the real shell, sound in memory on virtual time, a person."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from daemon.brain.asr.recognizer import Mono16k, Recognition
from daemon.brain.nlu.grammar import Grammar, Meaning
from daemon.config.loader import parse
from daemon.config.model import Config
from daemon.core import events as ev
from daemon.service import subscribers
from daemon.service.appliance import Appliance
from daemon.service.ports import real_ports
from daemon.service.realtime_link import Dial, dial
from hardware.gpio.virtual_board import VirtualBoard
from hardware.ports import Mono
from hardware.sound.memory_streams import (
    PERIOD_FRAMES,
    RATE_HZ,
    MemoryCards,
    MemoryMicrophone,
    MemorySpeaker,
)

BASE_HZ, STEP_HZ = 300, 100
"""Utterance number n is a tone, so that what the brain got can be told apart and measured."""


@cache
def _tone(number: int, phase: int) -> Mono:
    if number < 0:
        return np.zeros(PERIOD_FRAMES, np.float32)
    t = (np.arange(PERIOD_FRAMES, dtype=np.float32) + phase * PERIOD_FRAMES) / RATE_HZ
    tone: Mono = (0.3 * np.sin(2 * np.pi * (BASE_HZ + STEP_HZ * number) * t)).astype(np.float32)
    return tone


class ToneEar:
    """Hears which utterance it is by its pitch, and how much of it there is."""

    def __init__(self, script: list[str]) -> None:
        self._script = script
        self.heard: list[tuple[int, float]] = []

    def prepare(self, grammar: Grammar) -> None:
        pass

    def recognize(self, samples: Mono16k, grammar: Grammar, pending: Meaning | None) -> Recognition:
        spectrum = np.abs(np.fft.rfft(samples))
        if not len(samples) or spectrum.max() < 10.0:
            return Recognition("", None, "refuse")
        peak_hz = int(spectrum.argmax()) * 16_000 / len(samples)
        number = round((peak_hz - BASE_HZ) / STEP_HZ)
        voiced_s = float(np.sum(np.abs(samples) > 0.01)) / 16_000
        self.heard.append((number, voiced_s))
        said = self._script[number] if 0 <= number < len(self._script) else ""
        meaning = grammar.understand(said) if said else None
        return Recognition(said, meaning, "sure" if meaning else "refuse")


class House:
    """The real shell on a virtual board, with what it shows and does written down."""

    def __init__(self, config: Config, transport: Dial = dial) -> None:
        self.voice = -1
        """The number of the utterance that is being spoken, -1 for silence."""
        self.record: list[tuple[float, str, dict[str, Any]]] = []
        self.troubles: list[tuple[float, str]] = []
        self.dials: list[float] = []
        """When the server was dialled though nobody waited for it."""
        self.wanted_dials: list[float] = []
        self.board = VirtualBoard(config)
        self._cards = MemoryCards(lambda number: self.sound(number))
        ports = real_ports(config)
        ports = replace(ports, sound=self._cards, board=lambda: self.board, transport=transport)
        self.app = Appliance(config, ports)
        self.run = self.app.run
        self.machine = self.app.machine
        self.requests = self.app.requests
        self.happened = self.app.api.happened
        self.failed = self.app.isolation.failed
        subscribers.watchers(self.app.notifier, self.publish)
        self.app.notifier.subscribe("the house", ev.UserAlert, self._alerted)
        self.app.notifier.subscribe("the house", ev.Connect, self._dialled)

    def sound(self, number: int) -> Mono:
        """What the microphone hears in its period of this number."""
        return _tone(self.voice, number % 50)

    @property
    def microphone(self) -> MemoryMicrophone:
        """There while the house is lived in."""
        return self._cards.opened_microphone

    @property
    def speaker(self) -> MemorySpeaker:
        """There while the house is lived in."""
        return self._cards.opened_speaker

    def publish(self, event: str, **fields: Any) -> None:
        """As whoever watches gets it."""
        self.record.append((time.monotonic(), event, fields))

    def of(self, event: str) -> list[tuple[float, dict[str, Any]]]:
        """What was published under this name."""
        return [(at, fields) for at, name, fields in self.record if name == event]

    def _alerted(self, alert: ev.UserAlert) -> None:
        self.troubles.append((time.monotonic(), alert.message))

    def _dialled(self, effect: ev.Connect) -> None:
        if effect.place == "server":
            dials = self.dials if self.machine.state in ("idle", "muted") else self.wanted_dials
            dials.append(time.monotonic())


@dataclass
class Utterance:
    """What a person said, and when."""

    number: int
    text: str
    pressed_at: float
    seconds: float
    released_at: float = 0.0


@dataclass
class Person:
    """Presses, speaks, waits, interrupts."""

    house: House
    said: list[Utterance] = field(default_factory=list)

    async def say(self, number: int, text: str, seconds: float = 1.5) -> None:
        """Hold the button and say something."""
        loop = asyncio.get_running_loop()
        utterance = Utterance(number, text, loop.time(), seconds)
        self.said.append(utterance)
        self.house.board.press()
        self.house.voice = number
        await asyncio.sleep(seconds)
        self.house.voice = -1
        await asyncio.sleep(0.1)
        self.house.board.release()
        utterance.released_at = loop.time()

    async def until(self, condition: Callable[[], bool], limit_s: float = 45.0) -> bool:
        """Wait for something, but not for ever."""
        loop = asyncio.get_running_loop()
        end = loop.time() + limit_s
        while loop.time() < end:
            if condition():
                return True
            await asyncio.sleep(0.05)
        return False

    async def quiet(self) -> bool:
        """Wait until nothing is going on."""
        await asyncio.sleep(0.2)
        return await self.until(lambda: self.house.machine.state == "idle")


def configuration(directory: Path, fallback: str, more: str = "") -> Config:
    """A lamp and a fan, virtual; `fallback` is "offline" or "none", and `more` tables."""
    return parse(
        f"""
[realtime]
provider = "custom"
url = "ws://brain/v1/realtime"
max_session_s = 120
fallback = "{fallback}"
[gpio]
backend = "virtual"
[button]
[lamps.status]
kind = "rgb"
pins = [1, 2, 3]
[devices.lamp]
kind = "relay"
pin = 5
min_interval_s = 0
[devices.fan]
kind = "relay"
pin = 6
min_interval_s = 0
[control]
socket = "{directory}/control.sock"
[state]
directory = "{directory}"
{more}
""",
        "virtual house",
    )
