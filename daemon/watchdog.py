"""Feeds systemd's watchdog only while every part of the service gets on.

That it is fed at all shows that the event loop does. A part that does not is named in the log, as nobody
can ask it once systemd has ended the process.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import TypeAlias

from daemon import vitals

log = logging.getLogger("voiced")

GetsOn: TypeAlias = Callable[[], bool]


def moving(beats: Callable[[], int]) -> GetsOn:
    """Whether a counter has changed since this was last asked; the first answer is yes."""
    before: int | None = None

    def moves() -> bool:
        nonlocal before
        before, last = beats(), before
        return before != last

    return moves


async def feed(parts: Mapping[str, GetsOn], interval_s: float) -> None:
    """Ask every part in this interval, for ever, and feed systemd if all of them get on."""
    told: list[str] = []
    while True:
        await asyncio.sleep(interval_s)
        stuck = [part for part, gets_on in parts.items() if not gets_on()]
        if not stuck:
            vitals.notify("WATCHDOG=1")
        elif stuck != told:
            log.error("no progress: %s; systemd starts voiced anew if that lasts", ", ".join(stuck))
        told = stuck
