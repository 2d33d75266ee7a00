"""Limits hold wherever they stand in a hint: offered, checked, or refused when the file is loaded."""

from __future__ import annotations

import functools
import json
import math
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum, Flag, IntEnum
from typing import (
    Annotated,
    Any,
    Final,
    Generic,
    Literal,
    NamedTuple,
    NewType,
    NotRequired,
    Optional,
    Required,
    TypedDict,
    TypeVar,
    Union,
)
from uuid import UUID

import pytest

from daemon.tools import BadCallError, Range, Tool, ToolDefinitionError

T = TypeVar("T")
Seconds = Annotated[int, Range(1, 30), "How long."]
Percent = NewType("Percent", Annotated[int, Range(0, 100)])


class Mode(Enum):
    FAST = "fast"
    SLOW = "slow and quiet"


class Step(IntEnum):
    ONE = 1
    TWO = 2


@dataclass
class Plan:
    seconds: Seconds
    mode: Mode = Mode.FAST
    marks: list[Annotated[float, Range(0, 1)]] = field(default_factory=list)


class Point(NamedTuple):
    x: Annotated[int, Range(0, 9)]
    y: Annotated[int, Range(0, 9)] = 5


class Order(TypedDict, total=False):
    seconds: Required[Annotated[int, Range(1, 30)]]
    where: NotRequired[Annotated[Literal["garden", "porch"], "The place."]]
    pressure: Annotated[float | None, Range(0, 2)]


class Late(TypedDict):
    seconds: Annotated[NotRequired[Annotated[int, Range(1, 30)]], "How long."]


def tool_of(hint: Any, **default: Any) -> Tool:
    """A tool with one parameter of this hint."""

    def function(value: Any) -> str:
        """Do it."""
        return str(value)

    function.__annotations__ = {"value": hint}
    function.__defaults__ = tuple(default.values())
    return Tool(function, name="it")


def shape_of(hint: Any, **default: Any) -> Any:
    return tool_of(hint, **default).schema()["parameters"]["properties"]["value"]


def taken(hint: Any, value: Any) -> Any:
    return tool_of(hint).arguments(json.dumps({"value": value}))["value"]


def refusal(hint: Any, value: Any) -> str:
    with pytest.raises(BadCallError) as refused:
        taken(hint, value)
    return str(refused.value)


INT = {"type": "integer"}
SECONDS = {"type": "integer", "minimum": 1, "maximum": 30, "description": "How long."}
NULL = {"type": "null"}
PLAN = {
    "type": "object",
    "properties": {
        "seconds": SECONDS,
        "mode": {"type": "string", "enum": ["fast", "slow and quiet"], "default": "fast"},
        "marks": {"type": "array", "items": {"type": "number", "minimum": 0, "maximum": 1}},
    },
    "required": ["seconds"],
    "additionalProperties": False,
}


