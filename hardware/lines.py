"""Looking at lines without using them: who has one, and what level it is at."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, NamedTuple

from hardware.gpiochip import Chip, LgpioError, lgpio
from hardware.ports import PinError

_USED: Final = 1 << 0


class LineFacts(NamedTuple):
    """What the kernel tells of a line."""

    name: str
    """What the board's maker calls it; often empty."""
    used: bool
    consumer: str
    """What the program or driver that has it calls itself; may be empty although it is used."""


def line_facts(chip: Chip, line: int) -> LineFacts:
    """Who has this line. Raises PinError."""
    with _opened(chip) as handle:
        _, _, flags, name, consumer = lgpio.gpio_get_line_info(handle, line)
        return LineFacts(name, bool(flags & _USED), consumer)


def line_level(chip: Chip, line: int, *, pull_up: bool) -> bool:
    """Is a line high, pulled as a button is? It is an input for a moment. Raises PinError if it is in use."""
    with _opened(chip) as handle:
        lgpio.gpio_claim_input(handle, line, lgpio.SET_PULL_UP if pull_up else lgpio.SET_PULL_DOWN)
        try:
            return bool(lgpio.gpio_read(handle, line))
        finally:
            lgpio.gpio_free(handle, line)


@contextmanager
def _opened(chip: Chip) -> Iterator[int]:
    try:
        handle = lgpio.gpiochip_open(chip.number)
        try:
            yield handle
        finally:
            lgpio.gpiochip_close(handle)
    except LgpioError as error:
        raise PinError(f"gpiochip {chip} refuses ({error}): stop what uses it.") from error
