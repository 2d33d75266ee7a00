"""The proxy named by the environment, and the tunnel through it. Its password is never shown."""

from __future__ import annotations

import asyncio
import re
import socket
from ipaddress import ip_address, ip_network
from typing import Final
from urllib.parse import unquote
from urllib.request import getproxies_environment

from msgspec import Struct

from daemon.network.credentials import basic
from daemon.network.happy_eyeballs import DialError, Step, why_not
from daemon.realtime.address import is_loopback
from daemon.text.masking import Secret

_VARIABLES: Final = {"wss": ("wss", "socks", "https"), "ws": ("ws", "socks", "https", "http")}
_PLACE: Final = re.compile(r"(?:\[([0-9A-Fa-f:.%]+)\]|([\w.-]+))(?::([0-9]{1,5}))?")
_STATUS: Final = re.compile(rb"HTTP/1\.[01] ([0-9]{3})\b")
_LONGEST_ANSWER_BYTES: Final = 65_536
_PORT: Final = 80


class Proxy(Struct, frozen=True):
    """An HTTP proxy; `login` is USER:PASSWORD, or empty."""

    variable: str
    host: str
    port: int
    login: str = ""

    @property
    def name(self) -> str:
        """For people."""
        return _place(self.host, self.port)


def proxy_for(scheme: str, host: str, port: int) -> Proxy | None:
    """The proxy that the environment names for a server; None: it is reached directly. Raises DialError."""
    named = getproxies_environment()
    if is_loopback(host) or _is_exempt(host, port, named.get("no", "")):
        return None
    variable = next((each for each in _VARIABLES[scheme] if each in named), None)
    return None if variable is None else _read(f"{variable}_proxy", named[variable], host)


def _is_exempt(host: str, port: int, no_proxy: str) -> bool:
    """Whether NO_PROXY names the server: as a domain, address or network, with or without a port, or `*`."""
    for entry in re.split(r"[\s,]+", no_proxy.lower()):
        if not entry:
            continue
        name = entry.removeprefix("*").removeprefix(".").removesuffix(f":{port}") or entry
        name = name.strip("[]")
        if entry == "*" or entry == host or host == name or host.endswith(f".{name}") or _is_in(host, name):
            return True
    return False


def _is_in(host: str, network: str) -> bool:
    try:
        return ip_address(host) in ip_network(network, strict=False)
    except ValueError:
        return False


def _read(variable: str, value: str, host: str) -> Proxy:
    """Parse a proxy as people write it: with or without http://, the password with any characters."""
    scheme, mark, rest = value.strip().partition("://")
    scheme, rest = (scheme.lower(), rest) if mark else ("http", value.strip())
    if scheme == "https" or scheme.startswith("socks"):
        kind = "a SOCKS proxy" if scheme != "https" else "a proxy that is itself spoken to by TLS"
        remedy = f"name a plain HTTP proxy, or list {host} in no_proxy"
        raise DialError(Step.PROXY, f"{variable}: {kind} cannot be used", remedy)
    login, _, place = rest.rpartition("@")
    found = _PLACE.fullmatch(re.split(r"[/?#]", place)[0])
    port = int(found[3] or _PORT) if found else 0
    if scheme != "http" or found is None or not 0 < port < 65_536:
        remedy = "write http://HOST:PORT, or http://USER:PASSWORD@HOST:PORT"
        raise DialError(Step.PROXY, f"{variable}: this is no HTTP proxy", remedy)
    return Proxy(variable, found[1] or found[2], port, _login(login))


def _login(written: str) -> str:
    if not written:
        return ""
    user, _, password = written.partition(":")
    return Secret(f"{unquote(user)}:{Secret(unquote(password))}")


async def tunnel(connection: socket.socket, proxy: Proxy, host: str, port: int, until: float) -> None:
    """Have the proxy connect this socket to the server. Raises DialError."""
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout_at(until):
            await loop.sock_sendall(connection, _request(proxy, _place(host, port)))
            answer = await _answer(connection)
    except OSError as failure:
        raise DialError(
            Step.PROXY,
            f"the proxy {proxy.name} does not connect us to {host} ({why_not(failure)})",
            f"check {proxy.variable}, or list {host} in no_proxy",
        ) from None
    status = _STATUS.match(answer)
    if status is None or not status[1].startswith(b"2"):
        raise _refusal(proxy, host, int(status[1]) if status else 0)


def _request(proxy: Proxy, place: str) -> bytes:
    lines = [f"CONNECT {place} HTTP/1.1", f"Host: {place}", "User-Agent: voiced"]
    if proxy.login:
        lines.append(f"Proxy-Authorization: {basic(proxy.login)}")
    return "".join(f"{line}\r\n" for line in [*lines, ""]).encode()


async def _answer(connection: socket.socket) -> bytes:
    """The head of its answer. Nothing follows it: in TLS and HTTP the client speaks first."""
    answer = b""
    while b"\r\n\r\n" not in answer and len(answer) < _LONGEST_ANSWER_BYTES:
        piece = await asyncio.get_running_loop().sock_recv(connection, 4096)
        if not piece:
            break
        answer += piece
    return answer


def _refusal(proxy: Proxy, host: str, status: int) -> DialError:
    if status == 407 and proxy.login:
        sentence, remedy = "refuses the user or the password (407)", f"correct them in {proxy.variable}"
    elif status == 407:
        sentence = "wants a user and a password (407)"
        remedy = f"write {proxy.variable}=http://USER:PASSWORD@HOST:PORT"
    elif status:
        sentence = f"does not let us through to {host} (status {status})"
        remedy = f"ask whoever runs it, or list {host} in no_proxy"
    else:
        sentence = "does not answer as an HTTP proxy does"
        remedy = f"check {proxy.variable}, or list {host} in no_proxy"
    return DialError(Step.PROXY, f"the proxy {proxy.name} {sentence}", remedy)


def _place(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
