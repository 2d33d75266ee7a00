"""Reads the output of a tool file, for ever, slowly, and reports a limited number of lines a minute."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable

LINES_A_MINUTE = 20
MAX_LINE_CHARS = 300
_MINUTE_S = 60.0
_PIECE_BYTES = 2**16
_REST_S = 0.005
"""Pause between two reads: a flood of output costs the service 2 % of a processor, not all of it."""


class Printed:
    """Reports lines by `tell`; excess lines are counted, and the count is reported in the next minute."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell = tell
        self._minute = float("-inf")
        self._told = self._untold = 0

    def lines(self, text: bytes) -> bytes:
        """Report the lines of a text; returns the rest after the last one."""
        now = asyncio.get_running_loop().time()
        if now - self._minute >= _MINUTE_S:
            self.close()
            self._minute, self._told = now, 0
        while self._told < LINES_A_MINUTE and b"\n" in text:
            line, _, text = text.partition(b"\n")
            if line:
                self._line(line)
        self._untold += text.count(b"\n")
        return text[text.rfind(b"\n") + 1 :]

    def _line(self, line: bytes) -> None:
        self._told += 1
        text = line[: 4 * MAX_LINE_CHARS].decode(errors="replace").rstrip()
        cut = "" if len(text) <= MAX_LINE_CHARS else " [cut]"
        self._tell("".join(c if c.isprintable() else "�" for c in text[:MAX_LINE_CHARS]) + cut)

    def close(self) -> None:
        """Report the count of excess lines: the output has ended for now."""
        if self._untold:
            self._tell(f"{self._untold} more lines were printed")
            self._untold = 0


class Drain:
    """Reads a pipe, whose descriptor it owns, until its end or `close`."""

    def __init__(self, fd: int, printed: Printed) -> None:
        self._fd = fd
        self._printed = printed
        self._loop = asyncio.get_running_loop()
        self._rest: asyncio.TimerHandle | None = None
        self._begun = b""
        os.set_blocking(fd, False)
        self._listen()

    def close(self) -> None:
        """Read what is there already, then stop."""
        if self._fd < 0:
            return
        if self._rest is not None:
            self._rest.cancel()
        self._read()
        if self._fd >= 0:
            self._end()

    def _listen(self) -> None:
        self._loop.add_reader(self._fd, self._readable)

    def _readable(self) -> None:
        self._loop.remove_reader(self._fd)
        self._read()
        if self._fd >= 0:
            self._rest = self._loop.call_later(_REST_S, self._listen)

    def _read(self) -> None:
        try:
            piece = os.read(self._fd, _PIECE_BYTES)
        except BlockingIOError:
            return
        if not piece:
            self._end()
            return
        self._begun = self._printed.lines(self._begun + piece)[:_PIECE_BYTES]

    def _end(self) -> None:
        self._loop.remove_reader(self._fd)
        os.close(self._fd)
        self._fd = -1
        if self._begun:
            self._printed.lines(self._begun + b"\n")
