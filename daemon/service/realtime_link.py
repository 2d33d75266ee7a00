"""The WebSocket transport; does not interpret events.

A `RealtimeLink` serves any number of connections. It decodes and passes on what arrives in order, sends in
order, and may write every event to the wire log.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias

from daemon.core.events import Connected, Disconnected, Place, Received
from daemon.network.endpoint import CLOSE_S, OPEN_S, Endpoint
from daemon.network.handshake import brain_engine, server_s
from daemon.network.happy_eyeballs import DialError, Shunned
from daemon.realtime.address import AddressError
from daemon.realtime.codec import UndecodableFrame, decode_server, encode
from daemon.realtime.events import ClientEvents
from daemon.telemetry.wire_log import WireLog

if TYPE_CHECKING:
    from websockets.http11 import Response

log = logging.getLogger("voiced.link")

PONG_S = 5.0

_MOST_SHUNNED = 16


class Socket(Protocol):
    """The part of the library's connection that is used here."""

    @property
    def response(self) -> Response | None:
        """The server's answer to the handshake."""

    @property
    def close_code(self) -> int | None:
        """The close code, if it has ended."""

    @property
    def close_reason(self) -> str | None:
        """The reason for the close, if the server gave one."""

    async def recv(self, decode: Literal[False]) -> bytes:
        """The next frame. Raises ConnectionClosed."""

    async def send(self, message: bytes, text: bool) -> None:
        """Send a frame. Raises ConnectionClosed."""

    async def ping(self) -> Awaitable[float]:
        """Ping; the result is done when the pong has come. Raises ConnectionClosed."""

    async def close(self) -> None:
        """Close it."""

    async def __aenter__(self) -> object: ...

    async def __aexit__(self, *_: Any) -> None: ...


Dial: TypeAlias = Callable[[Endpoint, float, Shunned], Awaitable[Socket]]
"""Opens a connection within so many seconds. Raises DialError."""

LinkEvent: TypeAlias = Connected | Received | Disconnected


async def dial(endpoint: Endpoint, limit_s: float, shunned: Shunned) -> Socket:
    """Open a connection. Its library is imported only then: the button works before. Raises DialError."""
    from daemon.network import dial

    return await dial.dial(endpoint, limit_s, shunned)


def _closed() -> type[Exception]:
    """The exception of a connection that has ended."""
    from websockets.exceptions import ConnectionClosed

    return ConnectionClosed


@dataclass
class _Connection:
    """One connection: its send queue and its task."""

    task: asyncio.Task[None]
    socket: Socket | None = None
    outgoing: deque[ClientEvents] = field(default_factory=deque)
    idle: asyncio.Future[None] | None = None
    """The writer waits for this while there is nothing to write."""


