"""The messages of a child, typed: one JSON object a line. It gets two kinds of lines, the first one once:

{"path": "/etc/voiced/tools.d/garden.py", "source": BASE64, "limit_s": 20.0}
{"id": 1, "tool": "water", "arguments": "{\\"seconds\\": 3}"}
"""

from __future__ import annotations

from typing import Annotated, Any, TypeAlias

import msgspec

MAX_LINE_BYTES = 2**20


class ToolOffer(msgspec.Struct, frozen=True):
    """A tool: `schema` is for `session.update`, `line` is its line in the file."""

    name: Annotated[str, msgspec.Meta(pattern=r"\A[A-Za-z0-9_-]{1,64}\Z")]
    schema: dict[str, Any]
    timeout_s: float
    line: int = 0


class Loaded(msgspec.Struct, frozen=True, tag="loaded"):
    """The file has been run."""

    tools: list[ToolOffer]


class Failed(msgspec.Struct, frozen=True, tag="failed"):
    """The file cannot be used."""

    problem: str
    remedy: str = "correct the line"
    line: int = 0


class Answered(msgspec.Struct, frozen=True, tag="answered"):
    """A call has ended. `place` is where it failed, without a message that may quote somebody."""

    id: int
    ok: bool
    text: str
    place: str = ""


Message: TypeAlias = Loaded | Failed | Answered

_decoder = msgspec.json.Decoder(Message)


def decoded(line: bytes) -> Message | None:
    """Decode a message; None if it is none, as the owner's code may write here too."""
    try:
        message: Message = _decoder.decode(line)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return None
    return message


def encoded(**fields: Any) -> bytes:
    """A line for the child."""
    return msgspec.json.encode(fields) + b"\n"
