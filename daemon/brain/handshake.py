"""How clients come in: the paths that are served, the model they name, and the subprotocol."""

from __future__ import annotations

import http
from collections.abc import Sequence
from urllib.parse import parse_qs, urlsplit

from websockets.asyncio.server import ServerConnection
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

PATH = "/v1/realtime"
PATHS = (PATH, "/openai/v1/realtime", "/openai/realtime")
"""OpenAI's, Azure's, and the one that the Azure clients of the official packages still form."""

SUBPROTOCOL = Subprotocol("realtime")
_NAMES_OF_THE_MODEL = ("model", "deployment")


def refuse(connection: ServerConnection, request: Request) -> Response | None:
    """The HTTP answer to a handshake that goes no further; None for one that does."""
    if urlsplit(request.path).path.rstrip("/") in PATHS:
        return None
    return connection.respond(http.HTTPStatus.NOT_FOUND, f"The paths here are {', '.join(PATHS)}.\n")


def choose_subprotocol(_: ServerConnection, offered: Sequence[Subprotocol]) -> Subprotocol | None:
    """Browsers offer `realtime` and their key and insist on an answer; most other clients offer nothing."""
    return SUBPROTOCOL if SUBPROTOCOL in offered else None


def model(path: str) -> str | None:
    """The model or Azure deployment that a request's path asks for."""
    query = parse_qs(urlsplit(path).query)
    return next((query[name][0] for name in _NAMES_OF_THE_MODEL if name in query), None)
