"""Time that runs a few times faster than ours, with real sockets."""

from __future__ import annotations

import asyncio
import selectors
import time
from collections.abc import Iterator
from contextlib import contextmanager
from unittest import mock

from tests.scenarios.faults.clock import Inline

SPEED = 6.0
_monotonic = time.monotonic


class _Selector(selectors.EpollSelector):
    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        return super().select(None if timeout is None else timeout / SPEED)


class BriskLoop(asyncio.SelectorEventLoop):
    """A second of it takes a sixth of ours."""

    def __init__(self) -> None:
        super().__init__(_Selector())
        self.set_default_executor(Inline())

    def time(self) -> float:
        """Seconds, monotonic."""
        return _monotonic() * SPEED


@contextmanager
def brisk_time() -> Iterator[BriskLoop]:
    """A loop whose time `time.monotonic` tells as well."""
    loop = BriskLoop()
    asyncio.set_event_loop(loop)
    try:
        with mock.patch.object(time, "monotonic", loop.time):
            yield loop
    finally:
        asyncio.set_event_loop(None)
        loop.close()
