"""The offline brain as a server: `voiced brain --listen HOST:PORT|unix:PATH`, path /v1/realtime.

Each connection has its own session; the recogniser and the synthesiser are shared.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
import os
import signal
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace
from pathlib import Path

import websockets
from websockets.asyncio.server import Server, ServerConnection
from websockets.asyncio.server import serve as websocket_serve

from daemon.brain.engine_registry import Loading
from daemon.brain.server import handshake
from daemon.brain.server.engine_pool import Engines
from daemon.brain.server.handshake import ANYBODY, PATH, Admission
from daemon.brain.server.ids import new_id
from daemon.brain.server.session import Session
from daemon.brain.server.settings import ClientSettings
from daemon.realtime.codec import encode
from daemon.realtime.events import MAX_FRAME_BYTES, ServerEvent
from daemon.text.printable import PlainFormatter

MAX_SESSION_S = 3600.0
GOING_AWAY = 1001
_MAX_UNSENT_BYTES = 256 * 2**10
_FIRST_INHERITED_FD = 3
_LAST_WORDS_S = 0.5

log = logging.getLogger(__name__)


class SendQueue:
    """Events on their way to one client: encoded at once, sent in order by `pump`."""

    def __init__(self) -> None:
        self._frames: asyncio.Queue[str] = asyncio.Queue()
        self._unsent_bytes = 0
        self._has_space = asyncio.Event()
        self._has_space.set()
        self._lost = False

    def emit(self, event: ServerEvent) -> None:
        """Queue an event; never waits."""
        if self._lost:
            return
        event.event_id = new_id("event_")
        frame = encode(event).decode()
        self._unsent_bytes += len(frame)
        self._frames.put_nowait(frame)
        if self._unsent_bytes > _MAX_UNSENT_BYTES:
            self._has_space.clear()

    async def wait_for_space(self) -> None:
        """Wait until most of the queue is sent; always lets other tasks run."""
        await asyncio.sleep(0)
        await self._has_space.wait()

    async def pump(self, connection: ServerConnection) -> None:
        """Send until the connection is lost; after that nothing waits for it."""
        with contextlib.suppress(websockets.ConnectionClosed):
            while True:
                frame = await self._frames.get()
                await connection.send(frame)
                self._unsent_bytes -= len(frame)
                if self._unsent_bytes <= _MAX_UNSENT_BYTES:
                    self._has_space.set()
                self._frames.task_done()
        self._lost = True
        self._has_space.set()

    async def drained(self) -> None:
        """Wait until the queue is sent, up to a limit."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_LAST_WORDS_S):
                await self._frames.join()


class IdleMonitor:
    """Counts the clients. Calls `on_idle` when there was none for `idle_timeout_s`."""

    def __init__(self, idle_timeout_s: float = math.inf, on_idle: Callable[[], None] = lambda: None) -> None:
        self._idle_timeout_s = idle_timeout_s
        self._on_idle = on_idle
        self._clients = 0
        self._timer: asyncio.TimerHandle | None = None

    def wait(self) -> None:
        """Start the idle time: there is no client."""
        if self._idle_timeout_s < math.inf:
            self._timer = asyncio.get_running_loop().call_later(self._idle_timeout_s, self._on_idle)

    @contextlib.contextmanager
    def client(self) -> Iterator[None]:
        """Count one more client, inside this block."""
        self._clients += 1
        if self._timer is not None:
            self._timer.cancel()
        try:
            yield
        finally:
            self._clients -= 1
            if not self._clients:
                self.wait()


class Brain:
    """The state that all connections of a server share."""

    def __init__(
        self,
        engines: Engines,
        max_session_s: float = MAX_SESSION_S,
        idle: IdleMonitor | None = None,
        engine: str = "",
        session: Callable[..., Session] = Session,
    ) -> None:
        self.idle = idle or IdleMonitor()
        self.engine = engine
        self._engines = engines
        self._max_session_s = max_session_s
        self._session = session

    async def welcome(self, connection: ServerConnection) -> None:
        """Serve one connection, from `session.created` to its end."""
        with self.idle.client():
            await self._converse(connection)

    def close(self) -> None:
        """Close the engines."""
        self._engines.close()

    async def _converse(self, connection: ServerConnection) -> None:
        queue = SendQueue()
        session = self._session(
            self._engines, queue.emit, queue.wait_for_space, _settings(connection), self._max_session_s
        )
        pump = asyncio.create_task(queue.pump(connection), name="pump")
        try:
            async with asyncio.timeout(self._max_session_s):
                await _read(connection, session, queue)
        except TimeoutError:
            reason = session.expire()
            session.close()
            await queue.drained()
            await connection.close(GOING_AWAY, reason)
        finally:
            session.close()
            pump.cancel()


