"""The service as it is installed, on a virtual card and virtual pins, and the hand and ear of who uses it."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
import time
import wave
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import numpy as np

from daemon.audio.pcm import from_pcm16
from daemon.commands.demo.virtualcard import VirtualCard
from daemon.control.client import ControlError, request, stream
from tests.scenarios.servers.script import SPOKEN, Json
from tests.scenarios.servers.server import Server
from tests.service.configuration import APPLIANCE, LAMPS

T = TypeVar("T")

CLIPS = Path(__file__).parents[2] / "brain/clips"
PATIENCE_S = 240.0
FRAME_MS = 10
LOUD = 10 ** (-45 / 20)
MIDDLE_S = 0.5

CONFIG = (
    """
[realtime]
provider = "custom"
url = "{url}"
key_file = "{folder}/key"
turn = "{style}"
fallback = "{fallback}"
max_wait_s = 120
[brain]
address = "unix:{folder}/brain.sock"
[debug]
wire_log = "{folder}/wire.jsonl"
[devices.fan]
kind = "pwm"
pin = 24
"""
    + LAMPS
    + APPLIANCE
    + 'earcons = "off"\n'
)


class BrokenError(Exception):
    """A promise does not hold; the message says which, and what was seen."""


def hold_true(holds: object, what: str) -> None:
    """Raises BrokenError."""
    if not holds:
        raise BrokenError(what)


class Household:
    """A running service. `turns` are the records of what was asked, oldest first."""

    def __init__(self, folder: Path, card: VirtualCard, server: Server, style: str) -> None:
        self.folder, self.card, self.server = folder, card, server
        self._control = folder / "control.sock"
        self.events: list[Json] = []
        self._config = folder / "voiced.toml"
        fallback = "none" if server.speaks else "offline"
        folder.joinpath("key").write_text(server.key)
        self._config.write_text(
            CONFIG.format(folder=folder, card=card, url=server.url, style=style, fallback=fallback)
        )
        self._processes = [self._start("brain", "--listen", f"unix:{folder}/brain.sock")]
        self._processes.append(self._start("run", "--config", str(self._config)))

    def _start(self, *command: str) -> subprocess.Popen[bytes]:
        words = [sys.executable, "-m", "daemon", *command]
        with self.folder.joinpath(f"{command[0]}.log").open("ab") as log:
            return subprocess.Popen(words, stdout=log, stderr=log, env={**os.environ, **self.card.env})

    def end(self) -> None:
        """The service first."""
        for process in reversed(self._processes):
            process.terminate()
            process.wait(30)

    # ------------------------------------------------------------ what it tells

    def watch(self) -> None:
        """Keep whatever the service tells from now on."""
        told = stream(self._control, "watch", None)
        next(told)
        threading.Thread(target=self._keep, args=(told,), daemon=True).start()

    def _keep(self, told: Iterator[Json]) -> None:
        try:
            self.events.extend(told)
        except ControlError:
            return

    @property
    def turns(self) -> list[Json]:
        """The records of the turns that are over."""
        return [event for event in list(self.events) if event.get("event") == "turn"]

    def status(self) -> Json:
        """What `voiced status` shows."""
        return request(self._control, "status")

    def ready(self) -> bool:
        """Is the server's session in use?"""
        return bool(self.status()["link"] == "ready")

    def brain_listens(self) -> bool:
        """Under systemd its socket is always there."""
        with socket.socket(socket.AF_UNIX) as probe:
            return probe.connect_ex(str(self.folder / "brain.sock")) == 0

    def wire(self, direction: str) -> list[Json]:
        """The events that were sent by `client` or `server`, each with its connection."""
        lines = self.folder.joinpath("wire.jsonl").read_text().splitlines()
        spoken = [json.loads(line) for line in lines]
        return [{**each["event"], "conn": each["conn"]} for each in spoken if each["dir"] == direction]

    def until(self, what: Callable[[], T], name: str) -> T:
        """The first true answer. Raises BrokenError."""
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            try:
                if answer := what():
                    return answer
            except ControlError:
                pass
            time.sleep(0.05)
        raise BrokenError(f"{name}: not in {PATIENCE_S:.0f} s")

    # ------------------------------------------------------------ the hand

    def turn(self, act: Callable[[], object], name: str) -> Json:
        """Do something, and return the record of the turn that it leads to."""
        before = len(self.turns)
        act()
        return self.until(lambda: self.turns[before:], name)[0]

    def press(self) -> None:
        """The button goes down."""
        request(self._control, "press")

    def release(self) -> None:
        """The button comes up."""
        request(self._control, "release")

    def say(self, text: str, meanwhile: Callable[[], object] = lambda: None) -> None:
        """Speak into the microphone, and do something in the middle of it."""
        self.server.will_hear(text)
        feeding = self.card.feed(CLIPS / f"{SPOKEN[text]}.wav")
        time.sleep(MIDDLE_S)
        meanwhile()
        feeding.wait()

    def say_holding(self, text: str, lingering_s: float = 0.0) -> None:
        """Press, speak, let go after a while."""
        self.press()
        self.say(text)
        time.sleep(lingering_s)
        self.release()

    def say_tapping(self, text: str) -> None:
        """A short press, then speak."""
        self.press()
        self.release()
        self.say(text)

    def type(self, text: str) -> None:
        """A typed question; its answer comes among the turns."""
        ask = {"do": "ask", "text": text}
        threading.Thread(target=self._ask, args=(ask,), daemon=True).start()

    def _ask(self, ask: Json) -> None:
        try:
            list(stream(self._control, **ask, limit_s=PATIENCE_S))
        except ControlError:
            return


@contextmanager
def household(folder: Path, card: VirtualCard, server: Server, style: str) -> Iterator[Household]:
    """Connected to the server; what its speaker plays goes to `speaker.wav`."""
    house = Household(folder, card, server, style)
    try:
        house.until(house.brain_listens, "the offline brain")
        house.until(house.ready, "the first connection")
        house.watch()
        with card.record("speaker", folder / "speaker.wav"):
            yield house
    finally:
        house.end()


def loud_ms(path: Path) -> int:
    """For how long there is sound in a recording."""
    with wave.open(str(path), "rb") as file:
        frame = file.getframerate() * FRAME_MS // 1000
        samples = from_pcm16(file.readframes(file.getnframes()))
    frames = samples[: len(samples) // frame * frame].reshape(-1, frame)
    return int(np.count_nonzero(np.sqrt(np.mean(frames**2, axis=1)) > LOUD)) * FRAME_MS
