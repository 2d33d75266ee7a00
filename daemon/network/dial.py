"""From an endpoint to an open websocket: the service and doctor dial here, and nowhere else."""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
import ssl
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlsplit

from msgspec import Struct
from msgspec.structs import replace
from websockets.asyncio.client import ClientConnection, connect, unix_connect
from websockets.exceptions import InvalidHandshake, InvalidMessage, InvalidStatus, InvalidURI, SecurityError
from websockets.http11 import Response
from websockets.streams import StreamReader

from daemon.network.endpoint import CLOSE_S, OPEN_S, Endpoint
from daemon.network.handshake import redirect, refusal, same_origin
from daemon.network.happy_eyeballs import DialError, Shunned, Step, addresses, race, why_not
from daemon.network.proxy import Proxy, proxy_for, tunnel
from daemon.network.trust import trust, untrusted
from daemon.realtime.events import MAX_FRAME_BYTES

PING_S: Final = 20.0

_MOST_REDIRECTS: Final = 3
_PORTS: Final = {"ws": 80, "wss": 443}
_PAGE_S: Final = 1.0
_OLD_HTTP: Final = re.compile(rb"\AHTTP/1\.0 ")


class Way(Struct, frozen=True):
    """A connected socket: the address of the server that it leads to, and the proxy."""

    socket: socket.socket
    address: str
    proxy: Proxy | None


class _Target(Struct, frozen=True):
    """An endpoint, and its host and port."""

    endpoint: Endpoint
    scheme: str
    host: str
    port: int


class _Answered(Exception):  # noqa: N818
    """The server answered the handshake with an HTTP response."""

    def __init__(self, response: Response) -> None:
        super().__init__()
        self.response = response


