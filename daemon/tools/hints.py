"""Turns Python type hints into kinds of values. A hint that is not understood is refused, never ignored."""

from __future__ import annotations

import inspect
import math
import types
import typing
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import MISSING, fields, is_dataclass, replace
from datetime import date, datetime, time
from enum import Enum, Flag
from itertools import combinations
from typing import Annotated, Any, Final, Literal, NewType, NotRequired, Required, Union, get_args, get_origin

from daemon.errors import OwnerError
from daemon.tools.kinds import (
    LARGEST_EXACT,
    Boolean,
    Choices,
    MisfitError,
    Moment,
    Number,
    Range,
    TextKind,
    ValueKind,
)
from daemon.tools.nested import Array, Either, Field, Object, Table, bounded, in_json, is_empty

MAX_DEPTH: Final = 32
MAX_KINDS: Final = 1000
"""A server would refuse a larger schema."""

_PLAIN: Final[dict[Any, ValueKind]] = {
    bool: Boolean(),
    int: Number(whole=True),
    float: Number(whole=False),
    str: TextKind(),
    date: Moment(parse=date.fromisoformat, format="date"),
    time: Moment(parse=time.fromisoformat, format="time"),
    datetime: Moment(parse=datetime.fromisoformat, format="date-time"),
}
_LISTS: Final[dict[Any, Callable[[list[Any]], Any]]] = {
    list: list,
    Sequence: list,
    tuple: tuple,
    set: set,
    frozenset: frozenset,
}
_HASHABLE: Final = (Boolean, Number, TextKind, Moment, Choices)
_REMEDIES: Final[dict[Any, str]] = {
    **dict.fromkeys((list, Sequence), "write list[str], or of what its items are"),
    tuple: "write tuple[int, int], or of what its items are",
    set: "write set[str], or of what its items are",
    frozenset: "write frozenset[str], or of what its items are",
    **dict.fromkeys((dict, Mapping), "write dict[str, int], or of what its values are"),
    **dict.fromkeys((Any, object), "write what it may be, such as str or int | str"),
}
_UNDERSTOOD: Final = (
    "write int, float, str, bool, a date or time, Literal, an Enum, list[...], dict[str, ...], "
    "a dataclass, NamedTuple or TypedDict, or some of these with |"
)


class HintError(OwnerError, TypeError):
    """A hint that a model cannot be offered; the message ends with what to write instead."""

    def __init__(self, path: str, problem: str, remedy: str) -> None:
        super().__init__(f"{path} {problem}, {remedy}")
        self.problem, self.remedy = f"{path} {problem}", remedy


def parameters(function: Callable[..., Any], choices: Mapping[str, Sequence[str]]) -> Object:
    """The parameters of a function as the fields of an object. Raises HintError.

    `choices` gives some of them values that are known only at run time.
    """
    taken = _Reader().called(function, "")
    known = dict(taken.fields)
    for name, field in taken.fields.items():
        if values := choices.get(name):
            pairs = tuple((value, value) for value in values)
            known[name] = replace(field, kind=Choices(pairs=pairs, description=field.kind.description))
    return Object(fields=known, called="The call")


