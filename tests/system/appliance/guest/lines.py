"""In the machine: note the levels of lines until told to stop. lines.py FILE SPAN_MS LINE ...

Each row is the monotonic clock in seconds and a level, 0 or 1, per line; "-" while the chip is not there.
"""

import os
import signal
import sys
import time
from pathlib import Path


class Line:
    """A line of the simulated chip. Its file stays open: whoever watches must cost next to nothing."""

    def __init__(self, number: str) -> None:
        self._path = f"/run/pins/sim_gpio{number}/value"
        self._fd = -1

    def level(self) -> str:
        try:
            if self._fd < 0:
                self._fd = os.open(self._path, os.O_RDONLY)
            return os.pread(self._fd, 1, 0).decode()
        except OSError:
            if self._fd >= 0:
                os.close(self._fd)
            self._fd = -1
            return "-"


def main(path: str, span_ms: str, *numbers: str) -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    span_s = int(span_ms) / 1000
    lines = [Line(number) for number in numbers]
    with Path(path).open("w", encoding="ascii") as rows:
        print(file=rows, flush=True)  # somebody waits for the beginning
        while True:
            rows.write(f"{time.monotonic():.4f} {''.join([line.level() for line in lines])}\n")
            time.sleep(span_s)


main(*sys.argv[1:])
