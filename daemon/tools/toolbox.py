"""The toolbox: all tools, and where a call of each is run."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from typing import Any, Protocol

from daemon.devices.name_index import Spellings
from daemon.tools import BadCallError, Tool, ToolDefinitionError, ToolError
from daemon.tools.kinds import shown
from daemon.tools.result import bounded, place, raised, text_of

log = logging.getLogger(__name__)


class Elsewhere(Protocol):
    """The owner's tools, which run in other processes."""

    def schemas(self) -> list[dict[str, Any]]:
        """The schemas for `session.update`."""

    async def call(self, name: str, arguments_json: str) -> str:
        """Run a tool and return the text for the model. Raises ToolError, BadCallError if it is unknown."""


class Toolbox:
    """All tools, and where they run. Raises ToolDefinitionError if two share a name."""

    def __init__(self, tools: Iterable[Tool], elsewhere: Elsewhere | None = None) -> None:
        self._tools: dict[str, Tool] = {}
        self._elsewhere = elsewhere
        for each in tools:
            if self._tools.setdefault(each.name, each) is not each:
                raise ToolDefinitionError(f"{each.name}: there are two tools of this name", "rename one")

    def schemas(self) -> list[dict[str, Any]]:
        """The schemas for `session.update`."""
        others = self._elsewhere.schemas() if self._elsewhere else []
        return [each.schema() for each in self._tools.values()] + others

    async def call(self, name: str, arguments_json: str) -> str:
        """Run a tool and return the text for the model.

        Never raises: an error becomes a text that begins with "Error: ".
        """
        try:
            return bounded(await self._run(self._meant(name), arguments_json))
        except ToolError as error:
            return bounded(f"Error: {error}")
        except asyncio.CancelledError as error:
            if _is_cancelled():
                raise
            return _failed(name, error)
        except (Exception, SystemExit, KeyboardInterrupt) as error:
            return _failed(name, error)

    def _meant(self, name: str) -> str:
        """The tool with this name, however it is spelled. Raises BadCallError."""
        names = [str(schema["name"]) for schema in self.schemas()]
        spellings = Spellings(names)
        meant = spellings.meant(name) or spellings.meant(name.rpartition(".")[2])  # "functions.NAME"
        if meant is None:
            there = f"; there are {', '.join(names)}" if names else ""
            raise BadCallError(f"there is no tool called {shown(name)}{there}.")
        return meant

    async def _run(self, name: str, arguments_json: str) -> str:
        if self._elsewhere is not None and name not in self._tools:
            return await self._elsewhere.call(name, arguments_json)
        return await _here(self._tools[name], arguments_json)


async def _here(called: Tool, arguments_json: str) -> str:
    """The built-in tools are coroutines of ours, and run on the loop."""
    arguments = called.arguments(arguments_json)
    try:
        async with asyncio.timeout(called.timeout_s) as limit:
            return text_of(await called.function(**arguments))
    except TimeoutError:
        if not limit.expired():
            raise
        log.warning("tool %s took longer than %g s", called.name, called.timeout_s)
        raise ToolError(f"{called.name} took longer than {called.timeout_s:g} seconds.") from None


def _is_cancelled() -> bool:
    """Whether this task itself is cancelled, and not just the tool."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def _failed(name: str, error: BaseException) -> str:
    log.warning("tool %s failed: %s", name, place(error))
    return bounded(f"Error: {name} failed: {raised(error)}")
