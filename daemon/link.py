"""The websocket: moves frames, knows no meaning.

One `Link` serves one connection at a time; a new `open` leaves the one before. What arrives is decoded and
handed on in order, what is sent goes out in order, and every event may be written to the wire log.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import time
from collections.abc import Callable
from typing import Any, TypeAlias

import msgspec
from websockets.asyncio.client import ClientConnection, connect, unix_connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus, InvalidURI

from daemon.codec import Junk, decode_server, encode
from daemon.core.events import Connected, Disconnected, Received
from daemon.protocol import MAX_FRAME_BYTES, ClientEvents, Role
from daemon.providers import Endpoint

log = logging.getLogger("voiced.link")

OPEN_S = 10.0
PING_S = 20.0
CLOSE_S = 0.5

LinkEvent: TypeAlias = Connected | Received | Disconnected


class WireLog:
    """JSON lines of every event; headers and keys never come near it."""

    def __init__(self, path: str) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600) if path else -1

    def write(self, conn: int, role: Role, frame: bytes) -> None:
        """One event, as it was on the wire. A disk that refuses ends the log, not the conversation."""
        try:
            self._append(conn, role, frame)
        except OSError as error:
            log.warning("The wire log ends here (%s).", error)
            self.close()

    def _append(self, conn: int, role: Role, frame: bytes) -> None:
        if self._file >= 0:
            stamp = f'{{"t":{time.monotonic():.6f},"conn":{conn},"dir":"{role}","event":'
            os.write(self._file, stamp.encode() + frame.replace(b"\n", b" ") + b"}\n")

    def close(self) -> None:
        """No more events."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1


class Link:
    """Opens, sends, closes; tells what happens by `tell`, always from the event loop."""

    def __init__(
        self, endpoint: Callable[[], Endpoint], tell: Callable[[LinkEvent], None], wire: WireLog
    ) -> None:
        self.junk_frames = 0
        self._endpoint = endpoint
        self._tell = tell
        self._wire = wire
        self._conn = 0
        self._task: asyncio.Task[None] | None = None
        self._outgoing: asyncio.Queue[ClientEvents] = asyncio.Queue()

    @property
    def at_work(self) -> bool:
        """Is a connection being made or served? Its end is always told; until then it is at work."""
        return self._task is not None and not self._task.done()

    def open(self, conn: int) -> None:
        """Connect, and call the connection by this number."""
        self.close()
        self._conn = conn
        self._outgoing = asyncio.Queue()
        self._task = asyncio.create_task(self._serve(conn, self._outgoing), name=f"link-{conn}")

    def send(self, event: ClientEvents) -> None:
        """Put an event on the wire, behind those before it."""
        self._outgoing.put_nowait(event)

    def close(self) -> None:
        """Leave the connection; nothing more is told of it."""
        if self._task is not None:
            self._task.cancel()
            self._task = None

    async def aclose(self) -> None:
        """Leave the connection and wait until it is gone."""
        task = self._task
        self.close()
        if task is not None:
            await asyncio.wait([task], timeout=CLOSE_S)

    async def _serve(self, conn: int, outgoing: asyncio.Queue[ClientEvents]) -> None:
        try:
            socket = await _dial(self._endpoint())
            async with socket, asyncio.TaskGroup() as tasks:
                self._tell(Connected(conn))
                writer = tasks.create_task(self._write(conn, socket, outgoing), name=f"link-{conn}-writer")
                end = await self._read(conn, socket)
                writer.cancel()
        except (OSError, TimeoutError, InvalidHandshake, InvalidURI) as error:
            end = _refusal(conn, error)
        except Exception:
            # Our own bug: without an end nobody would ever connect again.
            log.exception("The connection failed here, not at the server.")
            end = Disconnected(conn, 0, "internal error")
        self._tell(end)

    async def _read(self, conn: int, socket: ClientConnection) -> Disconnected:
        """Frames until the end; a close of any kind is an end, not an exception."""
        with contextlib.suppress(ConnectionClosed):
            while True:
                frame = await socket.recv(decode=False)
                self._received(conn, frame)
        return Disconnected(conn, int(socket.close_code or 0), socket.close_reason or "")

    def _received(self, conn: int, frame: bytes) -> None:
        event = decode_server(frame)
        if isinstance(event, Junk):
            self.junk_frames += 1
            log.debug("left out a frame %s: %s", event.type or "without a type", event.reason)
            if event.type:
                self._wire.write(conn, "server", frame)
            return
        self._wire.write(conn, "server", frame)
        self._tell(Received(conn, event))

    async def _write(
        self, conn: int, socket: ClientConnection, outgoing: asyncio.Queue[ClientEvents]
    ) -> None:
        with contextlib.suppress(ConnectionClosed):
            while True:
                frame = encode(await outgoing.get())
                self._wire.write(conn, "client", frame)
                await socket.send(frame, text=True)


async def _dial(endpoint: Endpoint) -> ClientConnection:
    options: dict[str, Any] = {
        "additional_headers": endpoint.headers,
        "max_size": MAX_FRAME_BYTES,
        "compression": None,
        "open_timeout": OPEN_S,
        "ping_interval": PING_S,
        "ping_timeout": PING_S,
        "close_timeout": CLOSE_S,
        "user_agent_header": "voiced",
    }
    if endpoint.unix:
        return await unix_connect(endpoint.unix, endpoint.url, **options)
    return await connect(endpoint.url, **options)


def _refusal(conn: int, error: Exception) -> Disconnected:
    """Why there is no connection: the HTTP status where the server gave one."""
    if not isinstance(error, InvalidStatus):
        return Disconnected(conn, 0, str(error) or type(error).__name__)
    response = error.response
    try:
        retry_after_s = max(0.0, float(int(response.headers.get("Retry-After", "0"))))
    except ValueError:
        retry_after_s = 0.0
    reason = _code(response.body or b"") or f"HTTP {response.status_code}"
    return Disconnected(conn, response.status_code, reason, retry_after_s)


def _code(body: bytes) -> str:
    """The error code in the body of a refused handshake, if there is one."""
    try:
        error = msgspec.json.decode(body)["error"]
        return str(error.get("code") or error.get("type") or "")
    except (msgspec.DecodeError, KeyError, TypeError, AttributeError):
        return ""
