"""Every output into its safe state, after the service has died however it died.

`python3 -I -m hardware.safe FILE` carries out the plan that the service wrote down when it opened its board
(`safe_plan.py`). Only the standard library: a slow board has this done before its relay does harm.
Source: linux/gpio.h, version 2 of the character device.
"""

from __future__ import annotations

import fcntl
import json
import os
import struct
import sys
from pathlib import Path
from typing import NotRequired, TypedDict

_CHIP_INFO_IOCTL = 0x8044B401
_CHIP_INFO = struct.Struct("=32s32sI")  # name, label, lines
_GET_LINE_IOCTL = 0xC250B407
# offsets, consumer, flags, number of attributes, one of ten attributes (id, values, mask), number of lines
_REQUEST = struct.Struct("=I252x32sQI20xI4xQQ216xI28x")
_OUTPUT = 1 << 3
_PULL_TO = {0: 1 << 9, 1: 1 << 8}
_OUTPUT_VALUES = 2


class SafeLine(TypedDict):
    """A line and its level, 0 or 1, as it is on the pin; `part` is its name in the configuration.

    `failed` is the level of a status lamp that says that the service has not ended as it should.
    """

    part: str
    line: int
    level: int
    failed: NotRequired[int]


class Plan(TypedDict):
    """The lines of one chip, in the order in which they are set; `label` is what its driver calls it."""

    chip: str
    label: str
    lines: list[SafeLine]


def chip_label(chip_fd: int) -> str:
    """The name that the driver gave to the chip."""
    info = bytearray(_CHIP_INFO.size)
    fcntl.ioctl(chip_fd, _CHIP_INFO_IOCTL, info)
    _, label, _ = _CHIP_INFO.unpack(info)
    return str(label.rstrip(b"\0").decode())


def carry_out(plan: Plan, failed: bool = False) -> list[str]:
    """Set every line that can be set, and hold it until the process ends; a sentence for each other."""
    try:
        chip_fd = os.open(plan["chip"], os.O_RDWR | os.O_CLOEXEC)
        label = chip_label(chip_fd)
    except OSError as error:
        return [
            f"{plan['chip']} cannot be opened ({error.strerror}): its outputs are as the board leaves them."
        ]
    if label != plan["label"]:
        return [f"{plan['chip']} is {label} now and was {plan['label']}: its lines are left alone."]
    failures = []
    for each in plan["lines"]:
        level = each.get("failed", each["level"]) if failed else each["level"]
        try:
            _drive(chip_fd, each["line"], level)
        except OSError as error:
            failures.append(f"{each['part']}: line {each['line']} refuses its safe state ({error.strerror}).")
    return failures


def _drive(chip_fd: int, line: int, level: int) -> None:
    """Drive the line, and pull it the same way: most drivers leave the pull to a line that is free again."""
    try:
        _request(chip_fd, line, level, _OUTPUT | _PULL_TO[level])
    except OSError:  # a driver that cannot pull
        _request(chip_fd, line, level, _OUTPUT)


def _request(chip_fd: int, line: int, level: int, flags: int) -> None:
    request = bytearray(_REQUEST.pack(line, b"voiced, safe", flags, 1, _OUTPUT_VALUES, level, 1, 1))
    fcntl.ioctl(chip_fd, _GET_LINE_IOCTL, request)


def main(path: Path) -> int:
    """Carry out the plan at this path, if there is one; 1 where an output may be in any state.

    systemd says in SERVICE_RESULT how the service has ended (systemd.exec(5)).
    """
    try:
        plan = json.loads(path.read_bytes())
    except FileNotFoundError:
        return 0
    except (OSError, ValueError) as error:
        print(f"{path} cannot be read ({error}): outputs are as the board leaves them.", file=sys.stderr)
        return 1
    failures = carry_out(plan, os.environ.get("SERVICE_RESULT", "success") != "success")
    for failure in failures:
        print(failure, file=sys.stderr)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
