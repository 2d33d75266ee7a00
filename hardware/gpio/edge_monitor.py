"""Edges of one line, straight from the kernel: a thread that sleeps until there is one.

lgpio's own alert thread wakes up 1,000 times a second as long as it watches any line, adds some milliseconds,
and floods stderr when the chip goes.
"""

from __future__ import annotations

import logging
import os
import select
import struct
import threading
from collections.abc import Callable
from contextlib import ExitStack
from typing import Final

from hardware.gpio.chardev import BOTH_EDGES, INPUT, PULL, HeldLine

log = logging.getLogger(__name__)

_EVENT: Final = struct.Struct("=QI36x")  # nanoseconds of the monotonic clock, what it was (linux/gpio.h)
_RISING: Final = 1
_AT_ONCE: Final = 16


class Edges:
    """Calls `changed(seconds, high)` for every edge, and `lost(reason)` if the chip goes, on its own thread.

    `seconds` is the kernel's monotonic clock. Raises OSError if the line is busy.
    """

    def __init__(
        self,
        chip_fd: int,
        line: int,
        pull: str,
        changed: Callable[[float, bool], None],
        lost: Callable[[str], None],
    ) -> None:
        self._changed = changed
        self._lost = lost
        self._closed = False
        self._thread = threading.Thread(target=self._run, name=f"edges of line {line}", daemon=True)
        with ExitStack() as undo:
            self._stop_fd = os.eventfd(0)
            undo.callback(os.close, self._stop_fd)
            self._line = HeldLine(chip_fd, line, INPUT | BOTH_EDGES | PULL[pull])
            undo.callback(self._line.close)
            self._thread.start()
            undo.pop_all()

    def level(self) -> bool:
        """Whether the line is high now."""
        return self._line.level()

    def close(self) -> None:
        """End the thread and free the line; may be called from `changed` itself."""
        self._closed = True
        os.eventfd_write(self._stop_fd, 1)
        if self._thread is not threading.current_thread():
            self._thread.join()
        self._line.close()
        os.close(self._stop_fd)

    def _run(self) -> None:
        poll = select.poll()
        poll.register(self._line.fileno(), select.POLLIN)
        poll.register(self._stop_fd, select.POLLIN)
        while not self._closed and self._stop_fd not in dict(poll.poll()):
            try:
                events = os.read(self._line.fileno(), _AT_ONCE * _EVENT.size)
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
