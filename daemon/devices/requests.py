"""Requests to an output, its answers, and its state in words."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final, Literal, TypeAlias, assert_never

import msgspec

from hardware.devices.kind import Takes
from hardware.ports import Value

Colour: TypeAlias = Literal["red", "green", "blue", "white", "yellow", "orange", "purple", "pink"]

LOWEST_PERCENT: Final = 5
"""Where lowering ends: whoever wants less says "off"."""

COLOURS: dict[str, str] = {
    "red": "#ff0000",
    "green": "#00ff00",
    "blue": "#0000ff",
    "white": "#ffffff",
    "yellow": "#ffc000",
    "orange": "#ff5000",
    "purple": "#8000ff",
    "pink": "#ff3070",
}
"""Values for LEDs: mixed colours have less green than on a screen, because green LEDs are brighter."""

_BLACK: Final = "#000000"
_COLOUR_NAMES = {value: name for name, value in COLOURS.items()}


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """One output as the core sees it: its name, what it takes, and its limits."""

    name: str
    takes: Takes = "switch"
    states: Mapping[str, float] = {}
    at_start: Value = 0.0
    at_exit: Value = 0.0
    max_on_s: float | None = None
    min_interval_s: float = 0.0
    exclusive_with: tuple[str, ...] = ()


class DeviceRequest(msgspec.Struct, frozen=True):
    """Base of what can be asked of an output, which is named by its key in the configuration."""

    device: str


class Query(DeviceRequest, frozen=True):
    """Just return the state."""


class SetState(DeviceRequest, frozen=True):
    """Switch an output on or off, or toggle it."""

    state: Literal["on", "off", "toggle"]


class SetLevel(DeviceRequest, frozen=True):
    """Set a level, 0 to 100 percent."""

    percent: int


class ChangeLevel(DeviceRequest, frozen=True):
    """Raise or lower a level by so many percentage points; lowering leaves a device on."""

    by: int


class SetColour(DeviceRequest, frozen=True):
    """Set a colour."""

    colour: Colour


class Blink(DeviceRequest, frozen=True):
    """Switch on and off this many times, then back to the state before."""

    times: int


class Pulse(DeviceRequest, frozen=True):
    """Switch on for this long, then off."""

    seconds: float


class SetValue(DeviceRequest, frozen=True):
    """Set a value that the kind of this output has a word for."""

    value: Value


Request: TypeAlias = Query | SetState | SetLevel | ChangeLevel | SetColour | SetValue | Blink | Pulse


class DeviceAnswer(msgspec.Struct, frozen=True):
    """The answer to a request, as one sentence."""

    ok: bool
    text: str


class WriteOutput(msgspec.Struct, frozen=True):
    """An effect: set this output, by its key in the configuration."""

    device: str
    value: Value


def dark(takes: Takes) -> Value:
    """The value that is off."""
    match takes:
        case "switch" | "level":
            return 0.0
        case "colour":
            return _BLACK
        case _:
            assert_never(takes)


def full(takes: Takes) -> Value:
    """The value that "on" means."""
    match takes:
        case "switch" | "level":
            return 1.0
        case "colour":
            return COLOURS["white"]
        case _:
            assert_never(takes)


def changed(value: Value, by: int) -> float:
    """A level that is so many percentage points higher or lower, in the same direction; off can only rise."""
    level = value if isinstance(value, float) else 0.0
    percent = abs(round(level * 100))
    return math.copysign(min(100, max(min(percent, LOWEST_PERCENT), percent + by)) / 100, level)


def is_on(value: Value) -> bool:
    """Whether it is on; every level above 0 counts."""
    return value not in (0.0, _BLACK)


def state(value: Value, states: Mapping[str, float]) -> str:
    """A value in words after "The lamp is": "on", "at 30 percent", "red"; `states` are words for some."""
    for word, full in states.items():
        if value == full:
            return word
        if isinstance(value, float) and value * full > 0:
            return f"{word} at {abs(round(value * 100))} percent"
    if not is_on(value):
        return "off"
    if isinstance(value, str):
        return _COLOUR_NAMES.get(value, "on")
    return f"at {round(value * 100)} percent" if value < 1.0 else "on"


def describe(output: Limits, value: Value) -> str:
    """The state as a sentence."""
    return f"The {output.name} is {state(value, output.states)}."


def duration(seconds: float) -> str:
    """A duration in words: whole seconds, rounded up, from one second on."""
    rounded = round(seconds, 1) if seconds < 1.0 else math.ceil(round(seconds, 3))
    return "1 second" if rounded == 1 else f"{rounded:g} seconds"
