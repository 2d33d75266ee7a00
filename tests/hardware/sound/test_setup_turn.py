"""The wizard from its first question to a turn, with the real service; a script stands for systemctl."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from daemon.commands import setup
from daemon.commands.demo.virtualcard import VirtualCard
from daemon.commands.setup.storage import Places
from daemon.commands.setup.trials import tones
from daemon.config.loader import load
from daemon.control.client import ControlError, request

CLIP = Path(__file__).parents[2] / "brain/clips/flite-slt_cmd00.wav"

CONFIG = """
[sound]
microphone = "virtualmic"
speaker = "virtualspeaker"
[button]
pin = 17
[brain]
address = "unix:{folder}/brain.sock"
[control]
socket = "{folder}/control.sock"
[state]
directory = "{folder}/state"
[tools]
directory = "{folder}/tools"
"""
SYSTEMCTL = """#!/bin/sh
echo "$*" >> {folder}/systemctl.log
case "$2" in
  restart)
    {python} -m daemon run --config {folder}/etc/voiced/voiced.toml > {folder}/log 2>&1 &
    echo $! > {folder}/pid ;;
esac
"""


@pytest.fixture
def folder(tmp_path: Path, card: VirtualCard, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    (tmp_path / "etc/voiced").mkdir(parents=True)
    (tmp_path / "etc/voiced/voiced.toml").write_text(CONFIG.format(folder=tmp_path))
    script = tmp_path / "systemctl"
    script.write_text(SYSTEMCTL.format(folder=tmp_path, python=sys.executable))
    script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    brain = subprocess.Popen(
        [sys.executable, "-m", "daemon", "brain", "--listen", f"unix:{tmp_path}/brain.sock"]
    )
    yield tmp_path
    brain.terminate()
    brain.wait()
    with suppress(ProcessLookupError, FileNotFoundError):
        os.kill(int((tmp_path / "pid").read_text()), 15)


def press(folder: Path, card: VirtualCard, content: threading.Event) -> None:
    """What the hand of the owner does; again if the machine stalled and nothing came of it."""
    socket = folder / "control.sock"
    limit = time.monotonic() + 60
    while time.monotonic() < limit:
        with suppress(ControlError):
            if request(socket, "status")["link"] == "ready":
                break
        time.sleep(0.1)
    for _ in range(3):
        content.wait(0.5)  # the wizard says what to do
        request(socket, "press")
        card.feed(CLIP).wait()
        request(socket, "release")
        if content.wait(15.0):
            return
        print("the machine stalled: pressed once more")


@pytest.mark.parametrize(
    ("turn", "how"),
    [
        ("hold", 'Now hold the button, say "what time is it", and let go.\n'),
        ("tap", 'Now tap the button, and say "what time is it".\n'),
        ("open", 'Now tap the button, and say "what time is it".\n'),
    ],
    ids=["hold", "tap", "open"],
)
def test_enter_three_times_and_a_press(
    turn: str,
    how: str,
    folder: Path,
    card: VirtualCard,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with (folder / "etc/voiced/voiced.toml").open("a") as file:
        file.write(f'[realtime]\nturn = "{turn}"\n')
    # A device, then: heard, no more devices, offline.
    monkeypatch.setattr("sys.stdin", io.StringIO("\npwm lamp 22\n\n\n"))
    voice = card.feed(np.tile(tones(24_000), 8))
    content = threading.Event()
    hand = threading.Thread(target=press, args=(folder, card, content))
    hand.start()
    assert setup.run(None, None, places=Places(folder)) == 0
    content.set()
    hand.join()
    voice.wait()
    said = capsys.readouterr().out
    assert how in said
    assert "heard: turn on the lamp" in said
    # A machine that stalls loses sound; the brain asks then, and is right to.
    assert "answered: The lamp is on." in said or "answered: The lamp, on?" in said
    assert said.endswith("It works.\n")
    assert list(load(folder / "etc/voiced/voiced.toml").devices) == ["lamp"]
