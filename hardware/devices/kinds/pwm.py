"""Anything that takes a level: a dimmed lamp, a fan."""

from __future__ import annotations

from typing import Annotated, ClassVar, final

import msgspec

from hardware.devices.kind import Driver, Lines, OneLine, Takes


@final
class Pwm(OneLine, tag="pwm", tag_field="kind", frozen=True, kw_only=True):
    """Any level from 0 to 100 percent by pulse width."""

    frequency_hz: Annotated[int, msgspec.Meta(ge=1, le=10000)] = 100

    takes: ClassVar[Takes] = "level"
    pulses: ClassVar[bool] = True

    def claim(self, lines: Lines) -> Driver:
        """The level is the part of the time that the line is on."""
        level = float(self.value_of(self.at_start))
        return lines.dimmer(self.pin, self.active_high, level, self.frequency_hz)
