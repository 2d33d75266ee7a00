"""What makes every output safe, written down for the one who must do it when the service has died.

The same states as `GpioBoard.close` leaves: `at_exit`, of which nobody pulses anything between off and on any
more, so that it ends as off; servos let go; lamps dark. Where the service has failed, lamps are on, of three
colours the red one. `safe.py` carries it out.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from hardware.chardev import chip_facts, open_chip
from hardware.ports import (
    DeviceConfig,
    LampConfig,
    Output,
    OutputConfig,
    Pwm,
    Rgb,
    RgbLamp,
    Servo,
    value_of,
)
from hardware.safe import Plan, SafeLine


def safe_lines(lamps: Mapping[str, LampConfig], devices: Mapping[str, DeviceConfig]) -> list[SafeLine]:
    """The safe level of each line that is driven, as it is on the pin.

    What goes off comes first: two that exclude each other may not be on together even for a moment.
    """
    going_off: list[SafeLine] = []
    going_on: list[SafeLine] = []
    telling = {lamp.pins[0] if isinstance(lamp, RgbLamp) else lamp.pin for lamp in lamps.values()}
    for part, config, pin, on in (*_of_outputs(devices), *_of_lamps(lamps)):
        line = SafeLine(part=part, line=pin, level=int(on == config.active_high))
        if pin in telling:
            line["failed"] = int(config.active_high)
        (going_on if on else going_off).append(line)
    return going_off + going_on


def write(path: Path, chip: Path, lines: list[SafeLine]) -> None:
    """Write the plan for this chip to a file, whole or not at all. Raises OSError."""
    chip_fd = open_chip(chip)
    try:
        plan = Plan(chip=str(chip), label=chip_facts(chip_fd).label, lines=lines)
    finally:
        os.close(chip_fd)
    path.parent.mkdir(parents=True, exist_ok=True)
    scratch = path.with_suffix(".new")
    scratch.write_text(json.dumps(plan))
    scratch.replace(path)


def _of_outputs(devices: Mapping[str, DeviceConfig]) -> Iterator[tuple[str, OutputConfig, int, bool]]:
    for key, device in devices.items():
        if isinstance(device, Output):
            for pin, on in _pins(device):
                yield f"devices.{key}", device, pin, on


def _of_lamps(lamps: Mapping[str, LampConfig]) -> Iterator[tuple[str, LampConfig, int, bool]]:
    for key, lamp in lamps.items():
        for pin in lamp.pins if isinstance(lamp, RgbLamp) else (lamp.pin,):
            yield f"lamps.{key}", lamp, pin, False


def _pins(output: OutputConfig) -> Iterator[tuple[int, bool]]:
    """Each pin of an output, and whether it is on in its safe state."""
    value = value_of(output, output.at_exit)
    match output:
        case Rgb():
            parts = bytes.fromhex(str(value).removeprefix("#"))
            yield from ((pin, part == 255) for pin, part in zip(output.pins, parts, strict=True))
        case Servo():
            yield output.pin, False
        case Pwm():
            yield output.pin, value == 1.0
        case _:
            yield output.pin, bool(value)
