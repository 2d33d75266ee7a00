"""The plan that makes every output safe, in a file for `safe.py` to carry out when the service has died.

The same states as `GpioBoard.close` leaves: each kind says what becomes of its lines when nothing drives or
pulses them any more. Lamps are off; where the service has failed they are on, of three colours the red one.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from hardware.devices.kind import BoardConfig, Device, Output
from hardware.gpio.chardev import chip_facts, open_chip
from hardware.ports import LampConfig, pins_of
from hardware.safe import Plan, SafeLine


def safe_lines(board: BoardConfig) -> list[SafeLine]:
    """The safe level of each line that is driven, as it is on the pin.

    Lines that go off come first: two outputs that exclude each other may not be on at once even for a moment.
    """
    going_off: list[SafeLine] = []
    going_on: list[SafeLine] = []
    failure_pins = {next(pin for _, pin in pins_of(lamp)) for lamp in board.lamps.values()}
    for part, config, pin, on in (*_of_outputs(board.devices), *_of_lamps(board.lamps)):
        line = SafeLine(part=part, line=pin, level=int(on == config.active_high))
        if pin in failure_pins:
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


def _of_outputs(devices: Mapping[str, Device]) -> Iterator[tuple[str, Output, int, bool]]:
    for key, device in devices.items():
        if isinstance(device, Output):
            for line in device.safe_lines():
                yield f"devices.{key}", device, line.pin, line.on


def _of_lamps(lamps: Mapping[str, LampConfig]) -> Iterator[tuple[str, LampConfig, int, bool]]:
    for key, lamp in lamps.items():
        for _, pin in pins_of(lamp):
            yield f"lamps.{key}", lamp, pin, False
