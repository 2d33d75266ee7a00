"""The declared devices in the terms of the core: names and limits."""

from __future__ import annotations

from collections.abc import Mapping

from daemon.devices.name_index import NameIndex
from daemon.devices.requests import Limits
from daemon.devices.wiring import spoken_names
from hardware.devices.kind import Device, Output, Sensor


def names(devices: Mapping[str, Device]) -> NameIndex:
    """Every name of every device. Raises DuplicateNameError."""
    return NameIndex({key: spoken_names(key, device) for key, device in devices.items()})


def outputs(devices: Mapping[str, Device]) -> dict[str, Output]:
    """The devices that can be set."""
    return {key: device for key, device in devices.items() if isinstance(device, Output)}


def sensors(devices: Mapping[str, Device]) -> dict[str, Sensor]:
    """The devices that can only be read."""
    return {key: device for key, device in devices.items() if not isinstance(device, Output)}


def limits(devices: Mapping[str, Device]) -> dict[str, Limits]:
    """The limits of each output."""
    return {key: _limits(key, output) for key, output in outputs(devices).items()}


def _limits(key: str, output: Output) -> Limits:
    return Limits(
        name=spoken_names(key, output)[0],
        takes=output.takes,
        states=output.states,
        at_start=output.value_of(output.at_start),
        at_exit=output.value_of(output.at_exit),
        max_on_s=output.max_on_s,
        min_interval_s=output.min_interval_s,
        exclusive_with=output.exclusive_with,
    )
