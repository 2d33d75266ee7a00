"""One tool file and its child, which is started again whenever it ends."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from daemon.extensions.child import IMPORT_LIMIT_S, Child, EndedError, started
from daemon.extensions.files import ToolFileError, read, shown
from daemon.extensions.launch import Launch
from daemon.extensions.messages import Answered, ToolOffer
from daemon.extensions.output import Printed
from daemon.tools import ToolError

log = logging.getLogger("voiced")

LONGEST_PAUSE_S = 300.0
HEALTHY_S = 60.0
MAX_CALLS = 8
"""At a time, for one file."""


@dataclass(frozen=True)
class Timeouts:
    """How long is waited for a file, at first for its next child, and for the end of all, in seconds."""

    import_s: float = IMPORT_LIMIT_S
    pause_s: float = 1.0
    goodbye_s: float = 1.0


class WorkerPhase(Enum):
    """The phase of the child."""

    STARTING = "starting"
    READY = "ready"
    PAUSING = "pausing"


class Worker:
    """`offers` are the tools of the file when it was last loaded, `fault` is its fault, if any.

    `changed` is called when either may have changed.
    """

    def __init__(self, path: Path, launch: Launch, changed: Callable[[], None], timeouts: Timeouts) -> None:
        self.path = path
        self.phase = WorkerPhase.STARTING
        self.offers: list[ToolOffer] = []
        self.fault = ""
        self._launch = launch
        self._changed = changed
        self._timeouts = timeouts
        self._printed = Printed(lambda line: log.info("tools: %s prints: %s", shown(path.name), line))
        self._child: Child | None = None
        self._ready = asyncio.Event()
        self._wanted = asyncio.Event()
        self._slots = asyncio.Semaphore(MAX_CALLS)

    async def run(self) -> None:
        """Keep a child running, for ever; one that ends early is started again after growing pauses."""
        loop, pause_s = asyncio.get_running_loop(), self._timeouts.pause_s
        while True:
            begun = loop.time()
            self._is(WorkerPhase.STARTING)
            await self._live()
            if loop.time() - begun >= HEALTHY_S:
                pause_s = self._timeouts.pause_s
            self._is(WorkerPhase.PAUSING)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._wanted.wait(), pause_s)
            pause_s = min(LONGEST_PAUSE_S, 2 * pause_s)

    async def call(self, offer: ToolOffer, arguments: str) -> Answered:
        """Call a tool; waits for child and answer as long as the tool may take. Raises ToolError."""
        if self._slots.locked():
            raise ToolError("too many tools are still running, try again later.")
        async with self._slots:
            return await self._call(offer, arguments)

    async def _call(self, offer: ToolOffer, arguments: str) -> Answered:
        child: Child | None = None
        try:
            async with asyncio.timeout(offer.timeout_s):
                child = await self._started()
                if offer.name not in (each.name for each in self.offers):
                    raise ToolError(f"{offer.name} is no longer there.")
                return await child.call(offer.name, arguments)
        except EndedError as error:
            self._lost(child)
            raise ToolError(f"{offer.name}: {error}; it may have been done, or in part.") from None
        except TimeoutError:
            raise self._late(offer, child) from None

    def _lost(self, child: Child | None) -> None:
        """The child has ended: the next call waits for the next child."""
        if child is self._child:
            self._ready.clear()

    def _late(self, offer: ToolOffer, child: Child | None) -> ToolError:
        """A call takes too long: as it cannot be stopped alone, kill the child and all its calls."""
        took = f"took longer than {offer.timeout_s:g} seconds"
        if child is None:
            why = self.fault or "it is still being started"
            return ToolError(f"{offer.name} {took} to begin ({why}); it was not done.")
        log.warning("tool %s %s", offer.name, took)
        self._lost(child)
        child.kill(f"{offer.name} {took}, and its process was ended")
        return ToolError(f"{offer.name} {took} and was ended; it may have been done, or in part.")

    async def _started(self) -> Child:
        """The child, as soon as it is ready."""
        self._wanted.set()
        await self._ready.wait()
        assert self._child is not None
        return self._child

    async def _live(self) -> None:
        """One child, from its start to its end."""
        try:
            source = await asyncio.to_thread(read, self.path)
            async with started(self._launch, self._printed) as child:
                self.offers, self.fault = await child.load(self.path, source, self._timeouts.import_s), ""
                await self._serve(child)
        except ToolFileError as error:
            self.offers, self.fault = [], str(error)
        except OSError as error:
            self.fault = f"{shown(self.path)}: no process can be started for it ({error.strerror})"
        except Exception as error:  # a bug of ours, which must not affect the other files
            log.exception("tools: %s", shown(self.path))
            self.fault = f"{shown(self.path)}: {type(error).__name__}, see the log of voiced"

    async def _serve(self, child: Child) -> None:
        self._child = child
        self._ready.set()
        self._is(WorkerPhase.READY)
        try:
            how = await asyncio.shield(child.over)
            self.fault = f"{shown(self.path)}: {how}; it is started again"
        finally:
            self._ready.clear()
            self._child = None

    def _is(self, phase: WorkerPhase) -> None:
        self.phase = phase
        if phase is WorkerPhase.PAUSING:
            self._wanted.clear()
        self._changed()
