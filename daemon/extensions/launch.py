"""Starts children: of this process when run by hand, under systemd of the tools' own unit."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol, TypeAlias

from daemon.extensions import spawn

SOCKET_VARIABLE = "VOICED_TOOLS_SOCKET"
"""The socket of the unit; set only in voiced.service."""


class ChildProcess(Protocol):
    """A child of this process or of the unit. The result of `ended` is a sentence that says how."""

    ended: asyncio.Future[str]

    def kill(self) -> None:
        """Kill it and its process group."""


Launch: TypeAlias = Callable[[int, int], ChildProcess]
"""Starts a child with a channel and an output pipe. Raises OSError."""


def usual() -> Launch:
    """How this process starts children."""
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
        """Kill it and its process group."""
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
        """Kill it and its process group."""
        with suppress(OSError):
            self._connection.shutdown(socket.SHUT_WR)

    def _over(self) -> None:
        how = b""
        with suppress(OSError):
            how = self._connection.recv(256)
        self._loop.remove_reader(self._connection)
        self._connection.close()
        self.ended.set_result(how.decode(errors="replace") or "voiced-tools.service has ended")