@dataclass(eq=False)
class RealtimeLink:
    """Opens, sends, closes; reports by `happened`, always on the event loop.

    Several connections may be open at a time, each with a number. `undecodable` is called for each frame that
    is skipped.
    """

    _endpoint: Callable[[Place], Endpoint]
    _happened: Callable[[LinkEvent], None]
    _wire: WireLog
    _dial: Dial = dial
    undecodable: Callable[[UndecodableFrame], object] = lambda frame: None
    pong_s: float = PONG_S
    engine: str = ""
    """The engine of the offline brain, once it has told."""
    _connections: dict[int, _Connection] = field(default_factory=dict)
    _closing: set[asyncio.Task[None]] = field(default_factory=set)
    _shunned: Shunned = field(default_factory=lambda: deque(maxlen=_MOST_SHUNNED))

    @property
    def at_work(self) -> bool:
        """Whether any connection is open or being opened. The end of each is always reported."""
        return any(not connection.task.done() for connection in self._connections.values())

    @property
    def unsent(self) -> int:
        """How many events wait for their connections."""
        return sum(len(connection.outgoing) for connection in self._connections.values())

    def open(self, conn: int, place: Place, limit_s: float = OPEN_S) -> None:
        """Connect to this place within the limit, under this number."""
        task = asyncio.create_task(self._serve(conn, place, limit_s), name=f"link-{conn}")
        self._connections[conn] = _Connection(task)

    def send(self, conn: int, event: ClientEvents) -> None:
        """Send an event, in order; dropped if the connection has ended."""
        if connection := self._connections.get(conn):
            connection.outgoing.append(event)
            if connection.idle is not None and not connection.idle.done():
                connection.idle.set_result(None)

    def probe(self, conn: int) -> None:
        """Ping the other end; without a pong in time, the connection has ended."""
        connection = self._connections.get(conn)
        if connection is not None and connection.socket is not None:
            work = self._probe(conn, connection, connection.socket)
            self._keep(asyncio.create_task(work, name=f"link-{conn}-probe"))

    def close(self, conn: int) -> None:
        """Close a connection; nothing more is reported of it."""
        connection = self._connections.pop(conn, None)
        if connection is None:
            return
        if connection.socket is None:
            connection.task.cancel()
        else:
            # Not cancelled: on Python 3.11.2 a cancelled task cannot time out, and a dead socket would stay.
            self._keep(asyncio.create_task(connection.socket.close(), name=f"link-{conn}-close"))
        self._keep(connection.task)

    async def aclose(self) -> None:
        """Close all connections and wait until they have ended."""
        for conn in list(self._connections):
            self.close(conn)
        if self._closing:
            await asyncio.wait(self._closing, timeout=2 * CLOSE_S)  # a dead connection takes all of that time

    def _keep(self, task: asyncio.Task[None]) -> None:
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    async def _probe(self, conn: int, connection: _Connection, socket: Socket) -> None:
        with contextlib.suppress(_closed()):
            try:
                async with asyncio.timeout(self.pong_s):
                    await (await socket.ping())
            except TimeoutError:
                if self._connections.get(conn) is connection:
                    self.close(conn)
                    self._happened(Disconnected(conn, 0, "the server does not answer"))

    async def _serve(self, conn: int, place: Place, limit_s: float) -> None:
        try:
            socket = await self._dial(self._endpoint(place), limit_s, self._shunned)
            async with socket, asyncio.TaskGroup() as tasks:
                connection = self._connections[conn]
                connection.socket = socket
                self._happened(Connected(conn, self._greeted(socket.response)))
                writer = tasks.create_task(self._write(conn, connection, socket), name=f"link-{conn}-writer")
                end = await self._read(conn, socket)
                writer.cancel()
        except AddressError as said:
            end = Disconnected(conn, 0, str(said))
        except DialError as said:
            end = Disconnected(conn, said.code, str(said), said.retry_after_s)
        except Exception:
            # A bug of ours: without a report of the end nothing would connect again.
            log.exception("The connection failed here, not at the server.")
            end = Disconnected(conn, 0, "internal error")
        if self._connections.pop(conn, None):
            self._happened(end)

    def _greeted(self, response: Response | None) -> float | None:
        """Note what the answer to the handshake tells; returns the server's clock."""
        if response is None:
            return None
        self.engine = brain_engine(response.headers) or self.engine
        return server_s(response.headers)

    async def _read(self, conn: int, socket: Socket) -> Disconnected:
        """Read frames until the end; a close of any kind is an end, not an exception."""
        with contextlib.suppress(_closed()):
            while True:
                frame = await socket.recv(decode=False)
                self._received(conn, frame)
        return Disconnected(conn, int(socket.close_code or 0), socket.close_reason or "")

    def _received(self, conn: int, frame: bytes) -> None:
        if conn not in self._connections:
            return
        event = decode_server(frame)
        if isinstance(event, UndecodableFrame):
            self.undecodable(event)
            log.debug("left out a frame %s: %s", event.type or "without a type", event.reason)
            if event.type:
                self._wire.write(conn, "server", frame)
            return
        self._wire.write(conn, "server", frame)
        self._happened(Received(conn, event))

    async def _write(self, conn: int, connection: _Connection, socket: Socket) -> None:
        """Send the queue, in order. An asyncio.Queue would take ten calls more for a piece of sound."""
        loop = asyncio.get_running_loop()
        with contextlib.suppress(_closed()):
            while True:
                while not connection.outgoing:
                    connection.idle = loop.create_future()
                    await connection.idle
                frame = encode(connection.outgoing.popleft())
                self._wire.write(conn, "client", frame)
                await socket.send(frame, text=True)
