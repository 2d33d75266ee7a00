"""A kernel's part, played: the ioctls of one gpiochip, for machines that have none.

It can show what is asked for and in which order, and nothing about time, edges or what a driver does.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from hardware.gpio import chardev
from hardware.gpio.chardev import OUTPUT, PULL
from hardware.gpio.chip_factory import Chip

CHIP = Chip(0, "pinctrl-test", 54)


def _refused(number: int) -> OSError:
    return OSError(number, os.strerror(number))


@dataclass
class Kernel:
    """One chip with the lines 0 to 53; `taken` are lines that somebody else has."""

    label: str = "pinctrl-test"
    taken: dict[int, str] = field(default_factory=dict)
    can_pull: bool = True
    descriptor: Callable[[], int] = field(default=lambda: os.eventfd(0))
    """Makes the descriptor of a line that was asked for."""
    requests: list[bytes] = field(default_factory=list)
    asked: list[tuple[int, int, int]] = field(default_factory=list)
    """Line, flags and first level of each request, in their order."""
    levels: dict[int, int] = field(default_factory=dict)
    _lines: dict[int, int] = field(default_factory=dict)

    def play(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Be the only chip of this machine."""
        monkeypatch.setattr("fcntl.ioctl", self.ioctl)
        monkeypatch.setattr("hardware.gpio.chip_factory.find_chip", lambda wanted: CHIP)
        monkeypatch.setattr("hardware.gpio.chardev.chip_path", lambda number: Path(os.devnull))

    def ioctl(self, fd: int, number: int, argument: bytearray) -> int:
        """`fcntl.ioctl` in its place."""
        os.fstat(fd)
        match number:
            case chardev.CHIP_INFO_IOCTL:
                argument[:] = chardev.CHIP_INFO.pack(b"gpiochip0", self.label.encode(), 54)
            case chardev.LINE_INFO_IOCTL:
                line = chardev.LINE_INFO.unpack(argument)[2]
                user = self.taken.get(line, "")
                argument[:] = chardev.LINE_INFO.pack(b"", user.encode(), line, int(line in self.taken))
            case chardev.REQUEST_IOCTL:
                self._give(argument)
            case chardev.GET_VALUES_IOCTL:
                argument[:] = chardev.VALUES.pack(self.levels.get(self._lines[fd], 0), 1)
            case chardev.SET_VALUES_IOCTL:
                self.levels[self._lines[fd]] = chardev.VALUES.unpack(argument)[0]
        return 0

    def _give(self, request: bytearray) -> None:
        line, consumer, flags, count, kind, level, mask, lines, _ = chardev.REQUEST.unpack(request)
        if flags & (PULL["up"] | PULL["down"]) and not self.can_pull:
            raise _refused(errno.EINVAL)
        if line in self.taken:
            raise _refused(errno.EBUSY)
        self.requests.append(bytes(request))
        self.asked.append((line, flags, level))
        if flags & OUTPUT:
            self.levels[line] = level
        fd = self.descriptor()
        self._lines[fd] = line
        request[:] = chardev.REQUEST.pack(line, consumer, flags, count, kind, level, mask, lines, fd)
