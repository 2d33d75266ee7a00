"""What the status lamp shows: a mood and a time to a colour."""

from __future__ import annotations

import math
from typing import Literal, TypeAlias

Colour: TypeAlias = tuple[float, float, float]
Mood: TypeAlias = Literal[
    "idle",
    "listening",
    "thinking",
    "speaking",
    "muted",
    "offline",
    "fallback",
    "trouble",
    "refused",
    "fault",
]

FRAME_S = 0.04
TROUBLE_S = 2.0

_COLOURS: dict[Mood, Colour] = {
    "idle": (0.0, 0.03, 0.0),
    "listening": (0.0, 0.2, 1.0),
    "thinking": (0.6, 0.3, 1.0),
    "speaking": (0.0, 1.0, 0.3),
    "muted": (0.5, 0.0, 0.0),
    "offline": (1.0, 0.4, 0.0),
    "fallback": (0.03, 0.012, 0.0),
    "trouble": (1.0, 0.0, 0.0),
    "refused": (1.0, 0.0, 0.0),
    "fault": (1.0, 0.4, 0.0),
}
_ANIMATED = frozenset({"thinking", "offline", "trouble", "refused", "fault"})


def animated(mood: Mood) -> bool:
    """Does this mood change with time, so that it wants a frame every FRAME_S?"""
    return mood in _ANIMATED


def frame(mood: Mood, t: float) -> Colour:
    """The lamp's red, green and blue, 0.0 to 1.0, `t` seconds after the mood began."""
    level = _level(mood, t)
    red, green, blue = _COLOURS[mood]
    return (red * level, green * level, blue * level)


def _level(mood: Mood, t: float) -> float:
    match mood:
        case "thinking":
            return 0.55 - 0.45 * math.cos(2 * math.pi * t / 0.9)
        case "offline":
            return 1.0 if t % 3.0 < 0.2 else 0.0
        case "trouble":
            return 1.0 if t % 0.25 < 0.125 else 0.0
        case "refused" | "fault":
            return 1.0 if t % 1.6 < 0.15 or 0.3 <= t % 1.6 < 0.45 else 0.0
        case _:
            return 1.0
