"""The websocket: moves frames, knows no meaning.

A `RealtimeLink` serves any number of connections. What arrives is decoded and handed on in order, what is
sent goes out in order, and every event may be written to the wire log.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from daemon.core.events import Connected, Disconnected, Place, Received
from daemon.network.dial import CLOSE_S, OPEN_S, Shunned, dial
from daemon.network.endpoint import Endpoint
from daemon.network.handshake import server_s
from daemon.network.happy_eyeballs import DialError
from daemon.realtime.address import AddressError
from daemon.realtime.codec import Junk, decode_server, encode
from daemon.realtime.events import ClientEvents
from daemon.telemetry.wire_log import WireLog

log = logging.getLogger("voiced.link")

PONG_S = 5.0

_MOST_SHUNNED = 16

LinkEvent: TypeAlias = Connected | Received | Disconnected


@dataclass
class _Line:
    """One connection: what is to be sent on it, and who serves it."""

    outgoing: asyncio.Queue[ClientEvents]
    task: asyncio.Task[None]
    socket: ClientConnection | None = None


class RealtimeLink:
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
        self._shunned: Shunned = deque(maxlen=_MOST_SHUNNED)

    @property
    def at_work(self) -> bool:
        """Is a connection being made or served? Its end is always told; until then it is at work."""
        return any(not line.task.done() for line in self._lines.values())

    def open(self, conn: int, place: Place, limit_s: float = OPEN_S) -> None:
        """Connect to this place within the limit, and call the connection by this number."""
        outgoing: asyncio.Queue[ClientEvents] = asyncio.Queue()
        task = asyncio.create_task(self._serve(conn, place, limit_s, outgoing), name=f"link-{conn}")
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

    async def _serve(
        self, conn: int, place: Place, limit_s: float, outgoing: asyncio.Queue[ClientEvents]
    ) -> None:
        try:
            socket = await dial(self._endpoint(place), limit_s, self._shunned)
            async with socket, asyncio.TaskGroup() as tasks:
                self._lines[conn].socket = socket
                self._tell(Connected(conn, server_s(socket.response.headers) if socket.response else None))
                writer = tasks.create_task(self._write(conn, socket, outgoing), name=f"link-{conn}-writer")
                end = await self._read(conn, socket)
                writer.cancel()
        except AddressError as said:
            end = Disconnected(conn, 0, str(said))
        except DialError as said:
            end = Disconnected(conn, said.code, str(said), said.retry_after_s)
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
