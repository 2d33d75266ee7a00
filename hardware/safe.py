"""Puts every output into its safe state after the service has died, however it died.

`python3 -I -m hardware.safe FILE` carries out the plan that the service wrote when it opened its board
(`safe_state_plan.py`). Standard library only, so that even a slow board is done before a relay does harm.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Final, NotRequired, TypedDict

from hardware.gpio.chardev import OUTPUT, PULL, HeldLine, chip_facts, open_chip

_CONSUMER: Final = "voiced, safe"


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


def carry_out(plan: Plan, failed: bool = False) -> list[str]:
    """Set every line that can be set, and hold it until the process ends; a sentence for each that cannot."""
    try:
        with open_chip(Path(plan["chip"])) as chip:
            return _carried_out(chip.fileno(), plan, failed)
    except OSError as error:
        return [
            f"{plan['chip']} cannot be opened ({error.strerror}): its outputs are as the board leaves them."
        ]


def _carried_out(chip_fd: int, plan: Plan, failed: bool) -> list[str]:
    label = chip_facts(chip_fd).label
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
    """Drive the line, and pull it the same way: most drivers keep the pull when a line is released."""
    try:
        HeldLine(chip_fd, line, OUTPUT | PULL["up" if level else "down"], bool(level), _CONSUMER)
    except OSError:  # a driver that cannot pull
        HeldLine(chip_fd, line, OUTPUT, bool(level), _CONSUMER)


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
