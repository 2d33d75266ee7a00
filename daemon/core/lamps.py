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
_ROUNDING_S = 1e-6
TROUBLE_S = 2.0

_COLOURS: dict[Mood, Colour] = {
    "idle": (0.0, 1.0, 0.0),
    "listening": (0.0, 0.2, 1.0),
    "thinking": (0.6, 0.3, 1.0),
    "speaking": (0.0, 1.0, 0.3),
    "muted": (1.0, 0.0, 0.0),
    "offline": (1.0, 0.4, 0.0),
    "fallback": (1.0, 0.4, 0.0),
    "trouble": (1.0, 0.0, 0.0),
    "refused": (1.0, 0.0, 0.0),
    "fault": (1.0, 0.4, 0.0),
}
_BLINKS: dict[Mood, tuple[float, ...]] = {
    "idle": (0.04, 3.96),
    "fallback": (0.04, 0.2, 0.04, 3.72),
    "offline": (0.2, 2.8),
    "trouble": (0.125, 0.125),
    "refused": (0.15, 0.15, 0.15, 1.15),
    "fault": (0.15, 0.15, 0.15, 1.15),
}
"""On, off, on, off ... in seconds, again and again.

What lasts for days is dark or full on, but for moments: a level between costs a board that has no PWM of
its own some hundred wake-ups a second.
"""


def frame(mood: Mood, t: float) -> Colour:
    """The lamp's red, green and blue, 0.0 to 1.0, `t` seconds after the mood began."""
    level = _level(mood, t)
    red, green, blue = _COLOURS[mood]
    return (red * level, green * level, blue * level)


def next_frame_s(mood: Mood, t: float) -> float | None:
    """In how many seconds the lamp changes; None if it stays as it is for the whole mood."""
    if mood == "thinking":
        return FRAME_S
    return _blink(_BLINKS[mood], t)[1] if mood in _BLINKS else None


def _level(mood: Mood, t: float) -> float:
    if mood == "thinking":
        return 0.55 - 0.45 * math.cos(2 * math.pi * t / 0.9)
    return float(_blink(_BLINKS[mood], t)[0]) if mood in _BLINKS else 1.0


def _blink(pattern: tuple[float, ...], t: float) -> tuple[bool, float]:
    """Is it on, and for how much longer is it as it is?"""
    left = (t + _ROUNDING_S) % sum(pattern)
    for index, part_s in enumerate(pattern):
        if left < part_s:
            return index % 2 == 0, part_s - left + _ROUNDING_S
        left -= part_s
    return False, _ROUNDING_S
