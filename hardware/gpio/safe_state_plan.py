"""What makes every output safe, written down for the one who must do it when the service has died.

The same states as `GpioBoard.close` leaves: `at_exit`, of which nobody pulses anything between off and on any
more, so that it ends as off; servos let go; lamps dark. Where the service has failed, lamps are on, of three
colours the red one. `safe.py` carries it out.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from hardware.gpio.chardev import chip_facts, open_chip
from hardware.ports import (
    DeviceConfig,
    LampConfig,
    Output,
    OutputConfig,
    Pwm,
    Rgb,
    RgbLamp,
    Servo,
    Value,
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
    with open_chip(chip) as opened:
        plan = Plan(chip=str(chip), label=chip_facts(opened.fileno()).label, lines=lines)
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


def at_rest(output: OutputConfig) -> Value:
    """Where an output ends: `at_exit`, but what is between off and on is off, for nobody pulses it."""
    value = value_of(output, output.at_exit)
    match output:
        case Rgb():
            return "#" + "".join("ff" if part == 255 else "00" for part in bytes.fromhex(str(value)[1:]))
        case Servo():
            return 0.0
        case Pwm():
            return float(value == 1.0)
        case _:
            return float(bool(value))


def _pins(output: OutputConfig) -> Iterator[tuple[int, bool]]:
    """Each pin of an output, and whether it is on in its safe state."""
    rest = at_rest(output)
    if isinstance(output, Rgb):
        yield from zip(output.pins, map(bool, bytes.fromhex(str(rest)[1:])), strict=True)
    else:
        yield output.pin, bool(rest)
