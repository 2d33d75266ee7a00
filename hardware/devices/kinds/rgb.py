"""A coloured light of three LEDs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, Final, final

from hardware.devices.kind import Driver, Lines, Output, SafeLine, Takes
from hardware.ports import Pin, Value

_FREQUENCY_HZ: Final = 100


@final
class Rgb(Output, tag="rgb", tag_field="kind", frozen=True, kw_only=True):
    """A coloured light on three PWM pins: red, green, blue."""

    pins: tuple[Pin, Pin, Pin]

    takes: ClassVar[Takes] = "colour"
    pulses: ClassVar[bool] = True

    def claim(self, lines: Lines) -> Driver:
        """Each line is a dimmer of its own."""
        levels = _levels(self.value_of(self.at_start))
        return _Colour(
            lines.dimmer(pin, self.active_high, level, _FREQUENCY_HZ)
            for pin, level in zip(self.pins, levels, strict=True)
        )

    def safe_lines(self) -> tuple[SafeLine, ...]:
        """Each part is fully on or off. A light that glows before the start does no harm."""
        levels = zip(self.pins, _levels(self.at_rest()), strict=True)
        return tuple(SafeLine(pin, bool(level), decides=False) for pin, level in levels)


class _Colour:
    """Takes "#rrggbb"."""

    def __init__(self, parts: Iterable[Driver]) -> None:
        self._parts = tuple(parts)

    def set(self, value: Value) -> None:
        for part, level in zip(self._parts, _levels(value), strict=True):
            part.set(level)

    def close(self) -> None:
        for part in self._parts:
            part.close()


def _levels(value: object) -> tuple[float, ...]:
    return tuple(part / 255 for part in bytes.fromhex(str(value).removeprefix("#")))
