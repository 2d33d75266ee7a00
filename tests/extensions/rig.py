"""A folder of the owner's files, and real children for them."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

from daemon.extensions.launch import Launch, LocalProcess
from daemon.extensions.supervisor import Extensions
from daemon.extensions.worker import Timeouts
from daemon.tools.toolbox import Toolbox

T = TypeVar("T")
PATIENCE_S = 30.0

HEADER = "import asyncio, ctypes, os, signal, sys, threading, time\nfrom daemon.tools import tool\n"
GOOD = '''
@tool
def greet() -> str:
    """Greet."""
    return f"hello from {os.getpid()}"
'''


CHANNEL = '''
def write(data):
    """To every socket that this process has: the channel."""
    for fd in map(int, os.listdir("/proc/self/fd")):
        try:
            if os.readlink(f"/proc/self/fd/{fd}").startswith("socket"):
                for at in range(0, len(data), 4096):
                    os.write(fd, data[at:at + 4096])
        except (FileNotFoundError, BlockingIOError):
            continue
'''


def put(folder: Path, name: str, text: str, header: str = HEADER) -> Path:
    """A file of the owner's, whose first line of text is line 3."""
    folder.chmod(0o755)
    path = folder / name
    path.write_text(header + text.lstrip("\n"))
    path.chmod(0o644)
    return path


def tool_of(body: str, options: str = "", kind: str = "def") -> str:
    """A tool `misbehave` that does this."""
    lines = "\n".join(f"    {line}" for line in body.strip().splitlines())
    return f'@tool({options})\n{kind} misbehave() -> str:\n    """Misbehave."""\n{lines}\n    return "done"\n'


class Rig:
    """The owner's tools at work; `told` counts how often they changed."""

    def __init__(self, folder: Path, launch: Launch, timeouts: Timeouts) -> None:
        self.told = 0
        self.extensions = Extensions(folder, {"taken"}, launch, self._changed, timeouts)
        self.box = Toolbox([], self.extensions)

    def _changed(self) -> None:
        self.told += 1

    @property
    def names(self) -> list[str]:
        """The tools that are offered."""
        return [schema["name"] for schema in self.extensions.schemas()]

    async def call(self, name: str, arguments: str = "{}") -> str:
        """What the model reads."""
        return await self.box.call(name, arguments)

    async def until(self, what: Callable[[], Any]) -> Any:
        """The first true answer."""
        async with asyncio.timeout(PATIENCE_S):
            while not (answer := what()):  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        return answer

    async def greeting(self) -> int:
        """What another file's tool answers, in its usual way: the process that it runs in."""
        await self.until(lambda: "greet" in self.names)
        answer = await self.call("greet")
        assert answer.startswith("hello from "), answer
        return int(answer.split()[-1])

    async def loaded(self, name: str = "misbehave") -> None:
        """Until a tool is offered."""
        await self.until(lambda: name in self.names)


@asynccontextmanager
async def rigged(folder: Path, launch: Launch = LocalProcess, **timeouts: float) -> AsyncIterator[Rig]:
    """The owner's tools for the time of this block; afterwards no child is left."""
    rig = Rig(folder, launch, Timeouts(**{"pause_s": 0.05, "goodbye_s": PATIENCE_S, **timeouts}))
    rig.extensions.open()
    try:
        yield rig
    finally:
        await rig.extensions.aclose()


def run(awaitable: Awaitable[T]) -> T:
    """On a loop of its own."""

    async def main() -> T:
        return await awaitable

    return asyncio.run(main())


def alive(pid: int) -> bool:
    """Is there such a process, and no zombie?"""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def children() -> list[int]:
    """Those of ours that an owner's file runs in."""
    pids = map(int, Path(f"/proc/self/task/{os.getpid()}/children").read_text().split())
    return [pid for pid in pids if b"daemon.extensions.stub" in Path(f"/proc/{pid}/cmdline").read_bytes()]
