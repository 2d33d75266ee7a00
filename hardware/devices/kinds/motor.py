"""A motor on an H-bridge."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, final

import msgspec

from hardware.devices.kind import Action, Driver, Lines, Output, SafeLine, Takes
from hardware.ports import Pin


@final
class Motor(Output, tag="motor", tag_field="kind", frozen=True, kw_only=True):
    """A DC motor on a bridge: a line for its speed, and one for its direction that is on for backward."""

    speed: Pin
    direction: Pin
    frequency_hz: Annotated[int, msgspec.Meta(ge=1, le=10000)] = 100
    min_interval_s: Annotated[float, msgspec.Meta(ge=0)] = 0.5  # a gear must stop before it is reversed

    takes: ClassVar[Takes] = "level"
    pulses: ClassVar[bool] = True
    states: ClassVar[Mapping[str, float]] = {"running forward": 1.0, "running backward": -1.0}
    actions: ClassVar[tuple[Action, ...]] = (
        Action(
            tool="run_motor",
            description="Run a motor forward or backward, at a speed in percent; 0 stops it.",
            words={"forward": 1.0, "backward": -1.0},
            sentence="run {device} {action} [ at {percent} ]",
            example="run {device} backward",
        ),
    )

    def claim(self, lines: Lines) -> Driver:
        """The direction is set before the motor runs."""
        backward = lines.switch(self.direction, self.active_high, on=False)
        level = float(self.value_of(self.at_start))
        return _Bridge(lines.dimmer(self.speed, self.active_high, level, self.frequency_hz), backward)

    def safe_lines(self) -> tuple[SafeLine, ...]:
        """Only the speed line decides: at speed 0 the direction has no effect."""
        return SafeLine(self.speed, bool(self.at_rest())), SafeLine(self.direction, False, decides=False)


class _Bridge:
    """-1.0 to 1.0; the motor has no power while its direction changes."""

    def __init__(self, speed: Driver, backward: Driver) -> None:
        self._speed = speed
        self._backward = backward
        self._is_backward = False

    def set(self, value: float) -> None:
        if self._is_backward != (value < 0):
            self._is_backward = value < 0
            self._speed.set(0.0)
            self._backward.set(self._is_backward)
        self._speed.set(abs(value))

    def close(self) -> None:
        self._speed.close()
        self._backward.close()
