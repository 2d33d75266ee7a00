"""Kinds of values that a tool can take: each tells its JSON schema, and makes a Python value of JSON.

The schema and the check are two methods of one object: what is offered is what holds. What comes in other
clothes ("50" or 50.0 where an integer is meant, "Lamp" for "lamp") is taken where its meaning is certain.
Standard library only: every tool process imports this.
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
"""Up to here every whole number is a JSON number of its own everywhere."""
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
    """A value does not fit; the message begins with the place of the value."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self._problem = problem
        self._path = ""

    def at(self, step: str) -> MisfitError:
        """The same, seen from one level further out."""
        dot = "." if self._path and not self._path.startswith("[") else ""
        self._path = f"{step}{dot}{self._path}"
        return self

    def __str__(self) -> str:
        return f"{self._path}: {self._problem}" if self._path else self._problem


def expected(what: str, value: Any) -> MisfitError:
    """The usual misfit: another type."""
    return MisfitError(f"Expected {what}, got {_TYPES.get(type(value), type(value).__name__)}")


def shown(name: str) -> str:
    """A name that the model made up, short enough to be read."""
    return name if len(name) <= _SHOWN else f"{name[:_SHOWN]}..."


@dataclass(frozen=True, eq=False)
class Range:
    """Bounds of a number, both included: `Annotated[int, Range(1, 30)]`."""

    # Equal to itself alone: typing keeps one Annotated for equal notes, and a tuple (1, 30) is no Range.
    lo: float
    hi: float


@dataclass(frozen=True, kw_only=True)
class ValueKind:
    """What a value may be. `types` are the JSON types that it can come as, `name` is for messages."""

    description: str = ""

    @property
    def name(self) -> str:
        """What is expected, in a word or two."""
        raise NotImplementedError

    @property
    def types(self) -> frozenset[str]:
        """The types of JSON Schema that this kind takes as they are."""
        return frozenset({self.shape()["type"]})

    def shape(self) -> Json:
        """The schema without the description."""
        raise NotImplementedError

    def schema(self) -> Json:
        """What the model sees."""
        shape = self.shape()
        said = " ".join(filter(None, (shape.get("description"), self.description)))
        return {**shape, "description": said} if said else shape

    def take(self, value: Any, exact: bool) -> Any:
        """The Python value; `exact` takes nothing in other clothes. Raises MisfitError."""
        raise NotImplementedError


@dataclass(frozen=True, kw_only=True)
class Number(ValueKind):
    """An integer or a float within bounds."""

    whole: bool
    lo: float = -math.inf
    hi: float = math.inf

    @property
    def name(self) -> str:
        """As Python calls it."""
        return "int" if self.whole else "float"

    def shape(self) -> Json:
        """A bound that is infinite is none."""
        bounds = {"minimum": self.lo, "maximum": self.hi}
        finite = {name: bound for name, bound in bounds.items() if not math.isinf(bound)}
        return {"type": "integer" if self.whole else "number", **finite}

    def take(self, value: Any, exact: bool) -> int | float:
        """50.0 and "50" are integers where one is meant, true is not."""
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
    """A number that is written as text; all else as it is."""
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
        """The words are taken too, numbers are not."""
        if type(value) is str and not exact:
            value = {"true": True, "false": False}.get(value.strip().lower(), value)
        if type(value) is not bool:
            raise expected(self.name, value)
        return value


@dataclass(frozen=True, kw_only=True)
class TextKind(ValueKind):
    """Any text that can be written down."""

    name = "str"

    def shape(self) -> Json:
        """A string."""
        return {"type": "string"}

    def take(self, value: Any, exact: bool) -> str:
        """Half a character, which JSON can spell, is refused: it cannot be printed or stored."""
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
        """As JSON Schema calls it."""
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
    """One of some values; `pairs` are each in JSON and in Python."""

    pairs: tuple[tuple[Any, Any], ...]

    @property
    def name(self) -> str:
        """All that there are."""
        return f"one of {', '.join(str(value) for value in self._values)}"

    @property
    def types(self) -> frozenset[str]:
        """Those of the values."""
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
        """The Python value that belongs to this one, or to the only one that is spelled alike."""
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
    """A choice as it could be written; nothing for what can be none."""
    if type(value) is float and abs(value) <= LARGEST_EXACT and value.is_integer():
        value = int(value)
    return str(value).strip() if type(value) in _JSON_TYPES else ""
