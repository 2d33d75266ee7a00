"""The websocket: moves frames, knows no meaning.

A `Link` serves any number of connections. What arrives is decoded and handed on in order, what is sent goes
out in order, and every event may be written to the wire log.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any, TypeAlias

import msgspec
from websockets.asyncio.client import ClientConnection, connect, unix_connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus, InvalidURI

from daemon.codec import Junk, decode_server, encode
from daemon.core.events import Connected, Disconnected, Place, Received
from daemon.protocol import MAX_FRAME_BYTES, ClientEvents, Role
from daemon.providers import Endpoint

log = logging.getLogger("voiced.link")

OPEN_S = 10.0
PING_S = 20.0
CLOSE_S = 0.5
PONG_S = 5.0

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


@dataclass
class _Line:
    """One connection: what is to be sent on it, and who serves it."""

    outgoing: asyncio.Queue[ClientEvents]
    task: asyncio.Task[None]
    socket: ClientConnection | None = None


class Link:
    """Opens, sends, closes; tells what happens by `tell`, always from the event loop.

    Several connections may be open at a time, each with a number.
    """

    def __init__(
        self, endpoint: Callable[[Place], Endpoint], tell: Callable[[LinkEvent], None], wire: WireLog
    ) -> None:
        self.junk_frames = 0
        self._endpoint = endpoint
        self._tell = tell
        self._wire = wire
        self._lines: dict[int, _Line] = {}
        self._closing: set[asyncio.Task[None]] = set()

    @property
    def at_work(self) -> bool:
        """Is a connection being made or served? Its end is always told; until then it is at work."""
        return any(not line.task.done() for line in self._lines.values())

    def open(self, conn: int, place: Place) -> None:
        """Connect to this place, and call the connection by this number."""
        outgoing: asyncio.Queue[ClientEvents] = asyncio.Queue()
        task = asyncio.create_task(self._serve(conn, place, outgoing), name=f"link-{conn}")
        self._lines[conn] = _Line(outgoing, task)

    def send(self, conn: int, event: ClientEvents) -> None:
        """Put an event on the wire, behind those before it; a connection that has ended takes none."""
        if line := self._lines.get(conn):
            line.outgoing.put_nowait(event)

    def probe(self, conn: int) -> None:
        """Ask whether the other end is there; if it does not say so in time, the connection has ended."""
        line = self._lines.get(conn)
        if line is not None and line.socket is not None:
            self._keep(asyncio.create_task(self._probe(conn, line, line.socket), name=f"link-{conn}-probe"))

    def close(self, conn: int) -> None:
        """Leave a connection; nothing more is told of it."""
        line = self._lines.pop(conn, None)
        if line is None:
            return
        if line.socket is None:
            line.task.cancel()
        else:
            # Not cancelled: on Python 3.11.2 a cancelled task cannot time out, and a dead socket would stay.
            self._keep(asyncio.create_task(line.socket.close(), name=f"link-{conn}-close"))
        self._keep(line.task)

    async def aclose(self) -> None:
        """Leave all connections and wait until they are gone."""
        for conn in list(self._lines):
            self.close(conn)
        if self._closing:
            await asyncio.wait(self._closing, timeout=2 * CLOSE_S)  # a dead one takes all of it

    def _keep(self, task: asyncio.Task[None]) -> None:
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    async def _probe(self, conn: int, line: _Line, socket: ClientConnection) -> None:
        with contextlib.suppress(ConnectionClosed):
            try:
                async with asyncio.timeout(PONG_S):
                    await (await socket.ping())
            except TimeoutError:
                if self._lines.get(conn) is line:
                    self.close(conn)
                    self._tell(Disconnected(conn, 0, "the server does not answer"))

    async def _serve(self, conn: int, place: Place, outgoing: asyncio.Queue[ClientEvents]) -> None:
        try:
            socket = await _dial(self._endpoint(place))
            async with socket, asyncio.TaskGroup() as tasks:
                self._lines[conn].socket = socket
                self._tell(Connected(conn, _server_s(socket)))
                writer = tasks.create_task(self._write(conn, socket, outgoing), name=f"link-{conn}-writer")
                end = await self._read(conn, socket)
                writer.cancel()
        except (OSError, TimeoutError, InvalidHandshake, InvalidURI) as error:
            end = _refusal(conn, error)
        except Exception:
            # Our own bug: without an end nobody would ever connect again.
            log.exception("The connection failed here, not at the server.")
            end = Disconnected(conn, 0, "internal error")
        if self._lines.pop(conn, None):
            self._tell(end)

    async def _read(self, conn: int, socket: ClientConnection) -> Disconnected:
        """Frames until the end; a close of any kind is an end, not an exception."""
        with contextlib.suppress(ConnectionClosed):
            while True:
                frame = await socket.recv(decode=False)
                self._received(conn, frame)
        return Disconnected(conn, int(socket.close_code or 0), socket.close_reason or "")

    def _received(self, conn: int, frame: bytes) -> None:
        if conn not in self._lines:
            return
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


def _server_s(socket: ClientConnection) -> float | None:
    """What the server's clock says, by the Date header of its handshake; boards boot with a wrong clock."""
    date = socket.response.headers.get("Date") if socket.response is not None else None
    with contextlib.suppress(TypeError, ValueError):
        return parsedate_to_datetime(date).timestamp() if date else None
    return None


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
