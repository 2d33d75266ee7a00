"""Edges of one line, straight from the kernel: a thread that sleeps until there is one.

lgpio's own alert thread wakes up 1,000 times a second as long as it watches any line, adds some milliseconds,
and floods stderr when the chip goes. Source: linux/gpio.h, version 2 of the character device.
"""

from __future__ import annotations

import ctypes
import fcntl
import logging
import os
import select
import struct
import threading
from collections.abc import Callable

log = logging.getLogger(__name__)

_GET_LINE_IOCTL = 0xC250B407
_GET_VALUES_IOCTL = 0xC010B40E
_INPUT = 1 << 2
_BOTH_EDGES = 1 << 4 | 1 << 5
_BIAS = {"up": 1 << 8, "down": 1 << 9, "floating": 1 << 10}
_EVENT = struct.Struct("=QI36x")  # nanoseconds of the monotonic clock, what it was
_RISING = 1
_VALUES = struct.Struct("=QQ")  # bits, mask
_AT_ONCE = 16


class _Request(ctypes.Structure):
    """`struct gpio_v2_line_request` for one line without attributes."""

    _fields_ = (
        ("offsets", ctypes.c_uint32 * 64),
        ("consumer", ctypes.c_char * 32),
        ("flags", ctypes.c_uint64),
        ("attributes", ctypes.c_uint8 * 264),
        ("num_lines", ctypes.c_uint32),
        ("event_buffer_size", ctypes.c_uint32),
        ("padding", ctypes.c_uint32 * 5),
        ("fd", ctypes.c_int32),
    )


class Edges:
    """Calls `changed(seconds, high)` for every edge, and `lost(reason)` if the chip goes, on its own thread.

    `seconds` is the kernel's monotonic clock. Raises OSError if the line is busy.
    """

    def __init__(
        self,
        chip: int,
        line: int,
        pull: str,
        changed: Callable[[float, bool], None],
        lost: Callable[[str], None],
    ) -> None:
        self._changed = changed
        self._lost = lost
        self._line_fd = _request(chip, line, _INPUT | _BOTH_EDGES | _BIAS[pull])
        self._stop_fd = os.eventfd(0)
        self._closed = False
        self._thread = threading.Thread(target=self._run, name=f"edges of line {line}", daemon=True)
        self._thread.start()

    def level(self) -> bool:
        """Whether the line is high now."""
        values = bytearray(_VALUES.pack(0, 1))
        fcntl.ioctl(self._line_fd, _GET_VALUES_IOCTL, values)
        bits, _ = _VALUES.unpack(values)
        return bool(bits)

    def close(self) -> None:
        """End the thread and free the line; may be called from `changed` itself."""
        self._closed = True
        os.eventfd_write(self._stop_fd, 1)
        if self._thread is not threading.current_thread():
            self._thread.join()
        os.close(self._line_fd)
        os.close(self._stop_fd)

    def _run(self) -> None:
        poll = select.poll()
        poll.register(self._line_fd, select.POLLIN)
        poll.register(self._stop_fd, select.POLLIN)
        while not self._closed and self._stop_fd not in dict(poll.poll()):
            try:
                events = os.read(self._line_fd, _AT_ONCE * _EVENT.size)
            except OSError:
                events = b""
            if not events:
                self._lost("The gpiochip has gone: see to its driver or its cable.")
                return
            for timestamp_ns, what in _EVENT.iter_unpack(events):
                self._tell(timestamp_ns / 1e9, what == _RISING)

    def _tell(self, seconds: float, high: bool) -> None:
        try:
            self._changed(seconds, high)
        except Exception:
            log.exception("%s: what listens has failed", self._thread.name)


def _request(chip: int, line: int, flags: int) -> int:
    request = _Request(consumer=b"voiced", flags=flags, num_lines=1)
    request.offsets[0] = line
    chip_fd = os.open(f"/dev/gpiochip{chip}", os.O_RDWR | os.O_CLOEXEC)
    try:
        fcntl.ioctl(chip_fd, _GET_LINE_IOCTL, request)
    finally:
        os.close(chip_fd)
    return int(request.fd)