class _Reader:
    """Reads the hints of one function, up to a limit."""

    def __init__(self) -> None:
        self._inside: list[Any] = []
        self._kinds = 0

    def called(self, make: Callable[..., Any], path: str) -> Object:
        """The parameters of a function or of a constructor."""
        with _read_at(path):
            parameters, declared = inspect.signature(make).parameters, _declared(make)
        if len(parameters) > MAX_KINDS:
            problem = f"has more than {MAX_KINDS} parameters"
            raise HintError(path or "it", problem, "write several smaller tools")
        hints, factories = _hints(make, path), _factories(make)
        taken = {}
        for name, parameter in parameters.items():
            here = f"{path}.{name}" if path else name
            _check(parameter, hints, declared, here)
            kind = self.kind(hints[name], here)
            if name in factories:
                taken[name] = Field(kind=kind, required=False)
            else:
                taken[name] = _field(kind, parameter.default, here)
        return Object(fields=taken, make=make)

    def kind(self, hint: Any, path: str) -> ValueKind:
        """The kind for a hint. Raises HintError."""
        self._kinds += 1
        self._inside.append(hint)
        if len(self._inside) > MAX_DEPTH or any(hint is outer for outer in self._inside[:-1]):
            raise HintError(path, "is nested without an end, or too deep", "write it flat")
        if self._kinds > MAX_KINDS:
            raise HintError(path, f"is one of more than {MAX_KINDS} values", "write several smaller tools")
        kind = self._read(hint, path)
        self._inside.pop()
        return kind

    def _read(self, hint: Any, path: str) -> ValueKind:
        origin = get_origin(hint)
        if origin is Annotated:
            return _noted(self.kind(hint.__origin__, path), hint.__metadata__, path)
        if isinstance(hint, NewType):
            return self.kind(hint.__supertype__, path)
        if type(hint).__name__ == "TypeAliasType":  # `type X = ...`, from Python 3.12 on
            with _read_at(path):
                value = hint.__value__
            return self.kind(value, path)
        if origin in (Union, types.UnionType):
            return self._union(get_args(hint), path)
        if origin is Literal:
            return _literal(get_args(hint), path)
        if origin in _LISTS and get_args(hint):
            return self._array(origin, get_args(hint), path)
        if origin in (dict, Mapping) and get_args(hint):
            return self._table(get_args(hint), path)
        return _plain(hint, path) or self._class(hint, path)

    def _union(self, hints: Sequence[Any], path: str) -> ValueKind:
        members = [self.kind(hint, path) for hint in hints if hint is not types.NoneType]
        null = types.NoneType in hints or any(isinstance(each, Either) and each.null for each in members)
        members = [replace(each, null=False) if isinstance(each, Either) else each for each in members]
        enums = [each for each in members if isinstance(each, Choices) and not each.description]
        if len(enums) > 1:
            members = [each for each in members if each not in enums]
            members.append(_choices([pair for each in enums for pair in each.pairs], path))
        for one, other in combinations(members, 2):
            if not _apart(one, other):
                problem = f"has {one.name} and {other.name}, which JSON cannot tell apart"
                raise HintError(path, problem, "write one of them, or a parameter for each")
        return Either(members=tuple(members), null=null)

    def _array(self, origin: Any, hints: Sequence[Any], path: str) -> ValueKind:
        length = None
        if origin is tuple and hints[-1] is not ...:
            length = len(hints)
        items = [self.kind(hint, path) for hint in hints if hint is not ...]
        if any(item != items[0] for item in items):
            raise HintError(path, "is a tuple of different types", "write a NamedTuple")
        if origin in (set, frozenset) and not isinstance(items[0], _HASHABLE):
            raise HintError(path, "is a set of what is no plain value", "write list[...]")
        return Array(item=items[0], make=_LISTS[origin], length=length)

    def _table(self, hints: Sequence[Any], path: str) -> ValueKind:
        keys, value = (self.kind(hint, path) for hint in hints)
        if not isinstance(keys, TextKind | Choices) or keys.types != {"string"}:
            raise HintError(path, "is a dict whose keys are no texts", "write dict[str, ...]")
        if keys.description:
            raise HintError(
                path,
                "is a dict whose keys have a description",
                "describe the dict, Annotated[dict[...], ...]",
            )
        return Table(keys=keys, value=value)

    def _class(self, hint: Any, path: str) -> ValueKind:
        if not isinstance(hint, type):
            pass
        elif issubclass(hint, dict) and hasattr(hint, "__required_keys__"):
            return self._typed_dict(hint, path)
        elif is_dataclass(hint) or (issubclass(hint, tuple) and hasattr(hint, "_fields")):
            return self.called(hint, path)
        origin = get_origin(hint) or hint
        remedy = next((remedy for known, remedy in _REMEDIES.items() if known is origin), _UNDERSTOOD)
        problem = "does not say what it holds" if remedy is not _UNDERSTOOD else "is not understood"
        raise HintError(path, f"is {_named(hint)}, which {problem}", remedy)

    def _typed_dict(self, hint: Any, path: str) -> Object:
        taken = {}
        for name, each in _hints(hint, path).items():
            bare, required = _qualified(each, name in hint.__required_keys__)
            taken[name] = Field(kind=self.kind(bare, f"{path}.{name}"), required=required)
        return Object(fields=taken)


@contextmanager
def _read_at(path: str) -> Iterator[None]:
    """Evaluate a hint, which may be any expression and raise anything."""
    try:
        yield
    except Exception as error:
        problem = f"cannot be read ({type(error).__name__}, {error})"
        remedy = "write hints of names that the file defines or imports at its top"
        raise HintError(path or "a hint", problem, remedy) from error


def _hints(hinted: Any, path: str) -> dict[str, Any]:
    with _read_at(path):
        return typing.get_type_hints(hinted, include_extras=True)


def _declared(make: Any) -> dict[str, Any]:
    """The annotations of a function or a class; those of a constructor take precedence."""
    places = reversed(make.__mro__) if isinstance(make, type) else [make]
    return {name: hint for place in places for name, hint in inspect.get_annotations(place).items()}


def _check(
    parameter: inspect.Parameter, hints: Mapping[str, Any], declared: Mapping[str, Any], path: str
) -> None:
    """Check that a parameter can be given by name and has a hint."""
    if parameter.kind not in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY):
        raise HintError(path, "must be a plain parameter", "write it without * and /")
    if parameter.annotation not in (parameter.empty, declared.get(parameter.name)):
        problem = "has two hints, of which one would be lost"
        raise HintError(path, problem, "write the same one in both places")
    if parameter.name not in hints:
        raise HintError(path, "has no type hint", f"write one such as {parameter.name}: int")


