"""The service and the brain as two processes, on a virtual sound card, by both kinds of socket."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from daemon.commands.demo.virtualcard import VirtualCard
from daemon.control.client import ControlError, request, stream
from tests.service.configuration import APPLIANCE, LAMPS

CLIP = Path(__file__).parents[1] / "brain/clips/flite-slt_cmd00.wav"
CONFIG = (
    """
[realtime]
{server}
turn = "{turn}"
[brain]
address = "{brain}"
[debug]
wire_log = "{folder}/wire.jsonl"
[devices.heater]
kind = "relay"
pin = 23
[devices.fan]
kind = "pwm"
pin = 24
[devices.door]
kind = "button"
pin = 25
"""
    + LAMPS
    + APPLIANCE
)


OFFLINE = 'provider = "offline"'
NOBODY = 'provider = "custom"\nurl = "ws://127.0.0.1:1/v1/realtime"'


def start(*command: str, log: Path, env: dict[str, str] | None = None) -> subprocess.Popen[bytes]:
    with log.open("ab") as stderr:
        return subprocess.Popen([sys.executable, "-m", "daemon", *command], stderr=stderr, env=env)


def wait_for(what: Callable[[], Any], patience_s: float = 40.0) -> Any:
    """The first true answer; a control socket that is not there yet is no answer."""
    end = time.monotonic() + patience_s
    while time.monotonic() < end:
        try:
            if answer := what():
                return answer
        except ControlError:
            pass
        time.sleep(0.05)
    raise AssertionError("it did not happen in time")


@pytest.fixture(scope="module")
def card() -> Iterator[VirtualCard]:
    with VirtualCard() as card:
        yield card


class Service:
    """A running service with its brain."""

    def __init__(self, folder: Path, card: VirtualCard, brain: str, turn: str, server: str) -> None:
        self.folder, self.card = folder, card
        self.socket = folder / "control.sock"
        config = folder / "voiced.toml"
        config.write_text(CONFIG.format(folder=folder, card=card, brain=brain, turn=turn, server=server))
        listen = brain.removeprefix("ws://").removesuffix("/v1/realtime")
        env = {**os.environ, **card.env}
        self.brain = start("brain", "--listen", listen, log=folder / "brain.log")
        self._config, self._env = str(config), env
        self.process = self._run()

    def status(self) -> dict[str, Any]:
        return request(self.socket, "status")

    def voiced(self, *words: str) -> str:
        """The command line, as a hand would type it."""
        command = [sys.executable, "-m", "daemon", *words, "--socket", str(self.socket)]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    def next_turn(self, act: Callable[[], object]) -> dict[str, Any]:
        """Do something and return the record of the turn that it leads to."""
        events = stream(self.socket, "watch", 60.0)
        assert next(events)["ok"]
        act()
        return next(event for event in events if event.get("event") == "turn")

    def _run(self) -> subprocess.Popen[bytes]:
        return start("run", "--config", self._config, log=self.folder / "service.log", env=self._env)

    def crash(self) -> None:
        """Die without a word, and be started anew."""
        self.process.kill()
        self.process.wait(10)
        self.process = self._run()

    def end(self) -> None:
        for process in (self.process, self.brain):
            process.terminate()
            process.wait(10)


@pytest.fixture
def serve(tmp_path: Path, card: VirtualCard) -> Iterator[Callable[..., Service]]:
    services: list[Service] = []

    def make(brain: str, turn: str = "hold", server: str = OFFLINE, link: str = "ready") -> Service:
        service = Service(tmp_path, card, brain, turn, server)
        services.append(service)
        wait_for(lambda: service.status()["link"] == link)
        return service

    yield make
    for service in services:
        service.end()


def spoken_turn(service: Service) -> dict[str, Any]:
    def act() -> None:
        service.voiced("press")
        service.card.feed(CLIP).wait()
        service.voiced("release")

    return service.next_turn(act)


def test_a_crash_does_not_end_the_conversation(serve: Callable[..., Service], tmp_path: Path) -> None:
    service = serve(f"unix:{tmp_path}/brain.sock")
    service.voiced("ask", "turn on the lamp")
    kept = tmp_path / "conversation" / "ledger.jsonl"
    wait_for(kept.exists)
    (tmp_path / "wire.jsonl").unlink()
    service.crash()
    wait_for(lambda: service.status()["link"] == "ready")
    events = [json.loads(line)["event"] for line in (tmp_path / "wire.jsonl").read_text().splitlines()]
    items = [event["item"] for event in events if event["type"] == "conversation.item.create"]
    assert [item.get("role") or item["type"] for item in items] == [
        "user",
        "function_call",
        "function_call_output",
        "assistant",
        "system",
    ]
    assert "The lamp is off." in items[-1]["content"][0]["text"]


def unused() -> str:
    """An address of this machine that nobody listens at."""
    with socket.create_server(("127.0.0.1", 0)) as bound:
        return f"127.0.0.1:{bound.getsockname()[1]}"


@pytest.mark.parametrize("kind", ["unix", "tcp"])
def test_a_spoken_command_moves_the_lamp(serve: Callable[..., Service], tmp_path: Path, kind: str) -> None:
    service = serve(f"unix:{tmp_path}/brain.sock" if kind == "unix" else f"ws://{unused()}/v1/realtime")
    turn = spoken_turn(service)
    assert [(call["name"], json.loads(call["arguments"])) for call in turn["tool_calls"]] == [
        ("set_device", {"device": "lamp", "state": "on"})
    ]
    assert turn["reply"] == "The lamp is on."
    assert turn["heard_ms"] > 500
    assert service.status()["devices"]["lamp"] == 1.0


def test_with_the_cloud_out_of_reach_the_brain_steps_in_and_moves_the_lamp(
    serve: Callable[..., Service], tmp_path: Path
) -> None:
    service = serve(f"unix:{tmp_path}/brain.sock", server=NOBODY, link="waiting")
    events = stream(service.socket, "watch", 60.0)
    assert next(events)["ok"]
    service.voiced("press")
    service.card.feed(CLIP).wait()
    service.voiced("release")
    seen: list[tuple[str, Any]] = []
    for event in events:
        seen.append((event["event"], event.get("state", event.get("name"))))
        if event["event"] == "turn":
            break
    places = [seen.index(each) for each in (("link", "fallback"), ("device", "lamp"), ("state", "speaking"))]
    assert places == sorted(places)
    assert event["reply"] == "The lamp is on."


def test_in_the_style_tap_the_brains_own_voice_detection_ends_the_turn(
    serve: Callable[..., Service], tmp_path: Path
) -> None:
    service = serve(f"unix:{tmp_path}/brain.sock", "tap")

    def act() -> None:
        service.voiced("press")
        service.voiced("release")
        service.card.feed(CLIP).wait()

    turn = service.next_turn(act)
    assert turn["reply"] == "The lamp is on."


def test_the_service_outlives_its_brain_and_ends_at_once_with_safe_outputs(
    serve: Callable[..., Service], tmp_path: Path
) -> None:
    service = serve(f"unix:{tmp_path}/brain.sock")
    service.voiced("ask", "turn on the lamp")
    assert service.status()["devices"]["lamp"] == 1.0
    service.brain.kill()
    service.brain.wait()
    wait_for(lambda: service.status()["link"] == "waiting")
    service.brain = start("brain", "--listen", f"unix:{tmp_path}/brain.sock", log=tmp_path / "brain.log")
    wait_for(lambda: service.status()["link"] == "ready", 60.0)
    assert json.loads(service.voiced("status", "--json"))["devices"]["lamp"] == 1.0
    service.process.terminate()
    assert service.process.wait(2.0) == 0
    assert not service.socket.exists()


def test_the_wire_of_a_turn_satisfies_the_oracle(serve: Callable[..., Service], tmp_path: Path) -> None:
    from tests.realtime.oracle import violations

    service = serve(f"unix:{tmp_path}/brain.sock")
    spoken_turn(service)
    service.voiced("ask", "what time is it")
    said = service.next_turn(lambda: service.voiced("say", "Dinner is ready."))
    assert (said["source"], said["reply"]) == ("say", "Dinner is ready.")
    lines = (tmp_path / "wire.jsonl").read_text().splitlines()
    assert len(lines) > 50
    assert violations(lines) == []


def test_without_card_or_server_the_service_stays_and_says_why(tmp_path: Path) -> None:
    absent = SimpleNamespace(microphone="hw:99", speaker="no_such_card")
    config = tmp_path / "voiced.toml"
    nobody = "ws://127.0.0.1:1/v1/realtime"
    config.write_text(CONFIG.format(folder=tmp_path, card=absent, brain=nobody, turn="hold", server=OFFLINE))
    process = start("run", "--config", str(config), log=tmp_path / "service.log")
    try:
        faults = wait_for(lambda: request(tmp_path / "control.sock", "status")["faults"])
        wait_for(lambda: len(request(tmp_path / "control.sock", "status")["faults"]) == 2)
        assert all("hw:99" in fault or "no_such_card" in fault for fault in faults.values())
        assert request(tmp_path / "control.sock", "status")["link"] in ("waiting", "connecting")
        request(tmp_path / "control.sock", "press")
        time.sleep(0.4)
        request(tmp_path / "control.sock", "release")
        wait_for(lambda: request(tmp_path / "control.sock", "status")["state"] == "idle")
        assert process.poll() is None
    finally:
        process.terminate()
        assert process.wait(5) == 0
