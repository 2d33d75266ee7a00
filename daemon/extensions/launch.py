"""How a child is started: by hand as a plain child of this process, under systemd by the tools' own unit."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol, TypeAlias

from daemon.extensions import spawn

SOCKET_VARIABLE = "VOICED_TOOLS_SOCKET"
"""Where the unit listens: set in voiced.service, and nowhere else."""


class ChildProcess(Protocol):
    """A child of ours or of the unit's. `ended` becomes a sentence, how it did."""

    ended: asyncio.Future[str]

    def kill(self) -> None:
        """End it with all that it has started in its group."""


Launch: TypeAlias = Callable[[int, int], ChildProcess]
"""Start a child with a channel and a place to print to. Raises OSError."""


def usual() -> Launch:
    """The way that this process starts its children."""
    path = os.environ.get(SOCKET_VARIABLE)
    return (lambda channel, output: UnitProcess(path, channel, output)) if path else LocalProcess


class LocalProcess:
    """A child of this process."""

    def __init__(self, channel: int, output: int) -> None:
        self._child, self._pidfd = spawn.start(channel, output)
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._pidfd, self._over)
        self.ended: asyncio.Future[str] = self._loop.create_future()

    def kill(self) -> None:
        """End it with all that it has started in its group."""
        if not self.ended.done():
            spawn.kill(self._child)

    def _over(self) -> None:
        self._loop.remove_reader(self._pidfd)
        os.close(self._pidfd)
        spawn.kill(self._child)
        self.ended.set_result(spawn.how_it_ended(spawn.reap(self._child)))


class UnitProcess:
    """A child of the process in voiced-tools.service (see `server`)."""

    def __init__(self, path: str, channel: int, output: int) -> None:
        self._loop = asyncio.get_running_loop()
        self._connection = socket.socket(socket.AF_UNIX)
        try:
            self._connection.setblocking(False)
            self._connection.connect(path)
            socket.send_fds(self._connection, [b"\0"], [channel, output])
        except OSError as error:
            self._connection.close()
            remedy = "run `systemctl restart voiced-tools.socket`"
            raise OSError(error.errno, f"{path}: {error.strerror}, {remedy}") from error
        self._loop.add_reader(self._connection, self._over)
        self.ended: asyncio.Future[str] = self._loop.create_future()

    def kill(self) -> None:
        """End it with all that it has started in its group."""
        with suppress(OSError):
            self._connection.shutdown(socket.SHUT_WR)

    def _over(self) -> None:
        how = b""
        with suppress(OSError):
            how = self._connection.recv(256)
        self._loop.remove_reader(self._connection)
        self._connection.close()
        self.ended.set_result(how.decode(errors="replace") or "voiced-tools.service has ended")
