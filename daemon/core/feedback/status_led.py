"""The patterns of the status LED: the colour of a pattern at a time."""

from __future__ import annotations

from typing import Literal, TypeAlias

Colour: TypeAlias = tuple[float, float, float]
LedPattern: TypeAlias = Literal[
    "idle",
    "standby",
    "listening",
    "thinking",
    "speaking",
    "attending",
    "muted",
    "offline",
    "fallback",
    "trouble",
    "refused",
    "fault",
]

_ROUNDING_S = 1e-6
TROUBLE_S = 2.0

_COLOURS: dict[LedPattern, Colour] = {
    "idle": (0.0, 1.0, 0.0),
    "standby": (0.0, 0.0, 1.0),
    "listening": (0.0, 0.0, 1.0),
    "thinking": (1.0, 0.0, 1.0),
    "speaking": (0.0, 1.0, 0.0),
    "attending": (0.0, 1.0, 1.0),
    "muted": (1.0, 0.0, 0.0),
    "offline": (1.0, 1.0, 0.0),
    "fallback": (1.0, 1.0, 0.0),
    "trouble": (1.0, 0.0, 0.0),
    "refused": (1.0, 0.0, 0.0),
    "fault": (1.0, 1.0, 0.0),
}
"""Each part is fully on or off: levels between need PWM, by software some hundred wake-ups a second."""
_BLINKS: dict[LedPattern, tuple[float, ...]] = {
    "idle": (0.04, 3.96),
    "standby": (0.04, 3.96),
    "thinking": (0.3, 0.3),
    "fallback": (0.04, 0.2, 0.04, 3.72),
    "offline": (0.2, 2.8),
    "trouble": (0.125, 0.125),
    "refused": (0.15, 0.15, 0.15, 1.15),
    "fault": (0.15, 0.15, 0.15, 1.15),
}
"""On, off, on, off ... in seconds, again and again; what is not here is on."""


def frame(pattern: LedPattern, t: float) -> Colour:
    """The LED's red, green and blue, 0.0 or 1.0, `t` seconds after the pattern began."""
    return _COLOURS[pattern] if pattern not in _BLINKS or _blink(_BLINKS[pattern], t)[0] else (0.0, 0.0, 0.0)


def next_frame_s(pattern: LedPattern, t: float) -> float | None:
    """In how many seconds the LED changes; None if it stays as it is."""
    return _blink(_BLINKS[pattern], t)[1] if pattern in _BLINKS else None


def _blink(pattern: tuple[float, ...], t: float) -> tuple[bool, float]:
    """Whether it is on, and for how many seconds this lasts."""
    left = (t + _ROUNDING_S) % sum(pattern)
    for index, part_s in enumerate(pattern):
        if left < part_s:
            return index % 2 == 0, part_s - left + _ROUNDING_S
        left -= part_s
    return False, _ROUNDING_S
