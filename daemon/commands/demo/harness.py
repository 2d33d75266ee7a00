"""The test bench of the demo: a sound card, and the brain and the service as child processes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Self, get_args

from daemon.brain.engine_registry import RECOGNIZER, recognizer
from daemon.commands.demo.event_stream import EventStream
from daemon.commands.demo.virtualcard import Recording, Side, VirtualCard, read_wav
from daemon.config.draft import Draft
from daemon.control.client import ControlError, Json, request
from daemon.errors import DemoError

_START_LIMIT_S = 120.0
_END_LIMIT_S = 3.0
_HESITATION_S = 1.0


class HarnessError(DemoError):
    """A part of the demo is missing or does not start; the message is one sentence with the remedy."""


class Harness(ExitStack):
    """Runs the appliance for a `with` block.

    `folder` takes sockets and recordings (a short path, for unix sockets), `out` the logs. `card` is the ALSA
    name of a real card, None for a virtual one. Raises HarnessError and HardwareError.
    """

    def __init__(self, folder: Path, out: Path, card: str | None = None) -> None:
        super().__init__()
        self.stream = EventStream()
        self.recordings: dict[Side, Recording] = {}
        self._folder = folder
        self._out = out
        self._card = card
        self._virtual: VirtualCard | None = None
        self._control = folder / "control.sock"

    def __enter__(self) -> Self:
        if recognizer(RECOGNIZER).missing():
            raise HarnessError("The offline brain has no engines; `pip install 'voiced[offline]'`.")
        try:
            self._build()
        except BaseException:
            self.close()
            raise
        return self

    # ------------------------------------------------------------ actions

    def press(self) -> None:
        """Press the button."""
        request(self._control, "press")

    def release(self) -> None:
        """Release the button."""
        request(self._control, "release")

    def hear(self, path: Path) -> None:
        """Play a mono WAV file into the microphone in real time; with a real card, a person says it."""
        if self._virtual is not None:
            self._virtual.feed(path).wait()
        else:
            samples, rate_hz = read_wav(path)
            time.sleep(len(samples) / rate_hz + _HESITATION_S)

    def ask(self, text: str) -> Json:
        """Run a typed turn. Returns its record."""
        turn: Json = request(self._control, "ask", text=text)["turn"]
        return turn

    def status(self) -> Json:
        """The status of the service."""
        return request(self._control, "status")

    # ------------------------------------------------------------ setup

    def _build(self) -> None:
        names = (self._card, self._card)
        environment = dict(os.environ)
        if self._card is None:
            self._virtual = card = self.enter_context(VirtualCard())
            environment |= card.env
            names = (card.microphone, card.speaker)
            for side in get_args(Side):
                path = self._folder / f"{side}.wav"
                self.recordings[side] = self.enter_context(card.record(side, path))
        self._start_brain(environment)
        self._start_service(environment, *names)

    def _start_brain(self, environment: Mapping[str, str]) -> None:
        socket, log = self._folder / "brain.sock", self._folder / "brain.log"
        command = ("brain", "--listen", f"unix:{socket}", "--engine", RECOGNIZER)
        child = self._start(command, environment, log)
        _await(child, log, "the brain", socket.exists)

    def _start_service(
        self, environment: Mapping[str, str], microphone: str | None, speaker: str | None
    ) -> None:
        config, log = self._folder / "demo.toml", self._out / "journal.log"
        values = {
            "brain.address": f"unix:{self._folder / 'brain.sock'}",
            "control.socket": str(self._control),
            "debug.wire_log": str(self._out / "wire.jsonl"),
            "log.transcripts": True,
            "sound.microphone": microphone,
            "sound.speaker": speaker,
            "state.directory": str(self._folder),
            "tools.directory": str(self._folder / "tools.d"),
        }
        config.write_text(substituted(_template().read_text(), values))
        child = self._start(("run", "--config", str(config)), environment, log)
        _await(child, log, "the service", lambda: self._link() != "")
        self.stream.follow(self._control)
        _await(child, log, "the service", lambda: self._link() == "ready")

    def _link(self) -> str:
        """The state of the connection; empty while the service does not answer, even if the socket exists."""
        with suppress(ControlError):
            return str(self.status()["link"])
        return ""

    def _start(
        self, command: Sequence[str], environment: Mapping[str, str], log: Path
    ) -> subprocess.Popen[bytes]:
        with log.open("wb") as file:
            child = subprocess.Popen(
                [sys.executable, "-m", "daemon", *command],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=file,
            )
        self.callback(_end, child)
        return child


def substituted(text: str, values: Mapping[str, object]) -> str:
    """A TOML text with other values for some keys ("section.key"), comments and order kept.

    Raises KeyError for a key that the text does not set.
    """
    draft = Draft(text, "demo.toml")
    for path, value in values.items():
        section, _, key = path.rpartition(".")
        if not draft.sets(section, key):
            raise KeyError(path)
        draft.set(section, key, json.dumps(value))
    return draft.text


def _template() -> Path:
    beside = Path(__file__).parents[3] / "deploy" / "demo.toml"
    return beside if beside.exists() else Path(sys.prefix) / "share" / "voiced" / "demo.toml"


def _end(child: subprocess.Popen[bytes]) -> None:
    child.terminate()
    try:
        child.wait(_END_LIMIT_S)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


def _await(child: subprocess.Popen[bytes], log: Path, who: str, ready: Callable[[], bool]) -> None:
    until = time.monotonic() + _START_LIMIT_S
    while not ready():
        if child.poll() is not None:
            raise HarnessError(f"{who.capitalize()} has ended at once; its last output: {_last_line(log)}")
        if time.monotonic() > until:
            late = f"is not ready after {_START_LIMIT_S:g} s"
            raise HarnessError(f"{who.capitalize()} {late}; last: {_last_line(log)}")
        time.sleep(0.05)


def _last_line(log: Path) -> str:
    lines = log.read_text(errors="replace").strip().splitlines()
    return lines[-1] if lines else "none"
