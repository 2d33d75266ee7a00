"""What a process holds: live objects, tasks, timers and queues, file descriptors, memory."""

from __future__ import annotations

import asyncio
import gc
import os
from collections.abc import Iterable
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any

PAGE_MB = os.sysconf("SC_PAGE_SIZE") / 2**20


@dataclass(frozen=True)
class Holding:
    """At one moment. `queued`: timers of the loop that will ring, and events that wait to be sent."""

    objects: int
    tasks: int
    queued: int
    fds: int
    rss_mb: float

    def least(self, other: Holding) -> Holding:
        """The smaller of each."""
        return Holding(*map(min, astuple(self), astuple(other)))


def forget_what_is_there() -> None:
    """Count only objects that are made from now on."""
    gc.collect()
    gc.freeze()


def holding(unsent: int = 0, apart_from: Iterable[Any] = ()) -> Holding:
    """Now, without garbage; `unsent` events wait in queues. Not counted: `apart_from` and all in it."""
    gc.collect()
    timers = asyncio.get_running_loop()._scheduled  # type: ignore[attr-defined]
    return Holding(
        objects=len(gc.get_objects()) - sum(map(_within, apart_from)),
        tasks=len(asyncio.all_tasks()),
        queued=unsent + sum(not timer.cancelled() for timer in timers),
        fds=len(list(Path("/proc/self/fd").iterdir())),
        rss_mb=round(int(Path("/proc/self/statm").read_text().split()[1]) * PAGE_MB, 1),
    )


def _within(whole: Any) -> int:
    """The objects that the collector knows in a tree of data."""
    found: dict[int, Any] = {}
    ahead = [whole]
    while ahead:
        each = ahead.pop()
        if id(each) not in found and gc.is_tracked(each) and not isinstance(each, type):
            found[id(each)] = each
            ahead += gc.get_referents(each)
    return len(found)