@pytest.mark.parametrize(
    ("hint", "shape"),
    [
        (Seconds, SECONDS),
        (Seconds | None, {"anyOf": [SECONDS, NULL]}),
        (Optional[Seconds], {"anyOf": [SECONDS, NULL]}),  # noqa: UP045
        (
            Annotated[int | None, Range(1, 30), "How long."],
            {"anyOf": [{**SECONDS, "description": ...}, NULL]},
        ),
        (Union[Seconds, str], {"anyOf": [SECONDS, {"type": "string"}]}),  # noqa: UP007
        (list[Seconds], {"type": "array", "items": SECONDS}),
        (Sequence[Seconds], {"type": "array", "items": SECONDS}),
        (set[Seconds], {"type": "array", "items": SECONDS}),
        (tuple[Seconds, ...], {"type": "array", "items": SECONDS}),
        (tuple[Seconds, Seconds], {"type": "array", "items": SECONDS, "minItems": 2, "maxItems": 2}),
        (dict[str, Seconds], {"type": "object", "additionalProperties": SECONDS}),
        (Mapping[str, Seconds], {"type": "object", "additionalProperties": SECONDS}),
        (
            list[list[Seconds | None]],
            {"type": "array", "items": {"type": "array", "items": {"anyOf": [SECONDS, NULL]}}},
        ),
        (Plan, PLAN),
        (list[Plan], {"type": "array", "items": PLAN}),
        (Percent, {"type": "integer", "minimum": 0, "maximum": 100}),
        (
            Annotated[Seconds, Range(5, 60), "At night."],
            {"type": "integer", "minimum": 5, "maximum": 30, "description": "How long. At night."},
        ),
        (Annotated[int, Range(0.5, 3.5)], {"type": "integer", "minimum": 1, "maximum": 3}),
        (Annotated[int, Range(0, math.inf)], {"type": "integer", "minimum": 0}),
        (Mode, {"type": "string", "enum": ["fast", "slow and quiet"]}),
        (Step, {"type": "integer", "enum": [1, 2]}),
        (
            Literal["auto", 1, 2],
            {"anyOf": [{"type": "string", "enum": ["auto"]}, {"type": "integer", "enum": [1, 2]}]},
        ),
        (Literal["auto", None], {"anyOf": [{"type": "string", "enum": ["auto"]}, NULL]}),
        (Mode | Literal["auto"], {"type": "string", "enum": ["auto", "fast", "slow and quiet"]}),
        (time, {"type": "string", "format": "time"}),
    ],
)
def test_bounds_and_descriptions_are_offered_wherever_they_stand(hint: Any, shape: Any) -> None:
    if "description" in shape.get("anyOf", [{}])[0] and shape["anyOf"][0]["description"] is ...:
        del shape["anyOf"][0]["description"]
        shape["description"] = "How long."
    assert shape_of(hint) == shape


@pytest.mark.parametrize(
    ("hint", "value", "complaint"),
    [
        (Seconds | None, 86400, "value: Expected int <= 30, got 86400"),
        (Annotated[int | None, Range(1, 30)], 86400, "value: Expected int <= 30"),
        (Seconds | str, 86400, "value: Expected int <= 30"),
        (int | Annotated[str, "words"], [1], "value: Expected int or str, got array"),
        (Annotated[int | float, Range(1, 30)], 86400, "value: Expected int <= 30"),
        (list[Seconds], [3, 86400], "value[1]: Expected int <= 30"),
        (tuple[Seconds, Seconds], [3], "value: Expected array of 2, got 1"),
        (set[Seconds], [0], "value[0]: Expected int >= 1"),
        (dict[str, Seconds], {"a": 86400}, "value.a: Expected int <= 30"),
        (dict[str, list[Plan]], {"a": [{"seconds": 0}]}, "value.a[0].seconds: Expected int >= 1"),
        (Plan, {"seconds": 3, "marks": [2]}, "value.marks[0]: Expected float <= 1"),
        (Plan, {"seconds": 3, "mode": "loud"}, "value.mode: expected one of fast, slow and quiet"),
        (Plan, {}, "value: Object missing required parameter seconds"),
        (Plan, {"seconds": 3, "when": 1}, "value: Object contains unknown parameter when, there are seconds"),
        (Point, {"x": 10}, "value.x: Expected int <= 9"),
        (Order, {"seconds": 31}, "value.seconds: Expected int <= 30"),
        (Order, {"seconds": 3, "pressure": 3}, "value.pressure: Expected float <= 2"),
        (Order, {"seconds": 3, "where": "roof"}, "value.where: expected one of garden, porch"),
        (Late, {"seconds": 31}, "value.seconds: Expected int <= 30"),
        (dict[Literal["a", "b"], Seconds], {"c": 3}, "value.c: expected one of a, b"),
        (Percent, 101, "value: Expected int <= 100"),
        (Annotated[Seconds, Range(5, 60)], 31, "value: Expected int <= 30"),
        (Annotated[Seconds, Range(5, 60)], 4, "value: Expected int >= 5"),
        (Mode, "loud", "value: expected one of fast, slow and quiet"),
        (int, True, "value: Expected int, got bool"),
        (int, 2**63, "value: Expected int, got a number that is too large"),
        (bool, 1, "value: Expected bool, got int"),
        (str, 5, "value: Expected str, got int"),
        (list[str], "a", "value: Expected array, got str"),
        (time, "noon", "value: Expected an ISO 8601 time"),
    ],
)
def test_bounds_are_checked_wherever_they_stand(hint: Any, value: Any, complaint: str) -> None:
    assert refusal(hint, value).startswith(f"it: {complaint}")


