"""Virtual time: an event loop that never waits, and clocks that read its time."""

from __future__ import annotations

import asyncio
import selectors
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import ParamSpec, TypeVar
from unittest import mock

T = TypeVar("T")
P = ParamSpec("P")

WALL_S = 1_800_000_000.0


class DeadlockError(Exception):
    """Everybody waits, and nobody has a deadline."""


class _Selector(selectors.SelectSelector):
    """Passes the time instead of waiting for it."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 1000.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if ready or timeout == 0:
            return ready
        if timeout is None:
            raise DeadlockError
        self.now += timeout
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """Time passes only when nobody has anything to do, and then at once."""

    def __init__(self) -> None:
        self._clock = _Selector()
        super().__init__(self._clock)
        self.set_default_executor(Inline())
        self.jumped_s = 0.0

    def time(self) -> float:
        """Seconds, monotonic."""
        return self._clock.now

    def pass_over(self, seconds: float) -> None:
        """Time in which nothing of this process runs."""
        self._clock.now += seconds

    def wall_s(self) -> float:
        """Seconds since 1970, by a clock that jumps."""
        return WALL_S + self.time() + self.jumped_s


class Inline(ThreadPoolExecutor):
    """Runs everything at once in the caller's thread: threads would make a run different each time."""

    def submit(self, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Run it, and give what came of it."""
        future: Future[T] = Future()
        try:
            future.set_result(function(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future


@contextmanager
def virtual_time() -> Iterator[VirtualLoop]:
    """A loop whose time `time.monotonic` and `time.time` tell as well; the wall clock can jump."""
    loop = VirtualLoop()
    asyncio.set_event_loop(loop)
    try:
        with (
            mock.patch.object(time, "monotonic", loop.time),
            mock.patch.object(time, "time", loop.wall_s),
        ):
            yield loop
    finally:
        asyncio.set_event_loop(None)
        loop.close()
