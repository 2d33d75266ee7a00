"""The declared devices in the terms of the core: names to look up, and limits to hold."""

from __future__ import annotations

from collections.abc import Mapping

from daemon.devices.name_index import NameIndex
from daemon.devices.requests import Limits, Takes
from daemon.devices.wiring import spoken_names
from hardware.ports import DeviceConfig, Output, OutputConfig, Pwm, Rgb, SensorConfig, Servo, value_of


def names(devices: Mapping[str, DeviceConfig]) -> NameIndex:
    """Every name of every device. Raises DuplicateNameError."""
    return NameIndex({key: spoken_names(key, device) for key, device in devices.items()})


def outputs(devices: Mapping[str, DeviceConfig]) -> dict[str, OutputConfig]:
    """The devices that can be set."""
    return {key: device for key, device in devices.items() if isinstance(device, Output)}


def sensors(devices: Mapping[str, DeviceConfig]) -> dict[str, SensorConfig]:
    """The devices that can only be read."""
    return {key: device for key, device in devices.items() if not isinstance(device, Output)}


def limits(devices: Mapping[str, DeviceConfig]) -> dict[str, Limits]:
    """What holds for each output."""
    return {key: _limits(key, output) for key, output in outputs(devices).items()}


def takes(output: OutputConfig) -> Takes:
    """What this kind of output understands."""
    if isinstance(output, Rgb):
        return "colour"
    return "level" if isinstance(output, Pwm | Servo) else "switch"


def _limits(key: str, output: OutputConfig) -> Limits:
    return Limits(
        name=spoken_names(key, output)[0],
        takes=takes(output),
        at_start=value_of(output, output.at_start),
        at_exit=value_of(output, output.at_exit),
        max_on_s=output.max_on_s,
        min_interval_s=output.min_interval_s,
        exclusive_with=output.exclusive_with,
    )
