"""The process of voiced-tools.service, here without systemd: children come and go with their connections."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from daemon.extensions.launch import UnitProcess
from daemon.extensions.server import MAX_CHILDREN
from tests.extensions.rig import GOOD, alive, put, rigged, run, tool_of

SERVE = (
    "import socket, sys\n"
    "from daemon.extensions.server import serve\n"
    "serve(socket.socket(fileno=int(sys.argv[1])), float(sys.argv[2]))"
)


class Server:
    """The process, and the way to have a child started by it."""

    def __init__(self, path: str, patience_s: float) -> None:
        self.path = path
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(path)
            listener.listen()
            command = [sys.executable, "-c", SERVE, str(listener.fileno()), str(patience_s)]
            self.process = subprocess.Popen(command, pass_fds=(listener.fileno(),))

    def launch(self, channel: int, output: int) -> UnitProcess:
        return UnitProcess(self.path, channel, output)

    def children(self) -> list[int]:
        pid = self.process.pid
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]

    def client(self) -> socket.socket:
        """Somebody else, who may say anything."""
        client = socket.socket(socket.AF_UNIX)
        client.settimeout(20)
        client.connect(self.path)
        return client


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    server = Server(str(tmp_path / "tools.sock"), 60.0)
    yield server
    server.process.kill()
    server.process.wait()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "tools.d"
    folder.mkdir()
    return folder


def test_a_child_lives_with_its_connection_and_the_service_has_none_of_its_own(
    server: Server, folder: Path
) -> None:
    put(folder, "good.py", GOOD)

    async def main() -> int:
        async with rigged(folder, server.launch) as rig:
            pid = await rig.greeting()
            assert server.children() == [pid]
            return pid

    assert not alive(run(main()))


ENDS = {
    "os._exit(3)": "its process ended with status 3",
    "ctypes.string_at(0)": "its process was ended by SIGSEGV",
    "while True: pass": "misbehave took longer than 1 seconds and was ended",
}


@pytest.mark.parametrize("body", ENDS)
def test_how_it_ended_comes_back_and_another_is_started(server: Server, folder: Path, body: str) -> None:
    put(folder, "bad.py", tool_of(body, "timeout_s=1") + GOOD)

    async def main() -> None:
        async with rigged(folder, server.launch) as rig:
            before = await rig.greeting()
            assert ENDS[body] in await rig.call("misbehave")
            assert await rig.greeting() != before

    run(main())


def test_a_server_that_is_killed_takes_its_children_along_and_that_is_told(
    server: Server, folder: Path
) -> None:
    put(folder, "good.py", GOOD)

    async def main() -> None:
        async with rigged(folder, server.launch) as rig:
            pid = await rig.greeting()
            server.process.send_signal(signal.SIGKILL)
            await rig.until(lambda: not alive(pid))
            told = "tools.sock: Connection refused, run `systemctl restart voiced-tools.socket`"
            await rig.until(lambda: told in rig.extensions.status()["good.py"])
            assert "no process can be started for it" in rig.extensions.status()["good.py"]

    run(main())


def test_whoever_says_nothing_or_nonsense_holds_up_nobody(server: Server, folder: Path) -> None:
    put(folder, "good.py", GOOD)
    with server.client(), server.client() as nonsense, server.client() as half:
        nonsense.send(b"hello")
        socket.send_fds(half, [b"\0"], [0])
        assert b"its process was not started" in nonsense.recv(256)
        assert b"its process was not started" in half.recv(256)

        async def main() -> None:
            async with rigged(folder, server.launch) as rig:
                await rig.greeting()

        run(main())


def test_it_leaves_when_nobody_is_there(tmp_path: Path, folder: Path) -> None:
    server = Server(str(tmp_path / "impatient.sock"), 0.5)
    put(folder, "good.py", GOOD)

    async def main() -> None:
        async with rigged(folder, server.launch) as rig:
            await rig.greeting()

    run(main())
    assert server.process.wait(20) == 0


def test_no_more_than_so_many_children(server: Server) -> None:
    async def main() -> None:
        ours, theirs = socket.socketpair()
        with ours, theirs:
            processes = [server.launch(theirs.fileno(), theirs.fileno()) for _ in range(MAX_CHILDREN + 1)]
            too_many = await processes[-1].ended
            assert too_many == "its process was not started: there are too many"
            assert len(server.children()) == MAX_CHILDREN
            for process in processes:
                process.kill()
            assert {await process.ended for process in processes[:-1]} == {"its process was ended by SIGKILL"}

    run(main())
