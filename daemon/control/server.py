"""The unix socket behind `voiced status`, `press`, `ask` and the rest: JSON lines in both directions.

A request is `{"do": VERB, ...}`. Its answer is one line with `ok`; `watch` and a streaming `ask` send event
lines as well. Whoever may open the socket (0660) may do everything that the button does, and more.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeAlias

import msgspec

from daemon.errors import PeerError
from daemon.realtime.events import Json
from daemon.text.masking import Outlet
from daemon.text.printable import safe_json, to_json

log = logging.getLogger("voiced.control")

MAX_LINE_BYTES = 64 * 1024
MAX_LAG_BYTES = 2**20
MAX_CLIENTS = 32

TOO_MANY = f"{MAX_CLIENTS} programs use this socket already; end some of them."

Emit: TypeAlias = Callable[[Json], None]
Handler: TypeAlias = Callable[[Json, Emit], Awaitable[Json]]


class RequestError(PeerError):
    """A request that cannot be carried out; the message is a sentence for the client."""


class ControlServer:
    """Serves the socket. `handle` answers every verb but `watch`."""

    def __init__(self, path: str, handle: Handler, clock: Callable[[], float] = time.monotonic) -> None:
        self._path = path
        self._clock = clock
        self._handle = handle
        self._server: asyncio.Server | None = None
        self._watchers: set[asyncio.StreamWriter] = set()
        self.clients = 0
        self._outlet = Outlet()

    async def open(self) -> None:
        """Listen. Raises OSError where the path cannot be used."""
        path = Path(self._path)
        await _clear_stale(path)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._server = await asyncio.start_unix_server(self._client, path, limit=MAX_LINE_BYTES)
            os.chmod(path, 0o660)  # noqa: PTH101
        except OSError as error:
            why = os.strerror(error.errno) if error.errno else str(error)
            raise OSError(f"control.socket: {path} cannot be used ({why}); name another path.") from None

    async def close(self) -> None:
        """Stop listening and close every connection."""
        if self._server is None:
            return
        self._server.close()
        for writer in list(self._watchers):
            writer.close()
        with contextlib.suppress(OSError):
            Path(self._path).unlink()

    def publish(self, event: str, **fields: Any) -> None:
        """Send an event to every watcher."""
        if not self._watchers:
            return
        line = _line(self._outlet.masked({"t": self._clock(), "event": event, **fields}))
        for writer in list(self._watchers):
            self._write(writer, line)

    def _write(self, writer: asyncio.StreamWriter, line: bytes) -> None:
        """Send a line; a client that does not read is disconnected."""
        if writer.transport.get_write_buffer_size() > MAX_LAG_BYTES:
            self._watchers.discard(writer)
            writer.transport.abort()
        else:
            writer.write(line)

    async def _client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.clients += 1
        try:
            if self.clients > MAX_CLIENTS:
                log.warning("The control socket has %d clients; no more are served.", MAX_CLIENTS)
                writer.write(_line({"ok": False, "error": TOO_MANY}))
                return
            while line := await reader.readline():
                await self._serve(line, writer)
                await writer.drain()
        except (ConnectionError, ValueError, asyncio.LimitOverrunError):
            pass  # gone, or a line without an end
        finally:
            self.clients -= 1
            self._watchers.discard(writer)
            writer.close()

    async def _serve(self, line: bytes, writer: asyncio.StreamWriter) -> None:
        outlet = Outlet()

        def emit(event: Json) -> None:
            self._write(writer, _line(outlet.masked(event)))

        try:
            request = msgspec.json.decode(line, type=dict[str, Any])
            if request.get("do") == "watch":
                self._watchers.add(writer)
                emit({"ok": True})
            else:
                emit({"ok": True, **await self._handle(request, emit)})
        except (msgspec.DecodeError, RecursionError):
            emit({"ok": False, "error": 'Write one JSON object a line, such as {"do": "status"}.'})
        except RequestError as error:
            emit({"ok": False, "error": str(error)})


async def _clear_stale(path: Path) -> None:
    """Remove a socket file that no process listens on. Raises OSError if one does."""
    if not path.is_socket():
        return
    try:
        _, writer = await asyncio.open_unix_connection(path)
    except OSError:
        path.unlink()
        return
    writer.close()
    raise OSError(f"Another voiced listens on {path}; stop it, or set control.socket.")


def _line(message: Json) -> bytes:
    """A line that is safe to print on a terminal."""
    try:
        text = msgspec.json.encode(message).decode()
    except UnicodeEncodeError:  # a lone surrogate, as in the name of a file
        text = to_json(message)
    return safe_json(text).encode() + b"\n"
