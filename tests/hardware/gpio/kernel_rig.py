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


def _refused(number: int) -> OSError:
    return OSError(number, os.strerror(number))


@dataclass
class Kernel:
    """Chips by their devices' names, each with its label and lines; `taken` are lines that somebody else has.

    What is no device of these is the first chip.
    """

    chips: dict[str, tuple[str, int]] = field(default_factory=lambda: {"gpiochip0": ("pinctrl-test", 54)})
    taken: dict[int, str] = field(default_factory=dict)
    can_pull: bool = True
    descriptor: Callable[[], int] = field(default=lambda: os.eventfd(0))
    """Makes the descriptor of a line that was asked for."""
    requests: list[bytes] = field(default_factory=list)
    asked: list[tuple[int, int, int]] = field(default_factory=list)
    """Line, flags and first level of each request, in their order."""
    levels: dict[int, int] = field(default_factory=dict)
    pulled_up: set[int] = field(default_factory=set)
    dev: Path = Path(os.devnull)
    _lines: dict[int, int] = field(default_factory=dict)

    def play(self, monkeypatch: pytest.MonkeyPatch, dev: Path) -> None:
        """Be the kernel, with its devices in this folder."""
        self.dev = dev
        dev.mkdir(parents=True, exist_ok=True)
        self.plug(self.chips)
        monkeypatch.setattr("fcntl.ioctl", self.ioctl)

    def plug(self, chips: dict[str, tuple[str, int]]) -> None:
        """Have these chips, and no others."""
        for there in self.dev.iterdir():
            there.unlink()
        self.chips = chips
        for name in chips:
            (self.dev / name).touch()
            (self.dev / name).chmod(0o666)

    def ioctl(self, fd: int, number: int, argument: bytearray) -> int:
        """`fcntl.ioctl` in its place."""
        os.fstat(fd)
        match number:
            case chardev.CHIP_INFO_IOCTL:
                name = Path(f"/proc/self/fd/{fd}").readlink().name
                label, lines = self.chips.get(name, next(iter(self.chips.values())))
                argument[:] = chardev.CHIP_INFO.pack(name.encode(), label.encode(), lines)
            case chardev.LINE_INFO_IOCTL:
                line = chardev.LINE_INFO.unpack(argument)[2]
                user = self.taken.get(line, "")
                argument[:] = chardev.LINE_INFO.pack(b"", user.encode(), line, int(line in self.taken))
            case chardev.REQUEST_IOCTL:
                self._give(argument)
            case chardev.GET_VALUES_IOCTL:
                argument[:] = chardev.VALUES.pack(self._level(self._lines[fd]), 1)
            case chardev.SET_VALUES_IOCTL:
                self.levels[self._lines[fd]] = chardev.VALUES.unpack(argument)[0]
        return 0

    def _level(self, line: int) -> int:
        return self.levels.get(line, int(line in self.pulled_up))

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
        if flags & PULL["up"]:
            self.pulled_up.add(line)
        fd = self.descriptor()
        self._lines[fd] = line
        request[:] = chardev.REQUEST.pack(line, consumer, flags, count, kind, level, mask, lines, fd)
