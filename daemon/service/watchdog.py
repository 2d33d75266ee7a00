"""Feeds systemd's watchdog only while every part of the service makes progress.

Being fed at all shows that the event loop runs. A part that makes no progress is named in the log, as it
cannot be asked once systemd has ended the process.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Final, Protocol, TypeAlias, runtime_checkable

from daemon.service import systemd_notify

log = logging.getLogger("voiced")

ProgressCheck: TypeAlias = Callable[[], bool]


def moving(heartbeats: Callable[[], int]) -> ProgressCheck:
    """A check whether a counter has changed since the last call; the first result is True."""
    before: int | None = None

    def moves() -> bool:
        nonlocal before
        before, last = heartbeats(), before
        return before != last

    return moves


@runtime_checkable
class Thread(Protocol):
    """A thread that can hang in a call which never returns."""

    @property
    def heartbeats(self) -> int:
        """Grows at least once a second while the thread runs."""

    def give_up(self) -> None:
        """Report that it hangs."""


LOOK_S: Final = 0.5
HANGS_AFTER: Final = 4
"""In looks, not seconds: while the whole machine stands still, there are no looks."""


async def attend(threads: Sequence[Thread]) -> None:
    """Watch for ever: a thread that hangs is given up, once, within `LOOK_S * (HANGS_AFTER + 1)`."""
    still = [0] * len(threads)
    before = [-1] * len(threads)
    while True:
        for index, thread in enumerate(threads):
            still[index] = still[index] + 1 if thread.heartbeats == before[index] else 0
            before[index] = thread.heartbeats
            if still[index] == HANGS_AFTER:
                thread.give_up()
        await asyncio.sleep(LOOK_S)


async def feed(parts: Mapping[str, ProgressCheck], interval_s: float) -> None:
    """Check every part at this interval, for ever, and feed systemd if all make progress."""
    logged: list[str] = []
    while True:
        await asyncio.sleep(interval_s)
        stuck = [part for part, makes_progress in parts.items() if not makes_progress()]
        if not stuck:
            systemd_notify.notify("WATCHDOG=1")
        elif stuck != logged:
            log.error("no progress: %s; systemd restarts voiced if that lasts", ", ".join(stuck))
        logged = stuck
