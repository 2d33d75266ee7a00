"""The process of voiced-tools.service: starts a child for each connection, and ends it with the connection.

With its first byte a client passes two descriptors for the child: its channel and its output. The reply is
one sentence: how the child ended. The process exits when it is not needed.
"""

from __future__ import annotations

import os
import selectors
import socket
import subprocess
from contextlib import suppress

from daemon.extensions import spawn

MAX_CHILDREN = 32
IDLE_TIMEOUT_S = 60.0
_FIRST_INHERITED_FD = 3


class _Seat:
    """One connection and its child."""

    def __init__(self, connection: socket.socket, selector: selectors.BaseSelector, free: bool) -> None:
        self._connection = connection
        self._selector = selector
        self._free = free
        self._child: subprocess.Popen[bytes] | None = None
        self._pidfd = -1
        self.empty = False
        connection.setblocking(False)
        selector.register(connection, selectors.EVENT_READ, self._heard)

    def _heard(self) -> None:
        """Handle the first message, which starts the child; any later one ends it."""
        if self.empty:
            return
        try:
            _, fds, *_ = socket.recv_fds(self._connection, 1, 2)
        except OSError:
            fds = []
        if self._child is not None:
            self._selector.unregister(self._connection)
            spawn.kill(self._child)
        elif len(fds) == 2 and self._free:
            self._begin(*fds)
        else:
            self._leave("its process was not started: there are too many")
        for fd in fds:
            os.close(fd)

    def _begin(self, channel: int, output: int) -> None:
        try:
            self._child, self._pidfd = spawn.start(channel, output)
        except OSError as error:
            self._leave(f"its process cannot be started ({error.strerror})")
            return
        self._selector.register(self._pidfd, selectors.EVENT_READ, self._ended)

    def _ended(self) -> None:
        assert self._child is not None
        spawn.kill(self._child)
        self._selector.unregister(self._pidfd)
        os.close(self._pidfd)
        self._leave(spawn.how_it_ended(spawn.reap(self._child)))

    def _leave(self, how: str) -> None:
        with suppress(OSError):
            self._connection.send(how.encode())
        with suppress(KeyError):
            self._selector.unregister(self._connection)
        self._connection.close()
        self.empty = True


def serve(listener: socket.socket, idle_timeout_s: float = IDLE_TIMEOUT_S) -> None:
    """Serve until there was no client for so long."""
    seats: list[_Seat] = []
    with selectors.DefaultSelector() as selector:

        def accept() -> None:
            with suppress(OSError):
                seats.append(_Seat(listener.accept()[0], selector, len(seats) < MAX_CHILDREN))

        listener.setblocking(False)
        selector.register(listener, selectors.EVENT_READ, accept)
        while ready := selector.select(None if seats else idle_timeout_s):
            for key, _ in ready:
                key.data()
            seats = [seat for seat in seats if not seat.empty]


if __name__ == "__main__":
    serve(socket.socket(fileno=_FIRST_INHERITED_FD))
