"""The brain leaves when nobody has been there for a while, if systemd will start it again."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from websockets.asyncio.client import unix_connect

from daemon.brain.server.server import IdleMonitor

LEAVE_S = 0.3
# systemd hands over its socket as the first descriptor after stderr, and says so to this process alone.
ACTIVATED = """
import os, sys
os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()))
os.execv(sys.executable, [sys.executable, "-m", "daemon", *sys.argv[1:]])
"""


def test_it_is_lonely_only_after_the_last_has_gone() -> None:
    async def scenario() -> None:
        on_idle = asyncio.Event()
        idle = IdleMonitor(LEAVE_S, on_idle.set)
        idle.wait()
        with idle.client():
            with idle.client():
                await asyncio.sleep(2 * LEAVE_S)
            await asyncio.sleep(2 * LEAVE_S)
            assert not on_idle.is_set()
        assert not on_idle.is_set()
        await asyncio.wait_for(on_idle.wait(), 10)

    asyncio.run(scenario())


@pytest.mark.parametrize("activated", [True, False])
def test_only_a_brain_that_a_socket_has_started_leaves(tmp_path: Path, activated: bool) -> None:
    path = str(tmp_path / "brain.sock")
    options = ["brain", "--listen", f"unix:{path}", "--idle-exit", str(LEAVE_S)]
    if not activated:
        brain = subprocess.Popen([sys.executable, "-m", "daemon", *options])
        with pytest.raises(subprocess.TimeoutExpired):
            brain.wait(2.5)
        brain.terminate()
        brain.wait()
        return
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(path)
        listening.listen()
        for _ in range(2):
            brain = subprocess.Popen(
                [sys.executable, "-c", ACTIVATED, *options],
                preexec_fn=lambda: os.dup2(listening.fileno(), 3),
                close_fds=False,
            )
            assert "session.created" in asyncio.run(greeting(path))
            brain.wait(30)


async def greeting(path: str) -> str:
    async with unix_connect(path, "ws://localhost/v1/realtime") as connection:
        return str(await connection.recv())
