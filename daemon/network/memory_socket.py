"""Websockets in memory: a fake of the network for tests, in the time of the running event loop.

The ends are as much of the library's connections as the link and the brain use. A network that does something
to what passes overrides `pass_on`, `answer` or `leave` of its lines.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from contextlib import suppress
from email.utils import formatdate
from types import SimpleNamespace
from typing import Any, Literal, TypeAlias

from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed, ConnectionClosedError
from websockets.http11 import Response

Sender: TypeAlias = Literal["client", "server"]


class MemoryLine:
    """One websocket: its two ends, and the code with which it has ended."""

    def __init__(self) -> None:
        self.code: int | None = None
        self.client, self.server = ClientEnd(self), ServerEnd(self)
        self._sent: dict[Sender, asyncio.Queue[bytes | None]] = {
            "client": asyncio.Queue(),
            "server": asyncio.Queue(),
        }

    def send(self, sender: Sender, frame: bytes) -> None:
        """One end sends a frame. Raises ConnectionClosed."""
        if self.code is not None:
            raise ConnectionClosedError(None, None)
        self.pass_on(sender, frame)

    def pass_on(self, sender: Sender, frame: bytes) -> None:
        """A frame is on its way: it arrives at once."""
        self.arrive(sender, frame)

    def arrive(self, sender: Sender, frame: bytes) -> None:
        """A frame is at the other end, if that is still there."""
        if self.code is None:
            self._sent[sender].put_nowait(frame)

    def answer(self, pong: asyncio.Future[float]) -> None:
        """The client pings: the pong comes at once."""
        pong.set_result(0.0)

    def leave(self, sender: Sender, code: int) -> None:
        """One end closes it: what was sent before still arrives."""
        self.end(code)

    def end(self, code: int) -> None:
        """It is over, for both."""
        if self.code is None:
            self.code = code
            for frames in self._sent.values():
                frames.put_nowait(None)

    async def next_from(self, sender: Sender) -> bytes | None:
        """What arrives next from this end; None at its end."""
        return await self._sent[sender].get()


class ClientEnd:
    """What a dial gives."""

    close_reason = ""

    def __init__(self, line: MemoryLine) -> None:
        self._line = line

    @property
    def close_code(self) -> int | None:
        """The close code, if it has ended."""
        return self._line.code

    @property
    def response(self) -> Response:
        """The answer to the handshake, with the date."""
        return Response(101, "", Headers({"Date": formatdate(time.time(), usegmt=True)}))

    async def recv(self, decode: bool = False) -> bytes:
        """The next frame. Raises ConnectionClosed."""
        frame = await self._line.next_from("server")
        if frame is None:
            raise ConnectionClosedError(None, None)
        return frame

    async def send(self, message: bytes, text: bool = True) -> None:
        """Send a frame. Raises ConnectionClosed."""
        self._line.send("client", message)

    async def ping(self) -> asyncio.Future[float]:
        """Ping; the result is done when the pong has come."""
        pong: asyncio.Future[float] = asyncio.get_running_loop().create_future()
        self._line.answer(pong)
        return pong

    async def close(self) -> None:
        """Close it."""
        self._line.leave("client", 1000)

    async def __aenter__(self) -> ClientEnd:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


class ServerEnd:
    """What a server is given."""

    request = SimpleNamespace(path="/v1/realtime")

    def __init__(self, line: MemoryLine) -> None:
        self._line = line

    def __aiter__(self) -> ServerEnd:
        return self

    async def __anext__(self) -> bytes:
        frame = await self._line.next_from("client")
        if frame is None:
            raise StopAsyncIteration
        return frame

    async def send(self, frame: str) -> None:
        """Send a frame. Raises ConnectionClosed."""
        self._line.send("server", frame.encode())

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Close it."""
        self._line.leave("server", code)


class MemoryNetwork:
    """Every dial reaches `serve`, which is given the other end of the line."""

    def __init__(self, serve: Callable[[Any], Coroutine[Any, Any, None]]) -> None:
        self._serve = serve
        self._serving: set[asyncio.Task[None]] = set()

    async def dial(self, *_: object) -> ClientEnd:
        """In the place of `daemon.network.dial.dial`."""
        return self.connect(MemoryLine())

    def connect(self, line: MemoryLine) -> ClientEnd:
        """Put the server to the other end of this line."""
        task = asyncio.create_task(self._converse(line.server))
        self._serving.add(task)
        task.add_done_callback(self._serving.discard)
        return line.client

    async def _converse(self, end: ServerEnd) -> None:
        with suppress(ConnectionClosed):
            await self._serve(end)
