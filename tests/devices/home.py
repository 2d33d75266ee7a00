"""An appliance of declared devices: the real tools and limits, and a virtual board."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from datetime import datetime

from daemon.brain.nlu.grammar import Grammar
from daemon.devices import inventory
from daemon.devices.limiter import Devices
from daemon.devices.requests import DeviceAnswer, Request
from daemon.tools.builtin import builtin_tools
from daemon.tools.toolbox import Toolbox
from hardware.devices.kind import BoardConfig, Device
from hardware.gpio.virtual_board import VirtualBoard
from hardware.ports import PinError, Reading


class Home:
    """One request every hour; the device `broken` cannot be read."""

    def __init__(self, devices: Mapping[str, Device], has_button: bool = True) -> None:
        self.board = VirtualBoard(BoardConfig(devices=dict(devices)))
        self.limits = Devices(inventory.limits(devices))
        self.limits.start(0.0)
        self.now = 0.0
        self.volume = 95
        self.done: list[str] = []
        self.box = Toolbox(builtin_tools(devices, self, has_button, lambda: datetime(2026, 11, 21, 14, 5)))

    @property
    def grammar(self) -> Grammar:
        """What can be said to it."""
        return Grammar(self.box.schemas())

    async def ask(self, request: Request) -> DeviceAnswer:
        self.now += 3600.0
        answer, writes = self.limits.ask(request, self.now)
        for write in writes:
            self.board.write(write.device, write.value)
        return answer

    async def read(self, key: str) -> Reading:
        if key == "broken":
            raise PinError("devices.broken: the wire is cut: solder it.")
        return self.board.read(key)

    def set_volume(self, percent: int) -> None:
        self.volume = percent

    def mute(self) -> None:
        self.done.append("mute")

    def forget(self) -> None:
        self.done.append("forget")

    def call(self, name: str, **arguments: object) -> str:
        """The answer of a tool."""
        return asyncio.run(self.box.call(name, json.dumps(arguments)))

    def say(self, sentence: str) -> str:
        """The answer of the tools that a sentence calls."""
        meaning = self.grammar.understand(sentence)
        assert meaning is not None
        return " ".join(self.call(call.name, **call.arguments) for call in meaning.calls)
