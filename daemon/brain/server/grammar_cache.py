"""A cache of grammars by their tools: each is built once, on a thread."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from typing import TypeAlias
from weakref import WeakValueDictionary

import msgspec

from daemon.brain.nlu.grammar import Grammar
from daemon.realtime.events import Json

Building: TypeAlias = asyncio.Future[Grammar]
Threads: TypeAlias = Callable[[int, str], Executor]
"""Makes an executor with so many threads, by this name."""

_KEPT = 4
_THREADS = 4


class Grammars:
    """The cache that all sessions share. It keeps grammars in use, and the newest few."""

    def __init__(self, threads: Threads = ThreadPoolExecutor) -> None:
        self._by_tools: WeakValueDictionary[bytes, Building] = WeakValueDictionary()
        self._newest: deque[Building] = deque(maxlen=_KEPT)
        self._threads = threads(_THREADS, "grammar")

    def of(self, tools: list[Json]) -> Building:
        """The grammar of these tools, perhaps still being built: shield it when awaiting it."""
        content = msgspec.json.encode(tools)
        known = self._by_tools.get(content)
        if known is None or (known.done() and (known.cancelled() or known.exception())):
            known = asyncio.wrap_future(self._threads.submit(Grammar, tools))
            self._by_tools[content] = known
        if known not in self._newest:
            self._newest.append(known)
        return known

    def close(self) -> None:
        """Begin nothing more."""
        self._threads.shutdown(wait=False, cancel_futures=True)
