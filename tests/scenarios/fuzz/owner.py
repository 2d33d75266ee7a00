"""An owner's tools with every kind of hint."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, time
from enum import Enum, Flag
from typing import Annotated, Final, Literal, NamedTuple, NotRequired, TypedDict, TypeVar

from daemon.tools import Range, Tool

T = TypeVar("T")
Percent = Annotated[int, Range(0, 100), "In percent."]


class Colour(Enum):
    RED = "red"
    WARM_WHITE = "warm white"


class Level(Enum):
    LOW = 1
    HIGH = 2


class Bits(Flag):
    ONE = 1


class Odd(Enum):
    PAIR = (1, 2)
    HALF = 0.5


@dataclass
class Endless:
    inside: Endless | None = None


@dataclass
class Loose:
    things: list  # type: ignore[type-arg]


class Place(NamedTuple):
    x: Annotated[float, Range(0, 9)]
    y: Annotated[float, Range(0, 9)] = 0.5


class Step(TypedDict):
    seconds: Annotated[int, Range(1, 30)]
    where: NotRequired[Literal["garden", "porch"]]


@dataclass
class Plan:
    name: str
    steps: list[Step] = field(default_factory=list)
    colour: Colour = Colour.RED
    place: Place | None = None


def plain(seconds: Annotated[int, Range(1, 30)], gently: bool = False, note: str | None = None) -> str:
    """Take plain values."""
    return f"{seconds} {gently} {note}"


def listed(levels: list[Percent | None], names: set[str], pair: tuple[Percent, Percent]) -> str:
    """Take lists."""
    return f"{levels} {names} {pair}"


def nested(plan: Plan, others: list[Plan] | None = None, by_name: dict[str, Plan] | None = None) -> str:
    """Take objects."""
    return f"{plan} {others} {by_name}"


def chosen(what: list[Colour | int | bool | None], level: Level, limits: dict[Colour, Percent]) -> str:
    """Take one of several."""
    return f"{what} {level} {limits}"


def timed(at: time, day: date | None = None, until: datetime | None = None) -> str:
    """Take times."""
    return f"{at} {day} {until}"


def device(device: str) -> str:
    """Take a name that is known only at run time."""
    return device


TOOLS: Final = {
    tool.name: tool
    for tool in (
        *(Tool(function) for function in (plain, listed, nested, chosen, timed)),
        Tool(device, choices={"device": ["lamp", "desk light", "café", *(f"light {n}" for n in range(50))]}),
    )
}
