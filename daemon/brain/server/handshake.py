"""The handshake with clients: paths, origins of web pages, the key, the subprotocol, the model.

A web page in the owner's browser can reach loopback like any program, and is named in `Origin`: only origins
that the owner has listed may connect. If there is a key, it is accepted in every way that the service
accepts.
"""

from __future__ import annotations

import hmac
import http
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Literal
from urllib.parse import parse_qs, urlsplit

from websockets.asyncio.server import ServerConnection
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

PATH = "/v1/realtime"
PATHS = (PATH, "/openai/v1/realtime", "/openai/realtime", "/realtime")
"""The paths of OpenAI and Azure, and those that clients form from an address without a path."""

SUBPROTOCOL = Subprotocol("realtime")
BRAIN = "voiced-brain"
_KEY_AS_SUBPROTOCOL = "openai-insecure-api-key."
_NAMES_OF_THE_MODEL = ("model", "deployment")


@dataclass(frozen=True)
class Admission:
    """Who may connect: web pages of these origins, and clients with the key if there is one."""

    key: str = ""
    origins: Sequence[str] = ()

    def refuse(self, connection: ServerConnection, request: Request) -> Response | None:
        """The HTTP response that refuses a handshake; None if it is accepted."""
        if not is_served(request.path):
            return connection.respond(http.HTTPStatus.NOT_FOUND, f"The paths here are {', '.join(PATHS)}.\n")
        for origin in request.headers.get_all("Origin"):
            if not (_is_listed(origin, self.origins) or _is_our_own(origin, request)):
                remedy = "start `voiced brain` with --origin to list it"
                message = f"No web page of {_printable(origin)} may connect here: {remedy}.\n"
                return connection.respond(http.HTTPStatus.FORBIDDEN, message)
        if self.key and not self._is_known(request):
            message = "This brain wants its key as a bearer token or in the header api-key.\n"
            refusal = connection.respond(http.HTTPStatus.UNAUTHORIZED, message)
            refusal.headers["WWW-Authenticate"] = "Bearer"
            return refusal
        return None

    def _is_known(self, request: Request) -> bool:
        wanted = self.key.encode()
        return any(hmac.compare_digest(_bytes(key), wanted) for key in _keys(request))


ANYBODY = Admission()


def is_served(path: str) -> bool:
    """Whether this path is served."""
    try:
        return urlsplit(path).path.rstrip("/") in PATHS
    except ValueError:
        return False


def _keys(request: Request) -> Iterator[str]:
    """Every key in this request."""
    yield from request.headers.get_all("api-key")
    for value in request.headers.get_all("Authorization"):
        scheme, _, token = value.partition(" ")
        if scheme.lower() == "bearer":
            yield token.strip()
    for value in request.headers.get_all("Sec-WebSocket-Protocol"):
        offered = (each.strip() for each in value.split(","))
        yield from (
            each.removeprefix(_KEY_AS_SUBPROTOCOL) for each in offered if each.startswith(_KEY_AS_SUBPROTOCOL)
        )


def _bytes(header: str) -> bytes:
    return header.encode(errors="surrogateescape")


def _printable(text: str) -> str:
    return text[:200].encode("ascii", "backslashreplace").decode()


def _is_listed(origin: str, origins: Sequence[str]) -> bool:
    return origin.lower() in {each.rstrip("/").lower() for each in origins}


def _is_our_own(origin: str, request: Request) -> bool:
    """Whether the origin is this server itself: some libraries send its address, and it serves no pages.

    A name other than localhost could be that of a web page, made to resolve to this address.
    """
    try:
        own = urlsplit(f"http://{next(iter(request.headers.get_all('Host')), '')}")
        return urlsplit(origin)[:2] == own[:2] and (own.hostname == "localhost" or _is_address(own.hostname))
    except ValueError:
        return False


def _is_address(host: str | None) -> bool:
    try:
        return bool(ip_address(host or ""))
    except ValueError:
        return False


def server_header(engine: str) -> str:
    """Who answers: our service tells its owner which engine that is."""
    return f"{BRAIN}/{engine}" if engine else BRAIN


def choose_subprotocol(_: ServerConnection, offered: Sequence[Subprotocol]) -> Subprotocol | None:
    """Browsers offer `realtime` and their key, and require a choice; most other clients offer nothing."""
    return SUBPROTOCOL if SUBPROTOCOL in offered else None


def session_type(path: str) -> Literal["realtime", "transcription"]:
    """A request's path may ask for a session that only writes down what is said."""
    intent = parse_qs(urlsplit(path).query).get("intent", ())
    return "transcription" if "transcription" in intent else "realtime"


def model(path: str) -> str | None:
    """The model or Azure deployment that a request's path asks for."""
    query = parse_qs(urlsplit(path).query)
    return next((query[name][0] for name in _NAMES_OF_THE_MODEL if name in query), None)
