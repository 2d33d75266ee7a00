"""Reads a server's address, as people paste it, into the one that is dialled."""

from __future__ import annotations

import re
from collections.abc import Iterable
from ipaddress import ip_address
from typing import Final
from urllib.parse import SplitResult, quote, unquote, urlsplit

from msgspec import Struct
from msgspec.structs import replace

from daemon.errors import OwnerError

REALTIME_PATH: Final = "/v1/realtime"
SOCKET_PATH_BYTES: Final = 107
"""The longest path that a unix socket may have (unix(7))."""

BEHIND: Final = "?&#,;"
AROUND: Final = " \t\r\n\u00a0\u200b\ufeff\"'`<>“”„‘’"
_SCHEMES: Final = {"wss": "wss", "ws": "ws", "https": "wss", "http": "ws"}
_MISSPELT: Final = re.compile(
    r"(?:wss?|https?)(?:/|:(?!//|\d))|[a-z]+:/(?!/)|[a-z]+://(?:wss?|https?):?//", re.IGNORECASE
)
_USUAL_PORTS: Final = {"wss": 443, "ws": 80}
_NAME: Final = re.compile(r"[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*")
_TRANSLATED: Final = frozenset("ßς\u200c\u200d")
"""Letters that Python's IDNA 2003 maps to another name than today's rules do."""
_SAFE: Final = "/:@!$&'()*+,;=~-._%?"

_BASE: Final = re.compile(
    r"(.*/v1)(?:/(?:realtime(?:/[a-z_]+)?|responses|models|completions|chat/completions|audio/[a-z]+))?/*"
)
"""A path of such a server as given for other requests than ours."""


class AddressError(OwnerError, ValueError):
    """The address cannot be used; the message is one sentence with the right form."""


class Address(Struct, frozen=True):
    """A ws:// or wss:// URL to dial.

    `login` is USER:PASSWORD, if the address has one; `unix` the path of a unix socket, if it is one.
    """

    url: str
    login: str = ""
    unix: str = ""

    @property
    def shown(self) -> str:
        """The URL for messages: of its query only the model, as the rest may be secret."""
        base, mark, query = self.url.partition("?")
        pairs = [pair.partition("=") for pair in query.split("&")]
        return f"{base}{mark}" + "&".join(
            f"model={text}" if name == "model" else f"{name}{equals}***" if equals else "***"
            for name, equals, text in pairs
        )


class AddressParts(Struct, frozen=True):
    """The parts of an address; `query` has its pairs as written."""

    scheme: str
    host: str
    port: int | None
    path: str
    query: tuple[str, ...]
    login: str

    def of_realtime(self) -> AddressParts:
        """The same with the path of this protocol, if it had that of another request."""
        base = _BASE.fullmatch(self.path)
        return replace(self, path=f"{base[1]}/realtime") if base else self

    def with_model(self, model: str) -> Address:
        """The whole address."""
        place = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port in (None, _USUAL_PORTS[self.scheme]) else f":{self.port}"
        url = f"{self.scheme}://{place}{port}{quote(self.path, safe=_SAFE)}"
        return Address(with_model(url, self.query, model), self.login)


def read_address(text: str) -> AddressParts:
    """The parts of a server's address. Raises AddressError."""
    parts = _split(text)
    query = tuple(pair for pair in parts.query.split("&") if pair)
    return AddressParts(_SCHEMES[parts.scheme], _host(parts), parts.port, parts.path, query, _login(parts))


def with_model(url: str, query: Iterable[str], model: str) -> str:
    """The whole URL; a model that the query already names takes precedence."""
    query = [pair for pair in query if pair.lower() != "model="]
    if model.strip() and not any(pair.lower().startswith("model=") for pair in query):
        query = [*query, f"model={quote(model.strip(), safe='')}"]
    return f"{url}?{quote('&'.join(query), safe=_SAFE)}" if query else url


def _split(text: str) -> SplitResult:
    """The parts of an address; without a scheme it is wss, or ws on this machine."""
    if any(letter.isspace() or not letter.isprintable() for letter in text):
        raise AddressError("it holds a space or a control character")
    if _MISSPELT.match(text):
        raise AddressError("it is misspelt at its beginning")
    try:
        parts = urlsplit(text if "://" in text else f"wss://{text.removeprefix('//')}")
    except ValueError:
        raise AddressError("it is no address") from None
    if parts.scheme not in _SCHEMES:
        raise AddressError("it must begin with wss:// or ws://, https:// or http://")
    if "://" not in text and is_loopback(_host(parts)):
        parts = parts._replace(scheme="ws")
    return parts


def _host(parts: SplitResult) -> str:
    """The host name in the form for DNS and certificates."""
    if parts.netloc.rpartition("@")[2].count(":") > 1 and "[" not in parts.netloc:
        raise AddressError("an IPv6 address must stand in brackets")
    try:
        there = parts.port != 0
    except ValueError:
        there = False
    if not there:
        raise AddressError("its port must be a number from 1 to 65535")
    host = (parts.hostname or "").removesuffix(".").replace("%25", "%")
    if not _TRANSLATED.isdisjoint(host):
        raise AddressError("its name is spelled differently by different rules, write it as xn--...")
    try:
        if ":" in host:
            ip_address(host)
            return host
        host = host.encode("idna").decode().lower()
    except ValueError:
        host = ""
    if not _NAME.fullmatch(host):
        raise AddressError("it holds no host that could be looked up")
    return host


def _login(parts: SplitResult) -> str:
    if parts.username is None:
        return ""
    login = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
    if not login.isprintable():
        raise AddressError("its user and password hold control characters")
    return login


def is_loopback(host: str) -> bool:
    """Whether this is a name of this machine."""
    try:
        address = ip_address(host)
        return address.is_loopback or address.is_unspecified
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def read_brain(written: str) -> Address:
    """The address of the brain. Raises AddressError."""
    address = written.strip(AROUND)
    if address.startswith("unix:"):
        return Address(f"ws://localhost{REALTIME_PATH}", unix=_socket_path(address.removeprefix("unix:")))
    url = address if "://" in address else f"ws://{address}"
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise _no_brain(written) from None
    if parts.scheme not in _USUAL_PORTS or not parts.hostname or port == 0 or parts.username is not None:
        raise _no_brain(written)
    if ("://" not in address and port is None) or any(not "!" <= letter <= "~" for letter in url):
        raise _no_brain(written)
    return Address(parts._replace(path=parts.path.rstrip("/") or REALTIME_PATH, fragment="").geturl())


def _socket_path(path: str) -> str:
    if not path or "\0" in path or len(path.encode()) > SOCKET_PATH_BYTES:
        problem = f"brain.address: the path of a socket has 1 to {SOCKET_PATH_BYTES} bytes"
        raise AddressError(f'{problem}; write "unix:/run/voiced-brain.sock"')
    return path


def _no_brain(written: str) -> AddressError:
    shown = re.sub(r"[^/]*@", "***@", written)
    return AddressError(
        f'brain.address: "{shown}" is no address of the brain; '
        f'write "unix:/run/voiced-brain.sock", "127.0.0.1:8765" or "ws://HOST:PORT"'
    )
