"""The test bench of the demo: a sound card, and the brain and the service as child processes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import get_args

from daemon.brain.engine_registry import RECOGNIZER, recognizer
from daemon.commands.demo.event_stream import EventStream
from daemon.commands.demo.virtualcard import Recording, Side, VirtualCard, read_wav
from daemon.config.draft import Draft
from daemon.control.client import ControlError, Json, request
from daemon.errors import DemoError

_BRAIN_LIMIT_S = 120.0
_READY_LIMIT_S = 120.0
_END_LIMIT_S = 3.0
_HESITATION_S = 1.0


class HarnessError(DemoError):
    """A part of the demo is missing or does not start; the message is one sentence with the remedy."""


class Harness:
    """Runs the appliance for a `with` block.

    `folder` takes sockets and recordings (a short path, for unix sockets), `out` the logs. `card` is the ALSA
    name of a real card, None for a virtual one. Raises HarnessError and HardwareError.
    """

    def __init__(self, folder: Path, out: Path, card: str | None = None) -> None:
        self.story = EventStream()
        self.recordings: dict[Side, Recording] = {}
        self._folder = folder
        self._out = out
        self._card = card
        self._virtual: VirtualCard | None = None
        self._stack = ExitStack()

    def __enter__(self) -> Harness:
        if recognizer(RECOGNIZER).missing():
            raise HarnessError("The offline brain has no engines; `pip install 'voiced[offline]'`.")
        with ExitStack() as stack:
            self._build(stack)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

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

    def sound_file(self, side: Side) -> Path:
        """The path of the recording of this side."""
        return self._folder / f"{side}.wav"

    @property
    def _control(self) -> Path:
        return self._folder / "control.sock"

    def _build(self, stack: ExitStack) -> None:
        names = (self._card, self._card)
        environment = dict(os.environ)
        if self._card is None:
            self._virtual = card = stack.enter_context(VirtualCard())
            environment |= card.env
            names = (card.microphone, card.speaker)
            for side in get_args(Side):
                self.recordings[side] = stack.enter_context(card.record(side, self.sound_file(side)))
        self._start_brain(stack, environment)
        self._start_service(stack, environment, *names)

    def _start_brain(self, stack: ExitStack, environment: Mapping[str, str]) -> None:
        socket, log = self._folder / "brain.sock", self._folder / "brain.log"
        command = ("brain", "--listen", f"unix:{socket}", "--engine", RECOGNIZER)
        child = _start(stack, command, environment, log)
        _await(child, log, _BRAIN_LIMIT_S, "the brain", socket.exists)

    def _start_service(
        self, stack: ExitStack, environment: Mapping[str, str], microphone: str | None, speaker: str | None
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
        child = _start(stack, ("run", "--config", str(config)), environment, log)
        _await(child, log, _READY_LIMIT_S, "the service", self._answers)
        self.story.follow(self._control)
        _await(child, log, _READY_LIMIT_S, "the service", self._is_ready)

    def _answers(self) -> bool:
        # The socket exists a moment before the service listens.
        with suppress(ControlError):
            return bool(self.status())
        return False

    def _is_ready(self) -> bool:
        with suppress(ControlError):
            return bool(self.status().get("link") == "ready")
        return False


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


def _start(
    stack: ExitStack, command: tuple[str, ...], environment: Mapping[str, str], log: Path
) -> subprocess.Popen[bytes]:
    with log.open("wb") as file:
        child = subprocess.Popen(
            [sys.executable, "-m", "daemon", *command],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=file,
        )
    stack.callback(_end, child)
    return child


def _end(child: subprocess.Popen[bytes]) -> None:
    child.terminate()
    try:
        child.wait(_END_LIMIT_S)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


def _await(
    child: subprocess.Popen[bytes], log: Path, limit_s: float, who: str, ready: Callable[[], bool]
) -> None:
    until = time.monotonic() + limit_s
    while not ready():
        if child.poll() is not None:
            raise HarnessError(f"{who.capitalize()} has ended at once; its last words: {_last_line(log)}")
        if time.monotonic() > until:
            raise HarnessError(
                f"{who.capitalize()} is not ready after {limit_s:g} s; last: {_last_line(log)}"
            )
        time.sleep(0.05)


def _last_line(log: Path) -> str:
    lines = log.read_text(errors="replace").strip().splitlines()
    return lines[-1] if lines else "none"