@pytest.mark.parametrize(
    ("hint", "given", "value"),
    [
        (Plan, {"seconds": 3, "mode": "fast"}, Plan(3)),
        (Plan, {"seconds": 3, "mode": "slow and quiet", "marks": [1, 0.5]}, Plan(3, Mode.SLOW, [1.0, 0.5])),
        (Plan | None, None, None),
        (Point, {"x": 1}, Point(1, 5)),
        (Order, {"seconds": 3}, {"seconds": 3}),
        (Order, {"seconds": 3, "pressure": None}, {"seconds": 3, "pressure": None}),
        (Mode, "fast", Mode.FAST),
        (Step, 2, Step.TWO),
        (Mode | Literal["auto"], "slow and quiet", Mode.SLOW),
        (tuple[int, ...], [1, 2], (1, 2)),
        (set[int], [1, 1], {1}),
        (frozenset[Mode], ["fast"], frozenset({Mode.FAST})),
        (dict[Mode, int], {"fast": 1}, {Mode.FAST: 1}),
        (int | float, 3, 3),
        (int | float, 3.5, 3.5),
        (date, "2026-11-27", date(2026, 11, 27)),
        (time, "07:30", time(7, 30)),
        (datetime, "2026-11-27T07:30:00", datetime(2026, 11, 27, 7, 30)),
        (float, 10**30, 1e30),
    ],
)
def test_values_become_what_the_hint_says(hint: Any, given: Any, value: Any) -> None:
    made = taken(hint, given)
    assert made == value
    assert type(made) is type(value)


class Bits(Flag):
    ONE = 1


class Odd(Enum):
    RED = (255, 0, 0)


class Empty(Enum):
    pass


@dataclass
class Node:
    below: list[Node]


@dataclass
class Box(Generic[T]):
    inside: T


@dataclass
class Loose:
    things: list  # type: ignore[type-arg]


@dataclass
class Bounded:
    """Its constructor is the owner's, and it is the one that has the bounds."""

    seconds: int

    def __init__(self, seconds: Seconds) -> None:
        self.seconds = seconds


Half = TypedDict("Half", {"\udfff": int})


class Narrow(Point):
    def __new__(cls, x: Annotated[int, Range(0, 3)]) -> Narrow:
        return super().__new__(cls, x)


class Plain:
    def __init__(self, seconds: int) -> None:
        self.seconds = seconds


NO_ITEMS = "value is list, which does not say what it holds, write list[str]"


