"""All tool files: their tools together, and the state of each file."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from daemon.extensions.files import ToolFileError, shown, tool_files
from daemon.extensions.launch import Launch
from daemon.extensions.messages import ToolOffer
from daemon.extensions.worker import Timeouts, Worker
from daemon.realtime.events import Json
from daemon.tools import BadCallError, ToolError
from daemon.tools.result import bounded

log = logging.getLogger("voiced")

SETTLE_S = 0.2
"""Files load at about the same time: the server gets one update for all of them."""

_TIMEOUTS = Timeouts()


@dataclass(eq=False)
class Extensions:
    """`changed` is called on the loop when `schemas` or `faults` have changed.

    `taken` are names that the owner's tools cannot have.
    """

    _directory: Path
    _taken: Collection[str]
    _launch: Launch
    _changed: Callable[[], None]
    _timeouts: Timeouts = _TIMEOUTS
    _workers: dict[Path, Worker] = field(default_factory=dict)
    _offered: dict[str, tuple[Path, ToolOffer]] = field(default_factory=dict)
    _faults: dict[Path, str] = field(default_factory=dict)
    _settling: asyncio.TimerHandle | None = None
    _life: asyncio.Task[None] | None = None

    def open(self) -> None:
        """Start a child for each file, and supervise them."""
        self._life = asyncio.create_task(self._run(), name="extensions")

    async def aclose(self) -> None:
        """Kill all children, and what they have started."""
        if self._settling is not None:
            self._settling.cancel()
        if self._life is not None:
            self._life.cancel()
            await asyncio.wait([self._life], timeout=self._timeouts.goodbye_s)

    # ------------------------------------------------------------ what is offered

    def schemas(self) -> list[Json]:
        """The tools that the model may be offered now."""
        return [offer.schema for _, offer in self._offered.values()]

    def faults(self) -> dict[str, str]:
        """The faults, by the name of the file or of the directory."""
        return {shown(path.name): fault for path, fault in self._faults.items()}

    def status(self) -> dict[str, str]:
        """The state of each file."""
        return {
            shown(path.name): worker.phase.value for path, worker in self._workers.items()
        } | self.faults()

    async def call(self, name: str, arguments: str) -> str:
        """Call a tool and return its answer. Raises ToolError."""
        if name not in self._offered:
            raise BadCallError(f"there is no tool called {name}.")
        path, offer = self._offered[name]
        answered = await self._workers[path].call(offer, arguments)
        if answered.place:
            log.warning("tool %s failed: %s", name, answered.place)
        if not answered.ok:
            raise ToolError(bounded(answered.text))
        return bounded(answered.text)

    # ------------------------------------------------------------ changes

    async def _run(self) -> None:
        try:
            paths = await asyncio.to_thread(tool_files, self._directory)
        except ToolFileError as error:
            self._faults = {self._directory: str(error)}
            self._changed()
            return
        self._workers = {
            path: Worker(path, self._launch, self._may_have_changed, self._timeouts) for path in paths
        }
        async with asyncio.TaskGroup() as group:
            for worker in self._workers.values():
                group.create_task(worker.run(), name=f"tools {worker.path.name}")

    def _may_have_changed(self) -> None:
        before = self._offered, self._faults
        workers = self._workers.items()
        self._offered, doubles = chosen({path: worker.offers for path, worker in workers}, self._taken)
        self._faults = {path: worker.fault for path, worker in workers if worker.fault}
        self._faults |= {path: str(error) for path, error in doubles.items()}
        if before != (self._offered, self._faults) and self._settling is None:
            self._settling = asyncio.get_running_loop().call_later(SETTLE_S, self._settled)

    def _settled(self) -> None:
        self._settling = None
        self._changed()


def chosen(
    offers: Mapping[Path, Collection[ToolOffer]], taken: Collection[str]
) -> tuple[dict[str, tuple[Path, ToolOffer]], dict[Path, ToolFileError]]:
    """Each name with the first file that has it, and the faults of later files with the same name."""
    found: dict[str, tuple[Path, ToolOffer]] = {}
    doubles: dict[Path, ToolFileError] = {}
    for path, offer in ((path, offer) for path, each in offers.items() for offer in each):
        if offer.name in found or offer.name in taken:
            problem = f"there is a tool {offer.name} already"
            doubles[path] = ToolFileError(path, offer.line, problem, "rename one")
        else:
            found[offer.name] = (path, offer)
    return found, doubles
