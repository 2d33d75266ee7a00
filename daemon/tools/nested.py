"""Kinds of values that hold others: lists, dicts, objects with fields, and one of several kinds."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, fields, is_dataclass, replace
from datetime import date, time
from enum import Enum
from functools import cached_property
from typing import Any, Final

from daemon.devices.name_index import Spellings
from daemon.tools.kinds import Choices, Json, MisfitError, Number, TextKind, ValueKind, expected, shown

NO_DEFAULT: Final = object()


@dataclass(frozen=True, kw_only=True)
class Array(ValueKind):
    """A list of values of one kind; `make` converts it to the type of the hint."""

    item: ValueKind
    make: Callable[[list[Any]], Any] = list
    length: int | None = None

    @property
    def name(self) -> str:
        """Its name in JSON."""
        return "array" if self.length is None else f"array of {self.length}"

    def shape(self) -> Json:
        """Strict servers refuse an array without `items`, and know no other kind of tuple."""
        length = {} if self.length is None else {"minItems": self.length, "maxItems": self.length}
        return {"type": "array", "items": self.item.schema(), **length}

    def take(self, value: Any, exact: bool) -> Any:
        """Takes a list in which each item fits."""
        if type(value) is not list:
            raise expected(self.name, value)
        if self.length not in (None, len(value)):
            raise MisfitError(f"Expected {self.name}, got {len(value)}")
        taken: list[Any] = []
        try:
            for item in value:
                taken.append(self.item.take(item, exact))  # noqa: PERF401 - how far it came is the path
        except MisfitError as error:
            raise error.at(f"[{len(taken)}]") from None
        return self.make(taken)


@dataclass(frozen=True, kw_only=True)
class Table(ValueKind):
    """A dict with values of one kind; keys are any names or given ones."""

    value: ValueKind
    keys: TextKind | Choices

    name = "object"

    def shape(self) -> Json:
        """The schema; keys that are choices become optional properties."""
        value = self.value.schema()
        if isinstance(self.keys, TextKind):
            return {"type": "object", "additionalProperties": value}
        names = self.keys.shape()["enum"]
        return {"type": "object", "properties": dict.fromkeys(names, value), "additionalProperties": False}

    def take(self, value: Any, exact: bool) -> dict[Any, Any]:
        """Takes a dict in which each key and value fits, and no key occurs twice."""
        if type(value) is not dict:
            raise expected(self.name, value)
        taken = {}
        for name, item in value.items():
            try:
                key = self.keys.take(name, exact)
                if key in taken:
                    raise MisfitError("it is given twice")
                taken[key] = self.value.take(item, exact)
            except MisfitError as error:
                raise error.at(shown(str(name))) from None
        return taken


@dataclass(frozen=True, kw_only=True)
class Field:
    """A part of an object: a parameter of a function, or a field of a class."""

    kind: ValueKind
    required: bool = True
    default: Any = NO_DEFAULT
    """In JSON, for the schema only; the function or class itself applies it."""

    def schema(self) -> Json:
        """The schema; an optional field does not offer null as well."""
        kind = self.kind
        if not self.required and isinstance(kind, Either):
            kind = replace(kind, null=False)
        told = {} if self.default in (NO_DEFAULT, None) else {"default": self.default}
        return {**kind.schema(), **told}

    def left_out(self, value: Any) -> bool:
        """Whether null means that the field is left out."""
        return value is None and not self.required and not (isinstance(self.kind, Either) and self.kind.null)


@dataclass(frozen=True, kw_only=True)
class Object(ValueKind):
    """Named fields; `make` is called with those that are given."""

    fields: Mapping[str, Field]
    make: Callable[..., Any] = dict
    called: str = "Object"

    name = "object"

    def shape(self) -> Json:
        """The schema, which allows no other fields."""
        return {
            "type": "object",
            "properties": {name: field.schema() for name, field in self.fields.items()},
            "required": [name for name, field in self.fields.items() if field.required],
            "additionalProperties": False,
        }

    def take(self, value: Any, exact: bool) -> Any:
        """Takes an object in which each field fits and no required one is missing."""
        if type(value) is not dict:
            raise expected(self.name, value)
        taken: dict[str, Any] = {}
        for said, item in value.items():
            if item is None and not exact and self._spellings.meant(said) is None:
                continue  # it says nothing of what there is not
            name = self._meant(said, exact)
            try:
                if name in taken:
                    raise MisfitError("it is given twice")
                if exact or not self.fields[name].left_out(item):
                    taken[name] = self.fields[name].kind.take(item, exact)
            except MisfitError as error:
                raise error.at(name) from None
        return self._made(taken)

    def _meant(self, said: str, exact: bool) -> str:
        name = said if said in self.fields else None if exact else self._spellings.meant(said)
        if name is None:
            there = f"there are {', '.join(self.fields)}" if self.fields else "there are none"
            raise MisfitError(f"{self.called} contains unknown parameter {shown(said)}, {there}")
        return name

    def _made(self, taken: dict[str, Any]) -> Any:
        for name, field in self.fields.items():
            if field.required and name not in taken:
                raise MisfitError(f"{self.called} missing required parameter {name}")
        try:
            return self.make(**taken)
        except (TypeError, ValueError) as error:
            raise MisfitError(str(error) or type(error).__name__) from error

    @cached_property
    def _spellings(self) -> Spellings:
        return Spellings(self.fields)


@dataclass(frozen=True, kw_only=True)
class Either(ValueKind):
    """A union of kinds that JSON tells apart, perhaps with null."""

    members: tuple[ValueKind, ...]
    null: bool = False

    @property
    def name(self) -> str:
        """The names of all members."""
        return " or ".join(member.name for member in self.members)

    @property
    def types(self) -> frozenset[str]:
        """The types of all members."""
        return frozenset().union(*(member.types for member in self.members))

    def shape(self) -> Json:
        """The schema; that of a single member stands alone."""
        options = [member.schema() for member in self.members]
        if self.null:
            options.append({"type": "null"})
        return options[0] if len(options) == 1 else {"anyOf": options}

    def take(self, value: Any, exact: bool) -> Any:
        """Takes a value that fits a member exactly, or in another form if only one meaning fits."""
        if value is None and self.null:
            return None
        if len(self.members) == 1:
            return self.members[0].take(value, exact)
        misfits = []
        for member in self._by_type.get(type(value), ()):
            try:
                return member.take(value, True)
            except MisfitError as error:
                misfits.append(error)
        meant = [] if exact else self._undressed(value)
        if not meant or any(other != meant[0] for other in meant):
            raise misfits[0] if misfits else expected(self.name, value)
        return meant[0]

    def _undressed(self, value: Any) -> list[Any]:
        taken = []
        for member in self.members:
            with suppress(MisfitError):
                taken.append(member.take(value, False))
        return taken

    @cached_property
    def _by_type(self) -> dict[type, list[ValueKind]]:
        """The members that may take a value as it is, by its Python type."""
        names = {str: "string", bool: "boolean", float: "number", list: "array", dict: "object"}
        members = {
            kind: [each for each in self.members if name in each.types] for kind, name in names.items()
        }
        return members | {int: [each for each in self.members if {"integer", "number"} & each.types]}


def bounded(kind: ValueKind, lo: float, hi: float) -> ValueKind | None:
    """The kind with these bounds added; None if it is not only numbers."""
    if isinstance(kind, Number):
        lo, hi = max(lo, kind.lo), min(hi, kind.hi)
        if kind.whole:
            lo, hi = (lo if math.isinf(lo) else math.ceil(lo)), (hi if math.isinf(hi) else math.floor(hi))
        return replace(kind, lo=lo, hi=hi)
    if not isinstance(kind, Either):
        return None
    members = [bounded(member, lo, hi) for member in kind.members]
    return None if None in members else replace(kind, members=tuple(filter(None, members)))


def is_empty(kind: ValueKind) -> bool:
    """Whether its bounds exclude every number."""
    if isinstance(kind, Number):
        return kind.lo > kind.hi or math.inf in (kind.lo, -kind.hi)
    return isinstance(kind, Either) and any(map(is_empty, kind.members))


def in_json(value: Any) -> Any:
    """A Python value in JSON; values that JSON lacks stay, and fit no kind."""
    match value:
        case Enum():
            return value.value
        case date() | time():
            return value.isoformat()
        case dict():
            return {in_json(key): in_json(each) for key, each in value.items()}
        case tuple() if hasattr(value, "_asdict"):
            return in_json(value._asdict())
        case list() | tuple() | set() | frozenset():
            return [in_json(each) for each in value]
        case _ if is_dataclass(value) and not isinstance(value, type):
            return {field.name: in_json(getattr(value, field.name)) for field in fields(value)}
        case _:
            return value