@pytest.mark.parametrize(
    ("hint", "complaint"),
    [
        (list, NO_ITEMS),
        (list | None, NO_ITEMS),
        (list[list], NO_ITEMS),  # type: ignore[type-arg]
        (dict[str, list], NO_ITEMS),  # type: ignore[type-arg]
        (Loose, NO_ITEMS.replace("value", "value.things")),
        (dict, "value is dict, which does not say what it holds, write dict[str, int]"),
        (tuple, "value is tuple, which does not say what it holds, write tuple[int, int]"),
        (set, "value is set, which does not say what it holds, write set[str]"),
        (Any, "value is Any, which does not say what it holds, write what it may be"),
        (object, "value is object, which does not say what it holds, write what it may be"),
        (list[Any], "value is Any, which does not say"),
        (dict[int, str], "value is a dict whose keys are no texts"),
        (dict[Annotated[str, "The plant."], str], "value is a dict whose keys have a description"),
        (tuple[int, str], "value is a tuple of different types, write a NamedTuple"),
        (set[Plan], "value is a set of what is no plain value"),
        (None, "value is NoneType, which is not understood"),
        (bytes, "value is bytes, which is not understood, write int, float, str"),
        (Decimal, "value is Decimal, which is not understood"),
        (UUID, "value is UUID, which is not understood"),
        (complex, "value is complex, which is not understood"),
        (Plain, "value is Plain, which is not understood"),
        (T, "value is ~T, which is not understood"),
        (Box[int], "value is "),
        (Callable[[], int], "value is "),
        (Final[int], "value is "),
        (Bits, "value is Bits, which is not understood"),
        (Odd, "value has choices that are no texts or whole numbers"),
        (Empty, "value has choices that are no texts or whole numbers"),
        (Literal[b"a"], "value has choices that are no texts or whole numbers"),
        (Literal[1, "1"], "value has an empty choice, or two that are written alike"),
        (Bounded, "value.seconds has two hints, of which one would be lost, write the same one"),
        (Narrow, "value.x has two hints, of which one would be lost"),
        (Node, "value.below is nested without an end"),
        (int | Literal[1], "value has int and one of 1, which JSON cannot tell apart"),
        (str | Literal["a"], "value has str and one of a, which JSON cannot tell apart"),
        (str | date, "value has str and an ISO 8601 date, which JSON cannot tell apart"),
        (Plan | Point, "value has object and object, which JSON cannot tell apart"),
        (list[int] | list[str], "value has array and array, which JSON cannot tell apart"),
        (Seconds | float, "value has int and float, which JSON cannot tell apart"),
        (float | Literal[1], "value has float and one of 1, which JSON cannot tell apart"),
        (Annotated[str, Range(1, 2)], "value has Range(lo=1, hi=2) beside what is no number"),
        (Annotated[bool, Range(0, 1)], "value has Range(lo=0, hi=1) beside what is no number"),
        (Annotated[list[int], Range(0, 1)], "value has Range(lo=0, hi=1) beside what is no number"),
        (Annotated[int | str, Range(0, 1)], "value has Range(lo=0, hi=1) beside what is no number"),
        (Annotated[int, Range(30, 1)], "value has Range(lo=30, hi=1) that leaves no number"),
        (Annotated[int, Range(0.2, 0.8)], "value has Range(lo=0.2, hi=0.8) that leaves no number"),
        (Annotated[Seconds, Range(40, 50)], "value has Range(lo=40, hi=50) that leaves no number"),
        (Annotated[int, Range(math.inf, math.inf)], "value has Range(lo=inf, hi=inf) that leaves no number"),
        (Annotated[int, Range(math.nan, 1)], "value has Range(lo=nan, hi=1) with a bound that is no number"),
        (Annotated[int, Range("1", 2)], "value has Range(lo='1', hi=2) with a bound"),  # type: ignore[arg-type]
        (Annotated[int, Range(False, True)], "value has Range(lo=False, hi=True) with a bound"),
        (Annotated[int, Range(0, 10**400)], "value has a Range that goes beyond JSON's numbers"),
        (Annotated[int, Range], "value has the note Range, which is not understood, write Range(1, 30)"),
        (Annotated[int, range(1, 30)], "value has the note range(1, 30), which is not understood"),
        (Annotated[int, (1, 30)], "value has the note (1, 30), which is not understood"),
        (Annotated[int, Range(1, 30), 5] | None, "value has the note 5, which is not understood"),
        ("Nowhere", "a hint cannot be read (NameError"),
        ("int |", "a hint cannot be read (SyntaxError"),
        ("1 / 0", "a hint cannot be read (ZeroDivisionError"),
    ],
)
def test_a_hint_that_is_not_understood_or_says_too_little_is_refused(hint: Any, complaint: str) -> None:
    with pytest.raises(ToolDefinitionError) as refused:
        tool_of(hint)
    assert str(refused.value).startswith(f"it: {complaint}")


