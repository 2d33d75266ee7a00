"""Lines of a gpiochip by the kernel's own interface, each held from the request for it until it is closed.

Standard library only, because `safe.py` must start fast. Source: linux/gpio.h, version 2 of the interface.

Why not the library `gpiod`: it would spare some 240 lines, but not this file. What makes the outputs safe
after a death starts anew, in a fraction of a second, with nothing but the standard library, and needs these
very calls. So there would be two ways to a line, of which the one that matters most is tried least. This
one was proven on real chips: what a driver calls itself, whether a released line holds its level, which
flags it refuses. lgpio is asked for pulses alone, as a line must be toggled by a thread that is not
Python's.
"""

from __future__ import annotations

import errno
import fcntl
import os
import struct
from io import FileIO
from pathlib import Path
from typing import Final, NamedTuple

CHIP_INFO_IOCTL: Final = 0x8044B401
CHIP_INFO: Final = struct.Struct("=32s32sI")  # name, label, lines
LINE_INFO_IOCTL: Final = 0xC100B405
LINE_INFO: Final = struct.Struct("=32s32sI4xQ176x")  # name, consumer, line, flags
REQUEST_IOCTL: Final = 0xC250B407
# line, consumer, flags, number of attributes, one of ten attributes (id, values, mask), number of lines, fd
REQUEST: Final = struct.Struct("=I252x32sQI20xI4xQQ216xI24xi")
GET_VALUES_IOCTL: Final = 0xC010B40E
SET_VALUES_IOCTL: Final = 0xC010B40F
VALUES: Final = struct.Struct("=QQ")  # bits, mask

USED: Final = 1 << 0
INPUT: Final = 1 << 2
OUTPUT: Final = 1 << 3
BOTH_EDGES: Final = 1 << 4 | 1 << 5
PULL: Final = {"up": 1 << 8, "down": 1 << 9, "floating": 1 << 10}
_OUTPUT_VALUES: Final = 2


class ChipFacts(NamedTuple):
    """A driver's description of its chip."""

    label: str
    lines: int


class LineFacts(NamedTuple):
    """The kernel's description of a line."""

    name: str
    """Its name by the maker of the board; often empty."""
    used: bool
    consumer: str
    """The name of the program or driver that holds it; may be empty although it is used."""


def open_chip(path: Path) -> FileIO:
    """Open this chip; lines requested from it outlive it. Raises OSError."""
    return FileIO(path, "r+")


def chip_facts(chip_fd: int) -> ChipFacts:
    """What the chip is. Raises OSError."""
    info = bytearray(CHIP_INFO.size)
    fcntl.ioctl(chip_fd, CHIP_INFO_IOCTL, info)
    _, label, lines = CHIP_INFO.unpack(info)
    return ChipFacts(_text(label), lines)


def line_facts(chip_fd: int, line: int) -> LineFacts:
    """The name of a line, and who holds it. Raises OSError."""
    info = bytearray(LINE_INFO.pack(b"", b"", line, 0))
    fcntl.ioctl(chip_fd, LINE_INFO_IOCTL, info)
    name, consumer, _, flags = LINE_INFO.unpack(info)
    return LineFacts(_text(name), bool(flags & USED), _text(consumer))


class HeldLine:
    """A line that nobody else can have until it is closed, or until the process ends.

    `flags` are OUTPUT with the first level, or INPUT, each with a PULL or without. Raises OSError: EBUSY if
    somebody has it.
    """

    def __init__(
        self, chip_fd: int, line: int, flags: int, level: bool = False, consumer: str = "voiced"
    ) -> None:
        values = (1, _OUTPUT_VALUES, level, 1) if flags & OUTPUT else (0, 0, 0, 0)
        request = bytearray(REQUEST.pack(line, consumer.encode(), flags, *values, 1, 0))
        fcntl.ioctl(chip_fd, REQUEST_IOCTL, request)
        self._fd: int | None = REQUEST.unpack(request)[-1]

    def fileno(self) -> int:
        """Its descriptor. Raises OSError once it is closed: the number may be another file's by then."""
        if self._fd is None:
            raise OSError(errno.EBADF, os.strerror(errno.EBADF))
        return self._fd

    def level(self) -> bool:
        """Whether the line is high now. Raises OSError."""
        values = bytearray(VALUES.pack(0, 1))
        fcntl.ioctl(self.fileno(), GET_VALUES_IOCTL, values)
        return bool(VALUES.unpack(values)[0])

    def set(self, level: bool) -> None:
        """Drive an output high or low. Raises OSError."""
        fcntl.ioctl(self.fileno(), SET_VALUES_IOCTL, bytearray(VALUES.pack(level, 1)))

    def close(self) -> None:
        """Free the line: its driver decides whether it holds its level or floats."""
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None


def _text(padded: bytes) -> str:
    return padded.rstrip(b"\0").decode(errors="replace")
