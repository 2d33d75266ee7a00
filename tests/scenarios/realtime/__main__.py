"""Runs what is named, or all of it; the exit status is 1 if something is broken."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import sys

from daemon.commands.demo.virtualcard import VirtualCard
from tests.scenarios.realtime import outage, rotation

CHAPTERS = {"rotation": rotation, "outage": outage}
MOST_ATTEMPTS = 3
NICENESS = -15


def attempt(name: str) -> bool:
    """One chapter; again if it is broken and this machine stood still meanwhile."""
    print(f"== {name}: {(CHAPTERS[name].__doc__ or '').strip()}", flush=True)
    for number in range(1, MOST_ATTEMPTS + 1):
        with VirtualCard() as card:
            broken, stalled = asyncio.run(CHAPTERS[name].run(card))
        print(f"  this machine: {stalled or 'kept up'}")
        for each in broken:
            print(f"  BROKEN: {each}")
        if not broken or not stalled or number == MOST_ATTEMPTS:
            return not broken
        print(f"  this machine stalled: again, attempt {number + 1} of {MOST_ATTEMPTS}", flush=True)
    return False


def main() -> int:
    """All chapters, or those that are named."""
    logging.disable(logging.CRITICAL)
    with contextlib.suppress(OSError):  # the machine is shared: what is to be in time goes first
        os.setpriority(os.PRIO_PROCESS, 0, NICENESS)
    held = [attempt(name) for name in sys.argv[1:] or CHAPTERS]
    return not all(held)


if __name__ == "__main__":
    sys.exit(main())
