"""The text of a tool's result for the model. Standard library only, as tool processes import it."""

from __future__ import annotations

import dataclasses
import enum
import inspect
import json
from collections.abc import AsyncIterator, Iterator
from traceback import extract_tb, format_exception_only
from typing import Any

MAX_OUTPUT_BYTES = 16 * 1024


def text_of(result: Any) -> str:
    """Text as it is, any other value as JSON. Raises TypeError for a coroutine that has not run."""
    if isinstance(result, str):
        return result
    return json.dumps(result, default=_plain, ensure_ascii=False, separators=(",", ":"))


def _plain(value: Any) -> Any:
    """Values that JSON lacks."""
    if inspect.iscoroutine(value):
        value.close()
    if inspect.isawaitable(value):
        raise TypeError(f"it returns a {type(value).__name__} that nobody awaits: write async def and await")
    if isinstance(value, Iterator | AsyncIterator):
        raise TypeError(f"it returns {type(value).__name__}, which nobody reads: return a list or a text")
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    if hasattr(value, "__struct_fields__"):  # msgspec's
        return {name: getattr(value, name) for name in value.__struct_fields__}
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, set | frozenset):
        return list(value)
    if hasattr(value, "isoformat"):
        return value.isoformat()
    return str(value)


def bounded(text: str) -> str:
    """A text, cut to the length that a model is given."""
    encoded = text.encode(errors="replace")
    if len(encoded) <= MAX_OUTPUT_BYTES:
        return encoded.decode()
    return encoded[:MAX_OUTPUT_BYTES].decode(errors="ignore") + " [cut]"


def raised(error: BaseException) -> str:
    """The type and the message of an error."""
    return format_exception_only(error)[0].strip()


def place(error: BaseException) -> str:
    """The type and place of an error, without its message, which may quote what somebody said."""
    *_, last = extract_tb(error.__traceback__)
    return f"{type(error).__name__} in {last.filename}, line {last.lineno}"
