"""How many functions a captured piece calls from microphone to wire: `python -m tests.bench.calls [--list]`.

The whole service, with sound in memory and a server that only greets. Counted are calls of Python functions,
the standard library's included, from the period that makes a piece of 40 ms complete to `send` of the
websocket; numpy's compiled code and the websocket itself are not.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import Any

import msgspec
import numpy as np

from daemon.config.loader import parse
from daemon.network.memory_socket import ClientEnd, MemoryLine, MemoryNetwork
from daemon.service.appliance import Appliance
from daemon.service.ports import real_ports
from hardware.gpio.virtual_board import VirtualBoard
from hardware.ports import Capture
from hardware.sound.memory_streams import PERIOD_FRAMES, MemoryCards, MemoryMicrophone

ROOT = Path(__file__).parents[2]
CONFIG = """
[realtime]
provider = "custom"
url = "ws://server/v1/realtime"
[button]
[control]
socket = "{folder}/control.sock"
[state]
directory = "{folder}"
[tools]
directory = "{folder}/none"
"""
WARM_PIECES = 5
PIECES = 10
_SILENCE = np.zeros(PERIOD_FRAMES, np.float32)
APPEND = b'"input_audio_buffer.append"'


class CountedEnd(ClientEnd):
    """`appended` is called when a piece comes to the wire."""

    def __init__(self, line: MemoryLine) -> None:
        super().__init__(line)
        self.appended: Callable[[], None] = lambda: None

    async def send(self, message: bytes, text: bool = True) -> None:
        if APPEND in message:
            self.appended()
        await super().send(message, text)


async def greet(connection: Any) -> None:
    """A server that greets and confirms settings."""
    await connection.send(_told("session.created", {"type": "realtime"}))
    async for frame in connection:
        if b'"session.update"' in frame:
            await connection.send(_told("session.updated", msgspec.json.decode(frame)["session"]))


def _told(kind: str, session: Any) -> str:
    return msgspec.json.encode({"type": kind, "session": session}).decode()


class HandMicrophone(MemoryMicrophone):
    """Delivers a period when it is told to."""

    def __init__(self, capture: Capture) -> None:
        super().__init__(capture, lambda number: _SILENCE)
        self.capture = capture

    def start(self) -> None:
        pass


class HandCards(MemoryCards):
    """A microphone that is moved by hand."""

    def microphone(self, capture: Capture) -> HandMicrophone:
        self.by_hand = HandMicrophone(capture)
        return self.by_hand


async def measure() -> Counter[str]:
    """The functions, and how often each was called for one piece."""
    with tempfile.TemporaryDirectory() as folder:
        config = parse(CONFIG.format(folder=folder), "calls")
        board = VirtualBoard(config)
        cards, line = HandCards(), MemoryLine()
        line.client = end = CountedEnd(line)
        network = MemoryNetwork(greet)

        async def dial(*_: object) -> ClientEnd:
            return network.connect(line)

        ports = replace(real_ports(config), sound=cards, board=lambda: board, transport=dial)
        app = Appliance(config, ports)
        running = asyncio.create_task(app.run())
        await _until(lambda: app.machine.link == "ready")
        board.press()
        await _until(lambda: app.machine.state == "listening")
        cards.by_hand.capture.frames(_SILENCE)  # the first piece is one period, and leaves at once
        await asyncio.sleep(0.1)
        counted: Counter[str] = Counter()
        for number in range(WARM_PIECES + PIECES):
            counted += await _piece(cards.by_hand.capture, end, number >= WARM_PIECES)
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running
    return Counter({name: round(calls / PIECES) for name, calls in counted.items() if calls >= PIECES / 2})


async def _piece(capture: Capture, end: CountedEnd, count: bool) -> Counter[str]:
    calls: Counter[str] = Counter()
    sent = asyncio.Event()

    def called(frame: FrameType, event: str, _: object) -> None:
        if event == "call":
            calls[f"{_shown(frame.f_code.co_filename)}: {frame.f_code.co_qualname}"] += 1

    def appended() -> None:
        sys.setprofile(None)
        sent.set()

    end.appended = appended
    capture.frames(_SILENCE)
    await asyncio.sleep(0.01)
    assert not sent.is_set()
    if count:
        sys.setprofile(called)
    capture.frames(_SILENCE)
    await sent.wait()
    return calls if count else Counter()


def _shown(file: str) -> str:
    path = Path(file)
    return str(path.relative_to(ROOT) if path.is_relative_to(ROOT) else path.name)


async def _until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(30.0):
        while not holds():  # noqa: ASYNC110
            await asyncio.sleep(0.005)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--list", action="store_true", help="print each function as well")
    calls = asyncio.run(measure())
    if parser.parse_args().list:
        for name, times in sorted(calls.items(), key=lambda each: (-each[1], each[0])):
            print(f"{times:>4} {name}")
    print(f"one captured piece from microphone to wire: {calls.total()} calls of Python functions")


if __name__ == "__main__":
    main()
