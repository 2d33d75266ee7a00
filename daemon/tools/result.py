"""What the model reads of a tool's result. For the child as well: only the standard library."""

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
    """A text as it is, all else as JSON. Raises TypeError for what has not run yet."""
    if isinstance(result, str):
        return result
    return json.dumps(result, default=_plain, ensure_ascii=False, separators=(",", ":"))


def _plain(value: Any) -> Any:
    """What JSON does not know."""
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
    """As much of a text as a model is given to read."""
    encoded = text.encode(errors="replace")
    if len(encoded) <= MAX_OUTPUT_BYTES:
        return encoded.decode()
    return encoded[:MAX_OUTPUT_BYTES].decode(errors="ignore") + " [cut]"


def raised(error: BaseException) -> str:
    """Kind and words of what was raised."""
    return format_exception_only(error)[0].strip()


def place(error: BaseException) -> str:
    """What was raised and where, without its words: those may quote what somebody said."""
    *_, last = extract_tb(error.__traceback__)
    return f"{type(error).__name__} in {last.filename}, line {last.lineno}"
