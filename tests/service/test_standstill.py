"""A suspended sink, a server that stands still, a microphone that is none: told, and no hold on the end."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from daemon.commands.demo.virtualcard import VirtualCard
from daemon.control.client import request, stream
from tests.hardware.sound.sound_server import pactl, standing_still
from tests.service.test_service import CONFIG, OFFLINE, Service, start, wait_for

LONG = "It speaks for a while, " * 12
LEAVES_WITHIN_S = 2.0


@pytest.fixture
def card() -> Iterator[VirtualCard]:
    """Of its own: it is suspended and stopped."""
    with VirtualCard() as card:
        yield card


@pytest.fixture
def service(tmp_path: Path, card: VirtualCard) -> Iterator[Service]:
    service = Service(tmp_path, card, f"unix:{tmp_path}/brain.sock", "hold", OFFLINE)
    wait_for(lambda: service.status()["link"] == "ready")
    yield service
    service.end()


@contextmanager
def speaking(service: Service) -> Iterator[Iterator[dict[str, Any]]]:
    """A long answer is on its way to the speaker; what is told meanwhile."""
    events = stream(service.socket, "watch", 60.0)
    assert next(events)["ok"]
    with socket.socket(socket.AF_UNIX) as asker:
        asker.connect(str(service.socket))
        asker.sendall(json.dumps({"do": "say", "text": LONG}).encode() + b"\n")
        wait_for(lambda: service.status()["state"] == "speaking")
        yield events


def leaves(process: subprocess.Popen[bytes]) -> None:
    """SIGTERM, and it is gone within the time that was promised. A stall of the machine may add as much."""
    begun = time.monotonic()
    process.terminate()
    assert process.wait(2 * LEAVES_WITHIN_S) == 0
    print(f"gone after {time.monotonic() - begun:.2f} s")


def test_a_suspended_sink_is_told_and_the_turn_ends_with_its_trouble(
    service: Service, card: VirtualCard
) -> None:
    with speaking(service) as events:
        pactl(card, "suspend-sink", "speaker", "1")
        fault = wait_for(lambda: service.status()["faults"].get("speaker"))
        assert "stands still" in fault
        turn = next(event for event in events if event["event"] == "turn")
    assert "could not be played" in turn["trouble"]
    assert turn["heard_ms"] < 5_000
    pactl(card, "suspend-sink", "speaker", "0")
    wait_for(lambda: not service.status()["faults"])
    assert service.next_turn(lambda: service.voiced("say", "Here again."))["heard_ms"] > 300


def test_a_sound_server_that_stands_still_is_told_and_holds_up_no_end(
    service: Service, card: VirtualCard
) -> None:
    with speaking(service), standing_still(card):
        assert "stands still" in wait_for(lambda: service.status()["faults"].get("speaker"))
        service.voiced("stop")
        time.sleep(3.0)  # the thread hangs in a call by now
        assert service.status()["state"] == "idle"
        leaves(service.process)
        assert "stopping" in (service.folder / "service.log").read_text()


def test_a_press_beside_a_server_that_stands_still_is_told_while_the_button_is_down(
    service: Service, card: VirtualCard
) -> None:
    with standing_still(card):
        service.voiced("press")
        assert "stands still" in wait_for(lambda: service.status()["faults"].get("microphone"))
        assert service.status()["state"] == "listening"
        told = service.next_turn(lambda: service.voiced("release"))
        assert "The microphone is not available" in told["trouble"]
        assert service.status()["state"] == "idle"
    wait_for(lambda: not service.status()["faults"])


def test_a_service_that_starts_beside_a_server_that_stands_still_answers_and_leaves(
    tmp_path: Path, card: VirtualCard
) -> None:
    path = tmp_path / "voiced.toml"
    path.write_text(
        CONFIG.format(folder=tmp_path, card=card, brain=f"unix:{tmp_path}/no", turn="hold", server=OFFLINE)
    )
    with standing_still(card):
        env = {**os.environ, **card.env}
        process = start("run", "--config", str(path), log=tmp_path / "service.log", env=env)
        try:
            told = wait_for(lambda: len(request(tmp_path / "control.sock", "status")["faults"]) == 2)
            assert told
        finally:
            leaves(process)


@pytest.mark.parametrize("device", ["null", "from_file"])
def test_a_microphone_without_a_clock_is_told_and_costs_no_memory(tmp_path: Path, device: str) -> None:
    (tmp_path / "asound.conf").write_text(
        "</usr/share/alsa/alsa.conf>\n"
        "pcm.from_file { type file slave.pcm null file /dev/null infile /dev/zero format raw }\n"
    )

    class Card:
        microphone, speaker = device, "null"

    path = tmp_path / "voiced.toml"
    path.write_text(
        CONFIG.format(folder=tmp_path, card=Card, brain=f"unix:{tmp_path}/no", turn="hold", server=OFFLINE)
    )
    env = {**os.environ, "ALSA_CONFIG_PATH": str(tmp_path / "asound.conf")}
    process = start("run", "--config", str(path), log=tmp_path / "service.log", env=env)
    control = tmp_path / "control.sock"
    try:
        faults = wait_for(lambda: request(control, "status")["faults"])
        assert f"microphone {device} gives sound faster than time passes" in faults["microphone"]
        before_mb = request(control, "status")["rss_mb"]
        request(control, "press")
        time.sleep(1.0)
        request(control, "release")
        wait_for(lambda: request(control, "status")["state"] == "idle")
        status = request(control, "status")
        assert status["rss_mb"] < before_mb + 20
        assert "microphone" in status["faults"]
        log = (tmp_path / "service.log").read_text()
        assert log.count("gives sound faster than time passes") == 1
        assert "The microphone is not available" in log
    finally:
        leaves(process)
