"""Looking at lines without using them: who has one, and what level it is at."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager

from hardware.gpio import chardev
from hardware.gpio.chardev import INPUT, PULL, HeldLine, LineFacts
from hardware.gpio.chip_factory import Chip
from hardware.ports import PinError


def line_facts(chip: Chip, line: int) -> LineFacts:
    """Who has this line. Raises PinError."""
    with _opened(chip) as chip_fd:
        return chardev.line_facts(chip_fd, line)


def line_level(chip: Chip, line: int, *, pull_up: bool) -> bool:
    """Is a line high, pulled as a button is? It is an input for a moment. Raises PinError if it is in use."""
    flags = INPUT | PULL["up" if pull_up else "down"]
    with _opened(chip) as chip_fd, closing(HeldLine(chip_fd, line, flags)) as held:
        return held.level()


@contextmanager
def _opened(chip: Chip) -> Iterator[int]:
    try:
        with chardev.open_chip(chip.path) as opened:
            yield opened.fileno()
    except OSError as error:
        raise PinError(f"gpiochip {chip} refuses ({error.strerror}): stop what uses it.") from error
