"""A contact at a door or a window."""

from __future__ import annotations

from typing import final

from hardware.devices.kind import Lines, Sensor, SensorDriver
from hardware.ports import Pin, Reading


@final
class Contact(Sensor, tag="button", tag_field="kind", frozen=True, kw_only=True):
    """A contact of a door or window: closed when the pin is pulled to ground."""

    pin: Pin
    pull_up: bool = True
    simulated: bool = False  # what the virtual backend reads: True is closed

    def claim(self, lines: Lines) -> SensorDriver:
        """The contact closes against the pull."""
        return lines.contact(self.pin, self.pull_up)

    def told(self, name: str, reading: Reading) -> str:
        """The contact as closed or open."""
        return f"The {name} is {'closed' if reading else 'open'}."
