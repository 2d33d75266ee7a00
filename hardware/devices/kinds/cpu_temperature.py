"""The temperature of the processor."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar, final

from hardware.devices.kind import Lines, Sensor, SensorDriver
from hardware.ports import PinError, Reading


@final
class CpuTemperature(Sensor, tag="cpu_temperature", tag_field="kind", frozen=True, kw_only=True):
    """The processor's own thermometer; reads degrees Celsius."""

    simulated: float = 21.5

    measures: ClassVar[tuple[str, ...]] = ("temperature",)

    def claim(self, lines: Lines) -> SensorDriver:
        """Claims no line: the kernel tells the temperature."""
        return Thermometer()

    def told(self, name: str, reading: Reading) -> str:
        """In degrees Celsius."""
        return f"The temperature is {reading:.1f} degrees."


class Thermometer:
    """The zone named after the processor, else the first one; degrees Celsius."""

    def __init__(self, folder: Path = Path("/sys/class/thermal")) -> None:
        self._folder = folder

    def read(self) -> float:
        """What it says now. Raises PinError, OSError."""
        zones = sorted(self._folder.glob("thermal_zone*"))
        if not zones:
            raise PinError("this board has no thermometer: remove the device.")
        zone = next((zone for zone in zones if "cpu" in (zone / "type").read_text()), zones[0])
        return int((zone / "temp").read_text()) / 1000

    def close(self) -> None:
        """Nothing is held."""
