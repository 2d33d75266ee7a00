"""A motion sensor."""

from __future__ import annotations

from typing import ClassVar, final

from hardware.devices.kind import Lines, Sensor, SensorDriver
from hardware.ports import Pin, Reading


@final
class Motion(Sensor, tag="motion", tag_field="kind", frozen=True, kw_only=True):
    """A passive infrared sensor."""

    pin: Pin
    simulated: bool = False

    events: ClassVar[tuple[str, ...]] = ("motion", "movement", "presence")

    def claim(self, lines: Lines) -> SensorDriver:
        """The sensor drives its line high while something moves."""
        return lines.contact(self.pin, pull_up=False)

    def told(self, name: str, reading: Reading) -> str:
        """Motion or no motion."""
        return "There is motion." if reading else "There is no motion."
