"""How wet the soil is: a sensor that the product does not have, in one file."""

from __future__ import annotations

from typing import ClassVar, final

from hardware.devices.kind import Lines, Sensor, SensorDriver
from hardware.ports import Pin, Reading


@final
class Moisture(Sensor, tag="moisture", tag_field="kind", frozen=True, kw_only=True):
    """A probe with a comparator: its line is high while the soil is dry."""

    pin: Pin
    simulated: bool = False

    measures: ClassVar[tuple[str, ...]] = ("moisture",)

    def claim(self, lines: Lines) -> SensorDriver:
        """The probe drives its line."""
        return lines.contact(self.pin, pull_up=False)

    def told(self, name: str, reading: Reading) -> str:
        """Dry or moist."""
        return f"The soil is {'dry' if reading else 'moist'}."
