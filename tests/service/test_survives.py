"""What is wrong in the owner's files costs the part that it concerns, and the service goes on and says so."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from daemon.control.client import Json, request
from tests.service.parrot import Parrot
from tests.service.test_service import start, wait_for

CONFIG = """
[realtime]
provider = "custom"
url = "{url}"
fallback = "none"
key_file = "{folder}/key"
{realtime}
[sound]
microphone = "no-such-card"
speaker = "no-such-card"
[gpio]
backend = "virtual"
[brain]
address = "{address}"
[control]
socket = "{folder}/control.sock"
[state]
directory = "{folder}/state"
[tools]
directory = "{folder}/tools.d"
[debug]
wire_log = "{wire_log}"
"""


class Running:
    """A service without a card and without pins."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.log = folder / "stderr"

    def status(self) -> Json:
        return request(self._folder / "control.sock", "status")

    def says(self, words: str) -> bool:
        return bool(wait_for(lambda: words in self.log.read_text()))


@contextmanager
def running(folder: Path, config: str, **values: str) -> Iterator[Running]:
    filled = {"folder": str(folder), "realtime": "", "address": "127.0.0.1:1", "wire_log": "", **values}
    (folder / "voiced.toml").write_text(config.format(**filled))
    service = Running(folder)
    process = start("run", "--config", str(folder / "voiced.toml"), log=service.log)
    try:
        wait_for(lambda: service.status()["state"] == "idle")
        yield service
        assert process.poll() is None
    finally:
        process.terminate()
        _ended(process)


def _ended(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@pytest.fixture
def parrot() -> Parrot:
    return Parrot("heard", "note", {}, "said", "odd")


def test_a_wire_log_that_cannot_be_written_costs_the_wire_log_alone(tmp_path: Path, parrot: Parrot) -> None:
    with (
        parrot.listening() as url,
        running(tmp_path, CONFIG, url=url, wire_log="/nowhere/wire.jsonl") as service,
    ):
        wait_for(lambda: service.status()["link"] == "ready")
        assert service.says("There is no wire log: debug.wire_log cannot be written (")


@pytest.mark.parametrize("address", ["8765", "ws://[::1", "unix:"])
def test_an_address_of_the_brain_that_is_none_costs_the_brain_alone(tmp_path: Path, address: str) -> None:
    config = CONFIG.replace('provider = "custom"\nurl = "{url}"\n', 'provider = "offline"\n')
    with running(tmp_path, config, address=address) as service:
        assert service.says("connection: The connection is down (brain.address: ")
        assert service.status()["link"] != "ready"
        time.sleep(1)
        log = service.log.read_text()
    assert log.count("brain.address") == 1
    assert "Traceback" not in log


def test_a_key_that_is_none_is_no_header_and_told_each_time_it_is_another(
    tmp_path: Path, parrot: Parrot
) -> None:
    (tmp_path / "key").write_text("sk-1\r\nEvil: yes")
    with parrot.listening() as url, running(tmp_path, CONFIG, url=url) as service:
        wait_for(lambda: service.status()["link"] == "ready")
        assert service.says("is no key (there are 2 lines in it); write the key alone, on one line")
        (tmp_path / "key").write_text("two words")
        parrot.hang_up()
        assert service.says("is no key (there is a blank in it); write the key alone, on one line")
        wait_for(lambda: service.status()["link"] == "ready")
        (tmp_path / "key").write_bytes(
            b"\xff\xfe" + 'export OPENAI_API_KEY="sk-right-0123"\r\n'.encode("utf-16-le")
        )
        parrot.hang_up()
        wait_for(lambda: "Bearer sk-right-0123" in parrot.headers)
        log = service.log.read_text()
    assert not any("Evil" in each or "two" in each for each in parrot.headers)
    assert "Evil" not in log
    assert log.count("is no key") == 2


def test_a_cloud_without_a_key_says_so_before_it_refuses(tmp_path: Path) -> None:
    config = CONFIG.replace('provider = "custom"', 'provider = "azure"')
    with running(tmp_path, config, url="ws://127.0.0.1:1") as service:
        assert service.says(f"realtime.key_file: {tmp_path}/key is not there; write the key alone into it")
        assert service.says("There is no key, and the cloud will refuse us")
