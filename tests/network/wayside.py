"""What stands between voiced and its server, on loopback: proxies, redirects, addresses that swallow."""

from __future__ import annotations

import asyncio
import base64
import socket
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.http11 import Request, Response

GREETING = '{"type":"session.created","event_id":"e1","session":{"id":"s"}}'
Told = list[tuple[Any, ...]]


async def greet(connection: ServerConnection) -> None:
    await connection.send(GREETING)
    await connection.wait_closed()


class ScriptedLoop(asyncio.SelectorEventLoop):
    """`connect` comes before each connection to one of `tried`; its clock takes `second_s` a second."""

    def __init__(self, connect: Callable[[str], Awaitable[None]], second_s: float = 1.0) -> None:
        self._second_s = second_s
        super().__init__()
        self._connect = connect
        self.tried: list[str] = []
        self.reached: list[socket.socket] = []

    def time(self) -> float:
        return super().time() / self._second_s

    async def sock_connect(self, sock: socket.socket, address: Any) -> None:
        self.tried.append(address[0])
        await self._connect(address[0])
        await super().sock_connect(sock, address)
        self.reached.append(sock)


@asynccontextmanager
async def server(host: str = "127.0.0.1", **options: Any) -> AsyncIterator[tuple[int, list[Request]]]:
    """A server that greets: its port, and the handshakes that it was asked for."""
    seen: list[Request] = []
    answer: Callable[[ServerConnection, Request], Response | None] = options.pop("answer", lambda *_: None)

    def look(connection: ServerConnection, request: Request) -> Response | None:
        seen.append(request)
        return answer(connection, request)

    async with serve(greet, host, options.pop("port", 0), process_request=look, **options) as listening:
        yield next(iter(listening.sockets)).getsockname()[1], seen


class Proxy:
    """An HTTP proxy that leads every CONNECT to one port of loopback; or answers `says`, or nothing."""

    def __init__(
        self, port: int = 0, says: bytes | None = b"HTTP/1.1 200 OK\r\n\r\n", login: str = ""
    ) -> None:
        self.asked: list[str] = []
        self._port = port
        self._says = says
        self._login = base64.b64encode(login.encode()).decode()

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[str]:
        """HOST:PORT while it listens."""
        listening = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        async with listening:
            yield f"127.0.0.1:{listening.sockets[0].getsockname()[1]}"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            self.asked.append(head)
            if self._says is None:
                await reader.read()
            elif self._login and f"Proxy-Authorization: Basic {self._login}\r\n" not in head:
                writer.write(b"HTTP/1.1 407 No\r\nProxy-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n")
            else:
                writer.write(self._says)
                if self._says.startswith(b"HTTP/1.1 200"):
                    await self._join(reader, writer)
        writer.close()

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        further, onward = await asyncio.open_connection("127.0.0.1", self._port)
        ways = [asyncio.create_task(_pump(reader, onward)), asyncio.create_task(_pump(further, writer))]
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        for way in ways:
            way.cancel()
        onward.close()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while piece := await reader.read(65536):
        writer.write(piece)


@contextmanager
def swallowing(host: str = "127.0.0.2", port: int = 0) -> Iterator[int]:
    """A port of loopback that answers no SYN, as its queue is full: from outside a black hole."""
    with socket.socket() as hole:
        hole.bind((host, port))
        hole.listen(0)
        callers = []
        for _ in range(4):
            caller = socket.socket()
            caller.setblocking(False)
            caller.connect_ex(hole.getsockname())
            callers.append(caller)
        try:
            yield hole.getsockname()[1]
        finally:
            for caller in callers:
                caller.close()


def script_names(monkeypatch: pytest.MonkeyPatch, names: dict[str, list[tuple[str, int]]]) -> list[str]:
    """Scripted getaddrinfo: these names have these addresses and ports, all others are asked for really."""
    really = socket.getaddrinfo
    asked: list[str] = []

    def answer(host: str, port: int, family: int = 0, *rest: Any) -> Any:
        if host not in names:
            return really(host, port, family, *rest)
        asked.append(host)
        found = [
            (kind, socket.SOCK_STREAM, 6, "", (address, own or port) + ((0, 0) if ":" in address else ()))
            for address, own in names[host]
            if family in (0, kind := socket.AF_INET6 if ":" in address else socket.AF_INET)
        ]
        if not found:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return found

    monkeypatch.setattr(socket, "getaddrinfo", answer)
    return asked


def certificate(
    folder: Path, name: str, *, issuer: Path | None = None, expired: bool = False, authority: bool = False
) -> Path:
    """A certificate for a name, by itself or by the authority in the folder `issuer`; its folder."""
    folder.mkdir(exist_ok=True)
    kind = "IP" if name.replace(".", "").isdigit() else "DNS"
    (folder / "names.conf").write_text(
        f"{IDENTIFIERS}{OF_AN_AUTHORITY if authority else ''}subjectAltName = {kind}:{name}\n"
    )
    (folder / "ca.conf").write_text(AUTHORITY)
    (folder / "index.txt").touch()
    request = ("-keyout", "key.pem", "-out", "request.pem", "-subj", f"/CN={name}")
    by = ["-selfsign", "-keyfile", "key.pem"]
    if issuer is not None:
        by = ["-cert", f"{issuer}/certificate.pem", "-keyfile", f"{issuer}/key.pem"]
    until = "20200201000000Z" if expired else "20990101000000Z"
    sign = ("-batch", "-notext", "-config", "ca.conf", "-startdate", "20200101000000Z", "-enddate", until)
    for command in (
        ("openssl", "req", "-new", *NEW_KEY, *request),
        ("openssl", "ca", *sign, *by, "-extfile", "names.conf", "-in", "request.pem", *OUT),
    ):
        subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return folder


NEW_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
OUT = ("-out", "certificate.pem")
AUTHORITY = """
[ca]
default_ca = own
[own]
database = index.txt
new_certs_dir = .
rand_serial = yes
default_md = sha256
policy = any
unique_subject = no
[any]
commonName = supplied
"""
IDENTIFIERS = "subjectKeyIdentifier = hash\nauthorityKeyIdentifier = keyid\n"
OF_AN_AUTHORITY = "basicConstraints = critical, CA:TRUE\nkeyUsage = critical, keyCertSign\n"
"""Python 3.13 insists on all of these."""
