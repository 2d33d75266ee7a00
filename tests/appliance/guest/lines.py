"""In the machine: note the levels of lines until told to stop. lines.py FILE SPAN_MS LINE ...

Each row is the monotonic clock in seconds and a level, 0 or 1, per line; "-" while the chip is not there.
"""

import signal
import sys
import time
from pathlib import Path


def main(path: str, span_ms: str, *lines: str) -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    span_s = int(span_ms) / 1000
    with Path(path).open("w", encoding="ascii") as rows:
        due = time.monotonic()
        while True:
            levels = "".join(level(line) for line in lines)
            rows.write(f"{time.monotonic():.4f} {levels}\n")
            due = max(due + span_s, time.monotonic() - span_s)
            time.sleep(max(0.001, due - time.monotonic()))


def level(line: str) -> str:
    try:
        return Path(f"/run/pins/sim_gpio{line}/value").read_text(encoding="ascii")[0]
    except OSError:
        return "-"


main(*sys.argv[1:])
