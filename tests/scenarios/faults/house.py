"""The appliance in a virtual house: the real shell, a microphone and a speaker on virtual time, a person."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from daemon.brain.asr.recognizer import Mono16k, Recognition
from daemon.brain.nlu.grammar import Grammar, Meaning
from daemon.config.loader import parse
from daemon.config.model import Config
from daemon.core import events as ev
from daemon.service.appliance import Appliance
from daemon.service.audio_streams import CaptureStream, PlaybackStream
from hardware.gpio.virtual_board import VirtualBoard
from hardware.ports import Mono

RATE_HZ = 24_000
PERIOD_S = 0.02
PERIOD_FRAMES = int(RATE_HZ * PERIOD_S)
BASE_HZ, STEP_HZ = 300, 100
"""Utterance number n is a tone, so that what the brain got can be told apart and measured."""


class Microphone:
    """Delivers a tone while somebody speaks, silence else."""

    def __init__(self, lane: CaptureStream) -> None:
        self.beats = 0
        self.voice = -1
        self._lane = lane
        self._on = False
        self._due = 0.0
        self._frame = 0
        lane.opened(RATE_HZ)

    def start(self) -> None:
        if not self._on:
            self._on = True
            self._due = asyncio.get_running_loop().time()
            self._next()

    def stop(self) -> None:
        if self._on:
            self._on = False
            asyncio.get_running_loop().call_later(PERIOD_S / 2, self._lane.ended)

    def close(self) -> None:
        self._on = False

    def _period(self) -> None:
        if not self._on:
            return
        self._frame += 1
        self._lane.frames(_tone(self.voice, self._frame % 50))
        self._next()

    def _next(self) -> None:
        """A card keeps its pace, whoever is late."""
        self._due += PERIOD_S
        asyncio.get_running_loop().call_at(self._due, self._period)


class Speaker:
    """Takes what there is, a period at a time; `heard_s` is when it was not silent."""

    def __init__(self, lane: PlaybackStream) -> None:
        self.beats = 0
        self.heard: list[tuple[float, Mono]] = []
        self._lane = lane
        self._running = False
        lane.opened(RATE_HZ)

    def wake(self) -> None:
        if not self._running:
            self._running = True
            asyncio.get_running_loop().call_soon(self._period)

    def stop(self) -> None:
        asyncio.get_running_loop().call_later(PERIOD_S, self._lane.stopped, 0)

    def close(self) -> None:
        self._running = False

    def _period(self) -> None:
        loop = asyncio.get_running_loop()
        samples = self._lane.pull(PERIOD_FRAMES)
        self._lane.played(0)
        if samples is None:
            self._running = False
            return
        self.heard.append((loop.time(), samples))
        loop.call_later(PERIOD_S, self._period)


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

    def hear(self, samples: Mono16k, grammar: Grammar, pending: Meaning | None) -> Recognition:
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


class House(Appliance):
    """The real shell on a virtual board, with what it shows and does written down."""

    def __init__(self, config: Config) -> None:
        super().__init__(config)
        self.record: list[tuple[float, str, dict[str, Any]]] = []
        self.control.publish = self._publish  # type: ignore[method-assign]
        self.troubles: list[tuple[float, str]] = []
        self.dials: list[float] = []
        """When the server was dialled though nobody waited for it."""
        self.wanted_dials: list[float] = []

    def _publish(self, event: str, **fields: Any) -> None:
        self.record.append((self._loop.time(), event, fields))

    def _open_sound(self) -> None:
        self.microphone = Microphone(self.sound.microphone_lane)
        self.speaker = Speaker(self.sound.speaker_lane)
        self.sound.use(self.microphone, self.speaker)

    def _carry_out(self, effect: ev.Effect) -> None:
        if isinstance(effect, ev.UserAlert):
            self.troubles.append((self._loop.time(), effect.message))
        elif isinstance(effect, ev.Connect) and effect.place == "server":
            dials = self.dials if self.machine.state in ("idle", "muted") else self.wanted_dials
            dials.append(self._loop.time())
        super()._carry_out(effect)

    @property
    def board(self) -> VirtualBoard:
        """The virtual board, which has the button."""
        board = self._pins._board
        assert isinstance(board, VirtualBoard)
        return board

    def of(self, event: str) -> list[tuple[float, dict[str, Any]]]:
        """What was published under this name."""
        return [(at, fields) for at, name, fields in self.record if name == event]


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
        self.house.microphone.voice = number
        await asyncio.sleep(seconds)
        self.house.microphone.voice = -1
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


def configuration(directory: Path, fallback: str) -> Config:
    """A lamp and a fan, virtual; `fallback` is "offline" or "none"."""
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
""",
        "virtual house",
    )
