"""The kinds of values that a tool can take: each has a JSON schema, and converts JSON to a Python value.

Schema and check are two methods of one object, so that they agree. Values in another form ("50" or 50.0 for
an integer, "Lamp" for "lamp") are accepted if their meaning is certain. Standard library only: every tool
process imports this.
"""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, TypeAlias

from daemon.devices.name_index import Spellings
from daemon.errors import PeerError

Json: TypeAlias = dict[str, Any]

LARGEST_INT: Final = 2**63 - 1
LARGEST_EXACT: Final = 2**53
"""Up to this, every integer is exact in every JSON implementation."""
_SHOWN: Final = 60
_NUMBER: Final = re.compile(r"[+-]?[0-9]{1,300}(\.[0-9]{1,300})?([eE][+-]?[0-9]{1,3})?")
_TYPES: Final = {
    type(None): "null",
    bool: "bool",
    int: "int",
    float: "float",
    str: "str",
    list: "array",
    dict: "object",
}
_JSON_TYPES: Final = {str: "string", int: "integer", bool: "boolean"}


class MisfitError(PeerError, ValueError):
    """A value does not fit; the message begins with its path."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self._problem = problem
        self._path = ""

    def at(self, step: str) -> MisfitError:
        """The same error, one level further out."""
        dot = "." if self._path and not self._path.startswith("[") else ""
        self._path = f"{step}{dot}{self._path}"
        return self

    def __str__(self) -> str:
        return f"{self._path}: {self._problem}" if self._path else self._problem


def expected(what: str, value: Any) -> MisfitError:
    """The usual error: a wrong type."""
    return MisfitError(f"Expected {what}, got {_TYPES.get(type(value), type(value).__name__)}")


def shown(name: str) -> str:
    """A name that the model made up, shortened."""
    return name if len(name) <= _SHOWN else f"{name[:_SHOWN]}..."


@dataclass(frozen=True, eq=False)
class Range:
    """Bounds of a number, both included: `Annotated[int, Range(1, 30)]`."""

    # Equal only to itself: typing caches Annotated by equality, and a tuple (1, 30) is no Range.
    lo: float
    hi: float


@dataclass(frozen=True, kw_only=True)
class ValueKind:
    """A kind of value. `types` are the JSON types that it accepts, `name` is for messages."""

    description: str = ""

    @property
    def name(self) -> str:
        """The name of the kind, for messages."""
        raise NotImplementedError

    @property
    def types(self) -> frozenset[str]:
        """The types of JSON Schema that this kind takes as they are."""
        return frozenset({self.shape()["type"]})

    def shape(self) -> Json:
        """The schema without the description."""
        raise NotImplementedError

    def schema(self) -> Json:
        """The schema that the model sees."""
        shape = self.shape()
        said = " ".join(filter(None, (shape.get("description"), self.description)))
        return {**shape, "description": said} if said else shape

    def take(self, value: Any, exact: bool) -> Any:
        """The Python value; with `exact`, other forms are refused. Raises MisfitError."""
        raise NotImplementedError


@dataclass(frozen=True, kw_only=True)
class Number(ValueKind):
    """An integer or a float within bounds."""

    whole: bool
    lo: float = -math.inf
    hi: float = math.inf

    @property
    def name(self) -> str:
        """Its name in Python."""
        return "int" if self.whole else "float"

    def shape(self) -> Json:
        """The schema; infinite bounds are left out."""
        bounds = {"minimum": self.lo, "maximum": self.hi}
        finite = {name: bound for name, bound in bounds.items() if not math.isinf(bound)}
        return {"type": "integer" if self.whole else "number", **finite}

    def take(self, value: Any, exact: bool) -> int | float:
        """Takes 50.0 and "50" for integers, but not true."""
        number = value if exact else _number(value)
        number = self._whole(number, exact) if self.whole else _real(number)
        if number is None and type(value) in (int, float) and abs(value) > LARGEST_INT:
            raise MisfitError(f"Expected {self.name}, got a number that is too large")
        if number is None:
            raise expected(self.name, value)
        if number < self.lo:
            raise MisfitError(f"Expected {self.name} >= {self.lo}, got {number}")
        if number > self.hi:
            raise MisfitError(f"Expected {self.name} <= {self.hi}, got {number}")
        return number

    def _whole(self, number: Any, exact: bool) -> int | None:
        if type(number) is int and abs(number) <= LARGEST_INT:
            return number
        if type(number) is float and not exact and abs(number) <= LARGEST_EXACT and number.is_integer():
            return int(number)
        return None


def _number(value: Any) -> Any:
    """Convert a number written as text; any other value stays."""
    if type(value) is not str or not _NUMBER.fullmatch(value.strip()):
        return value
    digits = value.strip().lstrip("+-")
    return int(value) if digits.isdigit() else float(value)


def _real(number: Any) -> float | None:
    if type(number) is int and abs(number) <= sys.float_info.max:
        return float(number)
    return number if type(number) is float and math.isfinite(number) else None


@dataclass(frozen=True, kw_only=True)
class Boolean(ValueKind):
    """True or false."""

    name = "bool"

    def shape(self) -> Json:
        """A boolean."""
        return {"type": "boolean"}

    def take(self, value: Any, exact: bool) -> bool:
        """Takes "true" and "false" as text too, but no numbers."""
        if type(value) is str and not exact:
            value = {"true": True, "false": False}.get(value.strip().lower(), value)
        if type(value) is not bool:
            raise expected(self.name, value)
        return value


@dataclass(frozen=True, kw_only=True)
class TextKind(ValueKind):
    """Any text without lone surrogates."""

    name = "str"

    def shape(self) -> Json:
        """A string."""
        return {"type": "string"}

    def take(self, value: Any, exact: bool) -> str:
        """Refuses lone surrogates, which JSON can express: they cannot be printed or stored."""
        if type(value) is not str:
            raise expected(self.name, value)
        try:
            value.encode()
        except UnicodeEncodeError:
            raise MisfitError("Expected str, got half a character (a lone surrogate)") from None
        return value


@dataclass(frozen=True, kw_only=True)
class Moment(ValueKind):
    """A date, a time of day, or both, in ISO 8601."""

    parse: Callable[[str], Any]
    format: str

    @property
    def name(self) -> str:
        """Its name in JSON Schema."""
        return f"an ISO 8601 {self.format}"

    def shape(self) -> Json:
        """A string of a format."""
        return {"type": "string", "format": self.format}

    def take(self, value: Any, exact: bool) -> Any:
        """A date, time or datetime."""
        if type(value) is not str:
            raise expected(self.name, value)
        try:
            return self.parse(value.strip())
        except ValueError:
            raise MisfitError(f"Expected {self.name}, got other text") from None


@dataclass(frozen=True, kw_only=True)
class Choices(ValueKind):
    """One of some values; `pairs` has each in JSON and in Python."""

    pairs: tuple[tuple[Any, Any], ...]

    @property
    def name(self) -> str:
        """The list of choices."""
        return f"one of {', '.join(str(value) for value in self._values)}"

    @property
    def types(self) -> frozenset[str]:
        """The types of the values."""
        return frozenset(_JSON_TYPES[type(value)] for value in self._values)

    def shape(self) -> Json:
        """An enum of each type; in an order that does not depend on the owner's, as msgspec's was."""
        enums = [
            {"type": name, "enum": [value for value in self._values if type(value) is kind]}
            for kind, name in _JSON_TYPES.items()
            if name in self.types
        ]
        return enums[0] if len(enums) == 1 else {"anyOf": enums}

    def take(self, value: Any, exact: bool) -> Any:
        """The Python value of this choice, or of the only one with a similar spelling."""
        if type(value) in _JSON_TYPES and (type(value), value) in self._python:
            return self._python[type(value), value]
        meant = None if exact else self._spellings.meant(_word(value))
        if meant is None:
            raise MisfitError(f"expected {self.name}")
        return self._python[self._by_word[meant]]

    @cached_property
    def _values(self) -> list[Any]:
        return sorted((value for value, _ in self.pairs), key=lambda value: (type(value).__name__, value))

    @cached_property
    def _python(self) -> dict[tuple[type, Any], Any]:
        return {(type(value), value): python for value, python in self.pairs}

    @cached_property
    def _by_word(self) -> dict[str, tuple[type, Any]]:
        return {_word(value): (type(value), value) for value, _ in self.pairs}

    @cached_property
    def _spellings(self) -> Spellings:
        return Spellings(self._by_word)


def _word(value: Any) -> str:
    """A choice as text; empty if it cannot be one."""
    if type(value) is float and abs(value) <= LARGEST_EXACT and value.is_integer():
        value = int(value)
    return str(value).strip() if type(value) in _JSON_TYPES else ""