@pytest.mark.parametrize(
    ("hint", "default", "told"),
    [
        (Seconds, 3, 3),
        (Seconds | None, None, ...),
        (Mode, Mode.SLOW, "slow and quiet"),
        (Plan, Plan(3), {"seconds": 3, "mode": "fast", "marks": []}),
        (tuple[int, ...], (1, 2), [1, 2]),
        (Point | None, Point(1), {"x": 1, "y": 5}),
        (time, time(7, 30), "07:30:00"),
        (bool, False, False),
        (float, 5, 5),
    ],
)
def test_a_default_is_offered_as_json(hint: Any, default: Any, told: Any) -> None:
    assert shape_of(hint, default=default).get("default", ...) == told
    assert tool_of(hint, default=default).arguments("{}") == {}


@pytest.mark.parametrize(
    ("hint", "default", "complaint"),
    [
        (Seconds, 0, "value has a default that does not fit (Expected int >= 1, got 0)"),
        (Seconds | None, 31, "value has a default that does not fit (Expected int <= 30, got 31)"),
        (list[Seconds], [31], "value has a default that does not fit ([0]: Expected int <= 30"),
        (int, None, "value has a default that does not fit (Expected int, got null), write | None behind"),
        (int, True, "value has a default that does not fit (Expected int, got bool)"),
        (int, "3", "value has a default that does not fit (Expected int, got str)"),
        (float, math.nan, "value has a default that does not fit"),
        (Mode, "fast", "value has a default that is no one of fast"),
        (tuple[int, ...], [1], "value has a default that is no array"),
        (str, object(), "value has a default that does not fit (Expected str, got object)"),
        (dict[str, int], {1: 2}, "value has a default that does not fit (1: Expected str, got int)"),
        (float, math.inf, "value has a default that does not fit (Expected float, got a number that is too"),
    ],
)
def test_a_default_that_the_hint_forbids_is_refused(hint: Any, default: Any, complaint: str) -> None:
    with pytest.raises(ToolDefinitionError) as refused:
        tool_of(hint, default=default)
    assert str(refused.value).startswith(f"it: {complaint}")


def test_what_may_be_left_out_is_not_offered_as_null() -> None:
    assert shape_of(Seconds | None, default=None) == SECONDS
    assert shape_of(Literal["a", None], default=None) == {"type": "string", "enum": ["a"]}
    assert tool_of(Seconds | None, default=None).arguments('{"value": null}') == {"value": None}


def test_null_for_what_may_be_left_out_leaves_it_out() -> None:
    assert tool_of(bool, default=True).arguments('{"value": null}') == {}
    assert refusal(bool, None) == "it: value: Expected bool, got null."


@pytest.mark.parametrize("timeout_s", [0, -1, 61, math.nan, math.inf, "5", None, True])
def test_a_time_limit_that_would_not_hold_is_refused(timeout_s: Any) -> None:
    def wait() -> str:
        """Wait."""
        return ""

    with pytest.raises(
        ToolDefinitionError, match=r"^wait: timeout_s is .*, write seconds above 0 and up to 60"
    ):
        Tool(wait, timeout_s=timeout_s)


def test_only_functions_that_return_are_tools() -> None:
    def count() -> Any:
        """Count."""
        yield 1

    for each in (count, Plan, len, print):
        with pytest.raises(ToolDefinitionError, match="only a function can be a tool"):
            Tool(each)


@pytest.mark.skipif(sys.version_info < (3, 12), reason="`type X = ...` is read from Python 3.12 on")
def test_an_alias_of_the_type_statement_keeps_its_bounds() -> None:
    names: dict[str, Any] = {"Annotated": Annotated, "Range": Range}
    exec("type Limited = Annotated[int, Range(1, 30)]\ntype Endless = list[Endless]", names)
    assert shape_of(names["Limited"] | None, default=None) == {"type": "integer", "minimum": 1, "maximum": 30}
    with pytest.raises(ToolDefinitionError, match="nested without an end"):
        tool_of(names["Endless"])


