"""The service without sound card and server still feeds its watchdog: it waits, it is not frozen."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

CONFIG = """
[sound]
microphone = "hw:31"
speaker = "hw:31"
[brain]
address = "unix:{folder}/nobody.sock"
[control]
socket = "{folder}/control.sock"
[state]
directory = "{folder}/state"
"""


def test_who_waits_for_card_and_server_is_not_frozen(tmp_path: Path) -> None:
    config = tmp_path / "voiced.toml"
    config.write_text(CONFIG.format(folder=tmp_path))
    env = {**os.environ, "NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "4500000"}
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "notify"))
        systemd.settimeout(30)
        service = subprocess.Popen([sys.executable, "-m", "daemon", "run", "--config", config], env=env)
        told: list[str] = []
        while told.count("WATCHDOG=1") < 3:
            told.append(systemd.recv(1000).decode())
        service.terminate()
        assert service.wait(10) == 0
    assert "READY=1" in told
    assert "STATUS=idle, connection waiting" in told
