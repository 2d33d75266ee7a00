"""The client of the control socket: JSON lines over a unix stream (see `daemon/control/server.py`)."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeAlias

import msgspec

from daemon.errors import PeerError

Json: TypeAlias = dict[str, Any]

REPLY_LIMIT_S = 10.0
TURN_LIMIT_S = 200.0


class ControlError(PeerError):
    """The service cannot be reached, or refuses a request; the message is one sentence."""


class RefusedError(ControlError):
    """The service has refused a request."""


def request(path: Path, do: str, **fields: Any) -> Json:
    """Send one request and return the reply. Raises ControlError."""
    limit_s = TURN_LIMIT_S if do in ("ask", "say") else REPLY_LIMIT_S
    for line in stream(path, do, limit_s, **fields):
        if "ok" in line:
            return line
    raise ControlError("voiced has closed the connection without a reply; see its journal.")


def stream(path: Path, do: str, limit_s: float | None, **fields: Any) -> Iterator[Json]:
    """Send one request and yield every line of the reply, until either side ends.

    `limit_s` bounds the wait for each line. Raises ControlError, RefusedError among them.
    """
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(limit_s)
        _connect(connection, path)
        try:
            connection.sendall(json.dumps({"do": do, **fields}).encode() + b"\n")
            with connection.makefile("rb") as lines:
                yield from map(_checked, lines)
        except OSError as error:
            reason = "does not answer" if isinstance(error, TimeoutError) else f"has gone ({error.strerror})"
            raise ControlError(f"voiced {reason}; see its journal.") from error


def _connect(connection: socket.socket, path: Path) -> None:
    try:
        connection.connect(str(path))
    except PermissionError:
        raise ControlError(f"You may not use {path}; join the group voiced, or use sudo.") from None
    except (FileNotFoundError, ConnectionRefusedError):
        raise ControlError(
            f"voiced is not running (nobody listens at {path}); "
            f"start it with `systemctl start voiced`, or by hand with `voiced run --config FILE`."
        ) from None
    except OSError as error:
        raise ControlError(
            f"{path} cannot be used as a control socket ({error}); give another path."
        ) from None


def _checked(line: bytes) -> Json:
    try:
        reply: Json = msgspec.json.decode(line, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        raise ControlError("What answers at the control socket is not voiced; give another path.") from None
    if reply.get("ok") is False:
        raise RefusedError(str(reply.get("error") or "voiced refuses; see its journal."))
    return reply