# ---------------------------------------------------------------- numbers and names in other clothes


@pytest.mark.parametrize(
    ("hint", "given", "value"),
    [
        (Seconds, 30.0, 30),
        (Seconds, "30", 30),
        (Seconds, "30.0", 30),
        (Seconds, " 3e1 ", 30),
        (Seconds | None, "30", 30),
        (list[Seconds], ["1", 2.0], [1, 2]),
        (dict[str, float], {"a": "2.5"}, {"a": 2.5}),
        (float, "-5", -5.0),
        (int | float, "5", 5),
        (int | str, "5", "5"),
        (int | str, 5.0, 5),
        (bool, "True", True),
        (Literal["lamp", "desk light"], "Lamp", "lamp"),
        (Literal["lamp", "desk light"], '"lamp"', "lamp"),
        (Literal["lamp", "desk light"], "\u201cDesk-Light\u201d.", "desk light"),
        (Literal["lamp", "desk light"], "lamp\u200b", "lamp"),
        (Literal["lamp.", "lamp"], "lamp", "lamp"),
        (Literal["lamp", "desk light"], " DESK_LIGHT ", "desk light"),
        (Literal["lamp", "desk light"], "desk-light", "desk light"),
        (Literal["café"], "cafe\u0301", "café"),
        (Literal["cafe\u0301"], "CAFÉ", "cafe\u0301"),
        (Literal["straße"], "STRASSE", "straße"),
        (Literal["On", "ON"], "ON", "ON"),
        (Literal[1, 2], "2", 2),
        (Literal[1, 2], 2.0, 2),
        (Literal["1", "2"], 2, "2"),
        (Mode, "Slow And  Quiet", Mode.SLOW),
        (Step, "2", Step.TWO),
        (dict[Mode, int], {"FAST": "1"}, {Mode.FAST: 1}),
        (Plan, {"Seconds": "3"}, Plan(3)),
    ],
)
def test_a_value_in_other_clothes_is_taken_where_its_meaning_is_certain(
    hint: Any, given: Any, value: Any
) -> None:
    made = taken(hint, given)
    assert made == value
    assert type(made) is type(value)


@pytest.mark.parametrize(
    ("hint", "given", "complaint"),
    [
        (Seconds, "86400", "value: Expected int <= 30, got 86400"),
        (Seconds, 86400.0, "value: Expected int <= 30, got 86400"),
        (Seconds | None, "86400", "value: Expected int <= 30, got 86400"),
        (Seconds, "3.5", "value: Expected int, got str"),
        (Seconds, "1,0", "value: Expected int, got str"),
        (Seconds, "1_0", "value: Expected int, got str"),
        (Seconds, "٣", "value: Expected int, got str"),
        (Seconds, "0x10", "value: Expected int, got str"),
        (Seconds, "5 s", "value: Expected int, got str"),
        (Seconds, "", "value: Expected int, got str"),
        (int, 1e300, "value: Expected int, got a number that is too large"),
        (float, 10**309, "value: Expected float, got a number that is too large"),
        (int, "1e999", "value: Expected int, got str"),
        (float, "nan", "value: Expected float, got str"),
        (float, "1e999", "value: Expected float, got str"),
        (bool, "yes", "value: Expected bool, got str"),
        (Literal["On", "ON"], "on", "value: expected one of ON, On"),
        (Literal["garden", "porch"], "roof", "value: expected one of garden, porch"),
        (Literal["garden", "porch"], ["porch"], "value: expected one of garden, porch"),
        (Literal[1, 2], True, "value: expected one of 1, 2"),
        (Literal[1, 2], 1.5, "value: expected one of 1, 2"),
        (Plan, {"Seconds": 3, "seconds": 4}, "value.seconds: it is given twice"),
        (dict[Mode, int], {"fast": 1, "FAST": 2}, "value.FAST: it is given twice"),
        (int | bool, "no", "value: Expected int or bool, got str"),
    ],
)
def test_other_clothes_that_hide_the_meaning_are_refused_with_what_there_is(
    hint: Any, given: Any, complaint: str
) -> None:
    assert refusal(hint, given).startswith(f"it: {complaint}")