def _factories(make: Any) -> set[str]:
    """The fields of a dataclass with a default factory: their defaults are known only when called."""
    if not is_dataclass(make):
        return set()
    return {field.name for field in fields(make) if field.default_factory is not MISSING}


def _plain(hint: Any, path: str) -> ValueKind | None:
    if isinstance(hint, type) and issubclass(hint, Enum) and not issubclass(hint, Flag):
        return _choices([(member.value, member) for member in hint], path)
    return next((kind for known, kind in _PLAIN.items() if known is hint), None)


def _literal(values: Sequence[Any], path: str) -> ValueKind:
    pairs = [(each.value if isinstance(each, Enum) else each, each) for each in values if each is not None]
    choices = _choices(pairs, path)
    return Either(members=(choices,), null=True) if None in values else choices


def _choices(pairs: Sequence[tuple[Any, Any]], path: str) -> Choices:
    if not pairs or any(type(value) not in (str, int, bool) for value, _ in pairs):
        raise HintError(path, "has choices that are no texts or whole numbers", "write Literal['a', 'b']")
    written = {str(value).strip() for value, _ in pairs}
    if len(written) != len(pairs) or "" in written:
        raise HintError(path, "has an empty choice, or two that are written alike", "name them apart")
    return Choices(pairs=tuple(pairs))


def _noted(kind: ValueKind, notes: Sequence[Any], path: str) -> ValueKind:
    """A kind with the metadata of Annotated, each item of which must be understood."""
    for note in notes:
        if isinstance(note, Range):
            kind = _within(kind, note, path)
        elif isinstance(note, str):
            kind = replace(kind, description=" ".join(filter(None, (kind.description, note))))
        else:
            problem = f"has the note {_named(note)}, which is not understood"
            raise HintError(path, problem, "write Range(1, 30) for bounds, or a text that describes it")
    return kind


def _within(kind: ValueKind, bounds: Range, path: str) -> ValueKind:
    for bound in (bounds.lo, bounds.hi):
        if type(bound) not in (int, float) or bound != bound:
            raise HintError(path, f"has {bounds} with a bound that is no number", "write Range(1, 30)")
        if LARGEST_EXACT < abs(bound) != math.inf:
            raise HintError(
                path, "has a Range that goes beyond JSON's numbers", "write math.inf for no bound"
            )
    narrow = bounded(kind, bounds.lo, bounds.hi)
    if narrow is None:
        remedy = "write it beside the number, as in list[Annotated[int, Range(1, 30)]]"
        raise HintError(path, f"has {bounds} beside what is no number", remedy)
    if is_empty(narrow):
        raise HintError(path, f"has {bounds} that leaves no number", "write the smaller bound first")
    return narrow


def _apart(one: ValueKind, other: ValueKind) -> bool:
    """Whether JSON tells two kinds apart. A float takes integers too, which matters if bounds differ."""
    if isinstance(one, Number) and isinstance(other, Number):
        return one.whole != other.whole and (one.lo, one.hi) == (other.lo, other.hi)
    numbers = {"integer", "number"}
    both = numbers & one.types and numbers & other.types and "number" in one.types | other.types
    return not one.types & other.types and not both


def _qualified(hint: Any, required: bool) -> tuple[Any, bool]:
    """A field of a TypedDict without Required, NotRequired and ReadOnly, in any order with Annotated."""
    origin = get_origin(hint)
    if origin is Annotated:
        bare, required = _qualified(hint.__origin__, required)
        return Annotated[(bare, *hint.__metadata__)], required
    if origin in (Required, NotRequired):
        return _qualified(get_args(hint)[0], origin is Required)
    if origin is not None and origin is getattr(typing, "ReadOnly", None):
        return _qualified(get_args(hint)[0], required)
    return hint, required


def _field(kind: ValueKind, default: Any, path: str) -> Field:
    if default is inspect.Parameter.empty:
        return Field(kind=kind)
    return Field(kind=kind, required=False, default=_default(kind, default, path))


def _default(kind: ValueKind, value: Any, path: str) -> Any:
    """A default in JSON. Raises HintError if it does not fit its hint."""
    told = in_json(value)
    try:
        if kind.take(told, True) == value:
            return told
        problem = f"has a default that is no {kind.name}"
    except MisfitError as error:
        problem = f"has a default that does not fit ({error})"
    remedy = "write | None behind the hint" if value is None else "write another default, or widen the hint"
    raise HintError(path, problem, remedy)


def _named(hint: Any) -> str:
    """The hint as the owner wrote it, or nearly so."""
    return hint.__name__ if isinstance(hint, type) else repr(hint).replace("typing.", "")
