"""kill -9 in the middle of a tool: the next process knows that it may have been done, and does it no more."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from daemon.commands.demo.virtualcard import VirtualCard
from daemon.control.client import request
from daemon.core.history.history import MAY_BE_DONE
from tests.service.configuration import APPLIANCE, RUNTIME
from tests.service.parrot import Parrot
from tests.service.test_service import start, wait_for

TOOL = '''
import time
from pathlib import Path
from daemon.tools import tool

@tool(timeout_s=30)
def open_valve(seconds: int) -> str:
    """Open the valve."""
    with Path("{folder}/done").open("a") as file:
        file.write("opened ")
    time.sleep(seconds)
    return "The valve was open."
'''
CONFIG = """
[realtime]
provider = "custom"
url = "{url}"
fallback = "none"
[debug]
wire_log = "{folder}/wire.jsonl"
""" + APPLIANCE.replace(*RUNTIME)


class Service:
    """Processes that are ended whatever happens."""

    def __init__(self, folder: Path, card: VirtualCard) -> None:
        self.socket = folder / "run/control.sock"
        self._log, self._env = folder / "log", {**os.environ, **card.env}
        self._started: list[subprocess.Popen[bytes]] = []

    def start(self, *command: str) -> subprocess.Popen[bytes]:
        process = start(*command, log=self._log, env=self._env)
        self._started.append(process)
        return process

    def end(self) -> None:
        for process in self._started:
            process.terminate()
            process.wait(10)


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    with VirtualCard() as card:
        service = Service(tmp_path, card)
        (tmp_path / "voiced.toml").write_text(CONFIG.format(url="{url}", folder=tmp_path, card=card))
        yield service
        service.end()


def test_a_call_that_a_crash_cut_off_is_told_as_maybe_done_and_never_run_again(
    tmp_path: Path, service: Service
) -> None:
    for name in ("tools.d", "run"):
        (tmp_path / name).mkdir()
    (tmp_path / "tools.d/valve.py").write_text(TOOL.replace("{folder}", str(tmp_path)))
    config = tmp_path / "voiced.toml"
    with Parrot("", "open_valve", {"seconds": 20}, "It is open.", "").listening() as url:
        config.write_text(config.read_text().replace("{url}", url))
        first = service.start("run", "--config", str(config))
        wait_for(lambda: request(service.socket, "status")["link"] == "ready")
        wait_for(lambda: any("open_valve" in line for line in wire(tmp_path)))
        service.start("ask", "water the garden", "--socket", str(service.socket))
        wait_for((tmp_path / "done").exists)
        first.kill()
        first.wait(10)
        (tmp_path / "wire.jsonl").unlink()
        service.start("run", "--config", str(config))
        wait_for(lambda: any(MAY_BE_DONE in line for line in wire(tmp_path)))
        items = [json.loads(line)["event"].get("item", {}) for line in wire(tmp_path)]
        calls = [item for item in items if item.get("type") == "function_call"]
        assert [(call["name"], call["arguments"]) for call in calls] == [("open_valve", '{"seconds": 20}')]
        service.end()
    assert (tmp_path / "done").read_text() == "opened "


def wire(folder: Path) -> list[str]:
    path = folder / "wire.jsonl"
    return path.read_text().splitlines() if path.exists() else []