GIVEN = '{"value": 3}'


@pytest.mark.parametrize(
    "arguments",
    [
        f"```json\n{GIVEN}\n```",
        f"```\n{GIVEN}```",
        f"  ```JSON {GIVEN} ```\n",
        f"`{GIVEN}`",
        f"~~~json\n{GIVEN}\n~~~",
        f"\ufeff{GIVEN}",
        f"```application/json\n{GIVEN}\n```",
        json.dumps(GIVEN),
        json.dumps(f"```json\n{GIVEN}\n```"),
        '{"Value": "3"}',
    ],
)
def test_arguments_in_a_code_fence_or_in_a_string_are_taken(arguments: str) -> None:
    assert tool_of(Seconds).arguments(arguments) == {"value": 3}


@pytest.mark.parametrize("arguments", ["", " ", "null", "{}", "``````", '""', "```json\n```"])
def test_no_arguments_are_none_where_none_are_required(arguments: str) -> None:
    assert tool_of(Seconds, default=3).arguments(arguments) == {}


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ('{"value": 3, "value": 86400}', "value is given twice"),
        ('{"value": {"a": 1, "a": 2}}', "a is given twice"),
        ('{"value": NaN}', "the arguments are not valid JSON (NaN"),
        ('{"value": Infinity}', "the arguments are not valid JSON (Infinity"),
        ('{"value": 1e999}', "value: Expected int, got a number that is too large"),
        ('{"value": ' + "9" * 5000 + "}", "value: Expected int, got a number that is too large"),
        ('{"value": -' + "9" * 5000 + "}", "value: Expected int, got a number that is too large"),
        ("[" * 60_000, "the arguments are not valid JSON"),
        (" " * 2**16 + GIVEN, "the arguments are longer than 65536 characters"),
        ('{"value": 3} {"value": 4}', "the arguments are not valid JSON"),
        (json.dumps(json.dumps(GIVEN)), "Expected object, got str"),
        ("```json\nnone\n```", "the arguments are not valid JSON"),
        ("", "the arguments are not valid JSON"),
    ],
)
def test_arguments_that_leave_a_doubt_are_refused(arguments: str, complaint: str) -> None:
    with pytest.raises(BadCallError) as refused:
        tool_of(Seconds).arguments(arguments)
    assert str(refused.value).startswith(f"it: {complaint}")


def test_half_a_character_is_no_text() -> None:
    for text in ('"\\ud800"', '{"\\ud800": 1}'):
        hint = str if text.startswith('"') else dict[str, int]
        with pytest.raises(BadCallError, match="half a character"):
            tool_of(hint).arguments('{"value": ' + text + "}")


@pytest.mark.parametrize("hint", [Literal["\ud800"], Annotated[int, "half \ud800"], list[Half]])
def test_a_hint_that_nobody_could_send_is_refused(hint: Any) -> None:
    with pytest.raises(ToolDefinitionError, match="half a character"):
        tool_of(hint)


def test_a_decorator_that_hides_bounds_is_refused() -> None:
    def water(seconds: Seconds) -> str:
        """Water."""
        return ""

    @functools.wraps(water, assigned=["__doc__"])
    def wrapped(seconds: int) -> str:
        return water(seconds)

    with pytest.raises(ToolDefinitionError, match="seconds has two hints, of which one would be lost"):
        Tool(wrapped)


def test_a_complaint_about_a_long_name_is_short_enough_to_be_read() -> None:
    assert len(refusal(Plan, {"x" * 100_000: 1})) < 300
    assert len(refusal(dict[str, int], {"x" * 100_000: "no"})) < 300