async def _read(connection: ServerConnection, session: Session, queue: SendQueue) -> None:
    with contextlib.suppress(websockets.ConnectionClosed):
        async for frame in connection:
            session.handle(frame)
            await queue.wait_for_space()


def _settings(connection: ServerConnection) -> ClientSettings:
    path = connection.request.path if connection.request else ""
    model = handshake.model(path) or ClientSettings().model
    return ClientSettings(type=handshake.session_type(path), model=model)


@contextlib.asynccontextmanager
async def serve(listen: str, brain: Brain, admission: Admission = ANYBODY) -> AsyncIterator[str]:
    """Serve inside this block, and close the brain at its end; yields the URL.

    `listen` is HOST:PORT (port 0 for any free one) or unix:PATH; a socket passed by systemd takes precedence.
    A unix socket is guarded by its permissions and needs no key. Raises OSError if the address cannot be
    used, ValueError if it is none.
    """
    with contextlib.closing(brain):
        listening = _socket(listen)
        if listening.family == socket.AF_UNIX:
            admission = replace(admission, key="")
        server = websocket_serve(
            brain.welcome,
            process_request=admission.refuse,
            select_subprotocol=handshake.choose_subprotocol,
            sock=listening,
            compression=None,
            max_size=MAX_FRAME_BYTES,
            close_timeout=_LAST_WORDS_S,
            server_header=handshake.server_header(brain.engine),
        )
        async with server as serving:
            brain.idle.wait()
            yield _url(serving)


def _called_by_systemd() -> bool:
    return os.environ.get("LISTEN_PID") == str(os.getpid()) and os.environ.get("LISTEN_FDS") == "1"


def _socket(listen: str) -> socket.socket:
    if _called_by_systemd():
        return socket.socket(fileno=_FIRST_INHERITED_FD)
    if listen.startswith("unix:"):
        return _unix_socket(listen.removeprefix("unix:"))
    host, colon, port = listen.rpartition(":")
    if not colon or not port.isdigit():
        raise ValueError(f"'{listen}' is no address to listen at: write HOST:PORT or unix:PATH.")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host.strip("[]"), int(port)), family=family)


def _unix_socket(path: str) -> socket.socket:
    """A socket at this path; one left over by an earlier server is replaced."""
    with contextlib.suppress(FileNotFoundError):
        Path(path).unlink()
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(path)
    listening.listen()
    return listening


def _url(server: Server) -> str:
    address = next(iter(server.sockets)).getsockname()
    if isinstance(address, tuple):
        host = f"[{address[0]}]" if ":" in address[0] else address[0]
        return f"ws://{host}:{address[1]}{PATH}"
    return f"unix:{address}"


def run_brain(listen: str, loading: Loading, idle_exit_s: float, admission: Admission) -> int:
    """Serve until SIGTERM or SIGINT, and end by that signal; with status 2 if it cannot listen.

    Under socket activation it also ends after `idle_exit_s` without a client; the next client starts it
    again.
    """
    output = logging.StreamHandler()
    output.setFormatter(PlainFormatter("%(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[output])
    # A client that disconnects during the handshake is no error of ours, and not worth a traceback.
    logging.getLogger("websockets").setLevel(logging.CRITICAL)
    # Both ways out leave at once: a thread inside an engine cannot be stopped, and fails while Python ends.
    idle_timeout_s = idle_exit_s if _called_by_systemd() else math.inf
    try:
        received = asyncio.run(_until_told(listen, loading, idle_timeout_s, admission))
    except (OSError, ValueError) as error:
        log.error("The brain cannot listen at %s: %s", listen, error)
        os._exit(2)
    signal.signal(received, signal.SIG_DFL)
    signal.raise_signal(received)
    return 0


async def _until_told(
    listen: str, loading: Loading, idle_timeout_s: float, admission: Admission
) -> signal.Signals:
    told: asyncio.Queue[signal.Signals] = asyncio.Queue()
    for each in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(each, told.put_nowait, each)
    idle = IdleMonitor(idle_timeout_s, lambda: told.put_nowait(signal.SIGTERM))
    engines = Engines(loading.recognizer, loading.synthesizer, early=True)
    async with serve(listen, Brain(engines, idle=idle, engine=loading.engine), admission) as url:
        log.info("listening on %s", url)
        log.info("The engine is %s.", loading.engine)
        return await told.get()
