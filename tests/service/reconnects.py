"""The real link and the real machine, thrown out by a real server in every manner, as fast as it goes."""

from __future__ import annotations

import asyncio
import itertools
import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from http import HTTPStatus
from typing import Any

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from daemon.core import events as ev
from daemon.core.machine import Machine
from daemon.core.turn.manager import TurnSettings
from daemon.devices.limiter import Devices
from daemon.network.endpoint import Endpoint
from daemon.realtime.codec import encode
from daemon.realtime.events import SessionCreated, SessionUpdated
from daemon.service.realtime_link import LinkEvent, RealtimeLink
from daemon.telemetry.wire_log import WireLog
from tests.scenarios.faults.network import CLOSE_CODES, HANDSHAKES
from tests.service.hostile import TOO_LARGE, reset, url_of

QUIET_S = 0.02
SETTLE_S = 0.5
PONG_S = 0.05
REFUSALS = tuple(int(kind) for kind in HANDSHAKES if kind.isdigit())


class Bouncer:
    """A server that throws everybody out, each time in another manner."""

    def __init__(self) -> None:
        manners: list[Callable[[ServerConnection], Awaitable[None]]] = [
            self._reset,
            self._end,
            self._never_greet,
            self._leave_configured,
            self._send_what_is_too_large,
            self._fall_silent,
            *(self._closer(code) for code in CLOSE_CODES),
        ]
        self.manners: list[Any] = [*manners, *REFUSALS, "no answer", "no handshake"]
        self._turn = itertools.cycle(self.manners)
        self._next: Any = None

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[str]:
        """The address while it listens."""
        # What has no answer has ended before it is counted what is held.
        options: dict[str, Any] = {"compression": None, "open_timeout": SETTLE_S / 2, "close_timeout": 0.2}
        async with serve(self._throw_out, "127.0.0.1", 0, process_request=self._answer, **options) as server:
            yield url_of(server)

    async def _answer(self, connection: ServerConnection, _: Request) -> Response | None:
        self._next = next(self._turn)
        if isinstance(self._next, int):
            return connection.respond(HTTPStatus(self._next), "no\n")
        if self._next == "no answer":
            await connection.wait_closed()
        if self._next == "no handshake":
            connection.transport.abort()
            await connection.wait_closed()
        return None

    async def _throw_out(self, connection: ServerConnection) -> None:
        with suppress(ConnectionClosed):
            await self._next(connection)

    async def _reset(self, connection: ServerConnection) -> None:
        await self._greet(connection)
        reset(connection)

    async def _end(self, connection: ServerConnection) -> None:
        """FIN without a close frame."""
        await self._greet(connection)
        connection.transport.abort()

    async def _never_greet(self, connection: ServerConnection) -> None:
        await connection.wait_closed()

    async def _leave_configured(self, connection: ServerConnection) -> None:
        """The ordinary session, until somebody ends it."""
        await self._greet(connection)
        await connection.close()

    async def _send_what_is_too_large(self, connection: ServerConnection) -> None:
        connection.transport.write(TOO_LARGE)
        await connection.wait_closed()

    async def _fall_silent(self, connection: ServerConnection) -> None:
        """As when a router forgets a connection: nothing is read any more, pings neither."""
        await self._greet(connection)
        connection.transport.pause_reading()
        await asyncio.sleep(SETTLE_S / 2)
        connection.transport.abort()

    def _closer(self, code: int) -> Callable[[ServerConnection], Awaitable[None]]:
        async def close(connection: ServerConnection) -> None:
            await self._greet(connection)
            await connection.close(code, "thrown out")

        return close

    async def _greet(self, connection: ServerConnection) -> None:
        await connection.send(encode(SessionCreated(session={"id": "sess"})), text=True)
        await connection.recv()
        await connection.send(encode(SessionUpdated()), text=True)


class Impatient:
    """A shell for the machine that asks something of every session, and lets no wait last.

    While it waits for its next attempt, or for a server that says nothing, its clock jumps ahead.
    """

    def __init__(self, url: str) -> None:
        self.codes: Counter[int] = Counter()
        self.ends = 0
        self.link = RealtimeLink(lambda place: Endpoint(url), self._happened, WireLog(""), pong_s=PONG_S)
        self._machine = Machine(TurnSettings(), {"type": "realtime", "tools": []}, Devices({}), random.random)
        self._ahead_s = 0.0
        self._stirred = asyncio.Event()
        self._step(ev.Start())

    async def reconnect(self, times: int) -> None:
        """Until so many connections more have ended; none is open then."""
        end = self.ends + times
        while self.ends < end or self._machine.link not in ("waiting", "refused"):
            if self._machine.link not in ("waiting", "refused"):
                self._stirred.clear()
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._stirred.wait(), QUIET_S)
                    continue
            self._ahead_s += max(0.0, (self._machine.deadline or 0.0) - self._now())
            self._step(ev.Tick())
        await asyncio.sleep(SETTLE_S)

    def _now(self) -> float:
        return time.monotonic() + self._ahead_s

    def _happened(self, event: LinkEvent) -> None:
        self._stirred.set()
        self._step(event)

    def _step(self, event: ev.Input) -> None:
        for effect in self._machine.step(event, self._now()):
            match effect:
                case ev.Connect(conn, place):
                    self.link.open(conn, place)
                case ev.Disconnect(conn):
                    self.ends += 1
                    self.link.close(conn)
                case ev.Send(sent, conn):
                    self.link.send(conn, sent)
                case ev.Probe(conn):
                    self.link.probe(conn)
                case ev.LinkChanged("ready"):
                    asyncio.get_running_loop().call_soon(self._step, ev.TextAsked("hello"))
        if isinstance(event, ev.Disconnected):
            self.ends += 1
            self.codes[event.code] += 1