class _Connection(ClientConnection):
    """Follows no redirect by itself: the library would send the key to another host.

    A refusal counts as soon as its head has come, even if the body never comes.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._refusal: Response | None = None
        self._reader = reader = StreamReader()
        self._head: Iterator[None] | None = Response.parse(
            reader.read_line, reader.read_exact, reader.read_to_eof, include_body=False
        )

    def data_received(self, data: bytes) -> None:
        """Look at the head of the answer, before the library does."""
        if self._head is not None:
            data = _OLD_HTTP.sub(b"HTTP/1.1 ", data, count=1)
            self._reader.feed_data(data)
            self._look(self._head)
        super().data_received(data)

    def _look(self, head: Iterator[None]) -> None:
        try:
            next(head)
            return
        except StopIteration as whole:
            response: Response = whole.value
            if response.status_code != HTTPStatus.SWITCHING_PROTOCOLS:
                self._refusal = response
                self.loop.call_later(_PAGE_S, self.transport.abort)
        except (LookupError, ValueError, SecurityError):
            pass  # the library reports what is wrong with it
        self._head = None

    async def handshake(self, *args: Any, **kwargs: Any) -> None:
        try:
            await super().handshake(*args, **kwargs)
        except InvalidStatus as answered:
            raise _Answered(answered.response) from None
        except InvalidMessage:
            if self._refusal is None:
                raise
            raise _Answered(self._refusal) from None


async def dial(
    endpoint: Endpoint, limit_s: float = OPEN_S, shunned: Shunned | None = None
) -> ClientConnection:
    """Open a connection within this time. Raises DialError."""
    target = _target(endpoint)
    _check_headers(endpoint)
    until = asyncio.get_running_loop().time() + limit_s
    for _ in range(_MOST_REDIRECTS + 1):
        try:
            return await _open(target, until, Shunned() if shunned is None else shunned)
        except _Answered as answered:
            target = _sent_on(target, answered.response)
    raise DialError(Step.REDIRECT, f"{target.host} sends us on and on", "check realtime.url")


def _target(endpoint: Endpoint) -> _Target:
    try:
        parts = urlsplit(endpoint.url)
        port = _PORTS[parts.scheme] if parts.port is None else parts.port
    except (ValueError, KeyError):
        parts, port = urlsplit(""), 0
    if not parts.hostname or not port:
        sentence = "the address of the server cannot be read"
        raise DialError(Step.ADDRESS, sentence, "write ws://HOST:PORT or wss://HOST")
    return _Target(endpoint, parts.scheme, parts.hostname, port)


def _check_headers(endpoint: Endpoint) -> None:
    """A line break in a key would begin another header."""
    for name, value in endpoint.headers.items():
        if not (value.isascii() and value.isprintable()):
            raise DialError(
                Step.HEADER,
                f"what is to go into the header {name} holds letters that cannot be sent",
                "write the key alone, on one line",
            )


def _sent_on(target: _Target, response: Response) -> _Target:
    """The target of a redirect: the key is sent to its own server only. Raises DialError."""
    place = redirect(target.endpoint.url, response)
    if place is None:
        raise refusal(response)
    if not same_origin(target.endpoint.url, place):
        raise DialError(
            Step.REDIRECT,
            f"{target.host} sends us on to another server, {_bare(place)}",
            "write that as realtime.url if you trust it with the key",
            response.status_code,
        )
    return _target(replace(target.endpoint, url=place))


def _bare(url: str) -> str:
    """A foreign address, without parts that may be secret or long."""
    try:
        parts = urlsplit(url)
        place = f"{parts.hostname}:{parts.port}" if parts.port else f"{parts.hostname}"
    except ValueError:
        return "an address that cannot be read"
    return f"{parts.scheme}://{place}"[:100]


async def _open(target: _Target, until: float, shunned: Shunned) -> ClientConnection:
    endpoint = target.endpoint
    if endpoint.unix:
        with _told(f"the offline brain at {endpoint.unix}"):
            return await unix_connect(endpoint.unix, endpoint.url, **_options(endpoint, until))
    context = _context(target)
    way = await _reach(target, until, shunned)
    try:
        with _told(target.host):
            options = _options(endpoint, until) | ({"ssl": context} if context else {})
            return await connect(endpoint.url, sock=way.socket, **options)
    except (DialError, asyncio.CancelledError):  # the caller may give up before we do
        shunned.append(way.address)
        raise


def _options(endpoint: Endpoint, until: float) -> dict[str, Any]:
    return {
        "additional_headers": endpoint.headers,
        "max_size": MAX_FRAME_BYTES,
        "compression": None,
        "open_timeout": max(0.0, until - asyncio.get_running_loop().time()),
        "ping_interval": PING_S,
        "ping_timeout": PING_S,
        "close_timeout": CLOSE_S,
        "user_agent_header": "voiced",
        "create_connection": _Connection,
    }


async def _reach(target: _Target, until: float, shunned: Shunned) -> Way:
    """A socket to the server, through the proxy if there is one. Raises DialError."""
    host, port = target.host, target.port
    proxy = None if target.endpoint.direct else proxy_for(target.scheme, host, port)
    if proxy is None:
        return await _nearest(host, port, until, shunned)
    try:
        way = await _nearest(proxy.host, proxy.port, until, shunned)
    except DialError as said:
        remedy = f"check {proxy.variable}, or list {host} in no_proxy"
        raise DialError(Step.PROXY, f"the proxy of {proxy.variable}: {said.sentence}", remedy) from None
    try:
        await tunnel(way.socket, proxy, host, port, until)
    except BaseException:
        way.socket.close()
        raise
    return replace(way, proxy=proxy)


async def _nearest(host: str, port: int, until: float, shunned: Shunned) -> Way:
    found = await addresses(host, port, until)
    found.sort(key=lambda address: address.name in shunned)
    connection, address = await race(host, found, until)
    return Way(connection, address.name, None)


async def look(endpoint: Endpoint, limit_s: float) -> Way:
    """Connect as `dial` does up to TLS, then close. Raises DialError."""
    until = asyncio.get_running_loop().time() + limit_s
    target = _target(endpoint)
    context = _context(target)
    way = await _reach(target, until, Shunned())
    if context is None:
        way.socket.close()
        return way
    with _told(target.host, Step.TLS):
        async with asyncio.timeout_at(until):
            _, writer = await asyncio.open_connection(
                sock=way.socket, ssl=context, server_hostname=target.host
            )
    writer.transport.abort()
    return way


def _context(target: _Target) -> ssl.SSLContext | None:
    return trust(target.endpoint.ca_file) if target.scheme == "wss" else None


@contextlib.contextmanager
def _told(host: str, step: Step = Step.HANDSHAKE) -> Iterator[None]:
    """An error on an open socket, in words."""
    try:
        yield
    except ssl.SSLCertVerificationError as said:
        raise untrusted(host, said) from None
    except ssl.SSLError as said:
        sentence = f"{host} gives no secure connection ({said.reason or 'it ends at once'})"
        raise DialError(Step.TLS, sentence, "check the URL and its port") from None
    except TimeoutError:
        sentence = f"{host} takes the connection and then does not answer"
        raise DialError(step, sentence, "check the URL and its port, or try again later") from None
    except OSError as failure:
        sentence = f"there is no connection to {host} ({why_not(failure)})"
        raise DialError(step, sentence, "check the URL and the network") from None
    except (InvalidHandshake, InvalidURI, ValueError) as said:
        sentence = f"{host} does not speak WebSocket ({type(said).__name__})"
        raise DialError(step, sentence, "check the URL, or try again later") from None
