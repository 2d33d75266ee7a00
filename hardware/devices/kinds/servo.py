"""A hobby servo."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, ClassVar, Final, Literal, final

import msgspec

from hardware.devices.kind import Driver, Lines, OneLine, SafeLine, Takes

_FREQUENCY_HZ: Final = 50


@final
class Servo(OneLine, tag="servo", tag_field="kind", frozen=True, kw_only=True):
    """0 percent is one end of its travel, 100 the other."""

    min_pulse_ms: Annotated[float, msgspec.Meta(ge=0.3, le=3.0)] = 1.0
    max_pulse_ms: Annotated[float, msgspec.Meta(ge=0.3, le=3.0)] = 2.0

    takes: ClassVar[Takes] = "level"
    pulses: ClassVar[bool] = True
    setup_level: ClassVar[Literal["high", "low"] | None] = None

    def claim(self, lines: Lines) -> Driver:
        """The line is low until the first pulse."""
        driver = _Pulses(self, lines.dimmer(self.pin, self.active_high, 0.0, _FREQUENCY_HZ))
        driver.set(float(self.value_of(self.at_start)))
        return driver

    def safe_lines(self) -> tuple[SafeLine, ...]:
        """No pulses: without them a servo stays where it is, at either level of its line."""
        return (SafeLine(self.pin, False, decides=False),)

    def at_rest(self) -> None:
        """None: its line is only released."""

    def complaints(self) -> Iterator[tuple[str, str]]:
        """The shortest pulse must not be longer than the longest."""
        if self.min_pulse_ms >= self.max_pulse_ms:
            yield "min_pulse_ms", "it is not below max_pulse_ms; swap the two"


class _Pulses:
    """0.0 is the shortest pulse, 1.0 the longest; `close` ends the pulses."""

    def __init__(self, config: Servo, line: Driver) -> None:
        self._config = config
        self._line = line

    def set(self, value: float) -> None:
        low, high = self._config.min_pulse_ms, self._config.max_pulse_ms
        self._line.set((low + value * (high - low)) / 1000 * _FREQUENCY_HZ)

    def close(self) -> None:
        self._line.close()
