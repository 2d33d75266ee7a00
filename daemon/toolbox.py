"""The toolbox: every tool that may be called, and the way a call takes."""

from __future__ import annotations

import asyncio
import inspect
import logging
import threading
from collections.abc import Iterable
from contextlib import suppress
from traceback import extract_tb, format_exception_only
from typing import Any

import msgspec

from daemon.tools import BadCallError, Tool, ToolDefinitionError, ToolError

log = logging.getLogger(__name__)

MAX_OUTPUT_BYTES = 16 * 1024
MAX_THREADS = 8
"""Tools that hang keep their threads; with this many the next call is refused."""
CALLS_REMEMBERED = 1024


class Toolbox:
    """All tools, and the way a call takes. Raises ToolDefinitionError if two share a name."""

    def __init__(self, tools: Iterable[Tool]) -> None:
        self._tools: dict[str, Tool] = {}
        self._seen: dict[str, None] = {}  # in order, as a set is not
        self._threads = 0
        for each in tools:
            if self._tools.setdefault(each.name, each) is not each:
                raise ToolDefinitionError(f"{each.name}: there are two tools of this name, rename one.")

    def schemas(self) -> list[dict[str, Any]]:
        """What `session.update` tells the model."""
        return [each.schema() for each in self._tools.values()]

    async def call(self, call_id: str, name: str, arguments_json: str) -> str | None:
        """Run a tool and return what the model reads; None if this call_id was called before.

        Never raises: what goes wrong is the text, and begins with "Error: ".
        """
        if call_id in self._seen:
            return None
        self._remember(call_id)
        try:
            if name not in self._tools:
                raise BadCallError(f"there is no tool called {name}.")
            arguments = self._tools[name].arguments(arguments_json)
            return _bounded(_text(await self._run(self._tools[name], arguments)))
        except ToolError as error:
            return _bounded(f"Error: {error}")
        except (Exception, SystemExit) as error:
            log.warning("tool %s failed: %s", name, _place(error))
            return _bounded(f"Error: {name} failed: {''.join(format_exception_only(error)).strip()}")

    def _remember(self, call_id: str) -> None:
        self._seen[call_id] = None
        if len(self._seen) > CALLS_REMEMBERED:
            del self._seen[next(iter(self._seen))]

    async def _run(self, called: Tool, arguments: dict[str, Any]) -> Any:
        try:
            async with asyncio.timeout(called.timeout_s) as limit:
                if inspect.iscoroutinefunction(called.function):
                    return await called.function(**arguments)
                return await self._on_thread(called, arguments)
        except TimeoutError:
            if not limit.expired():
                raise
            log.warning("tool %s took longer than %g s", called.name, called.timeout_s)
            raise ToolError(f"{called.name} took longer than {called.timeout_s:g} seconds.") from None

    async def _on_thread(self, called: Tool, arguments: dict[str, Any]) -> Any:
        """A thread for each call: one that hangs holds up neither the others nor the end of the process."""
        if self._threads >= MAX_THREADS:
            raise ToolError("too many tools are still running, try again later.")
        loop = asyncio.get_running_loop()
        done: asyncio.Future[tuple[Any, BaseException | None]] = loop.create_future()

        def work() -> None:
            result, failure = None, None
            try:
                result = called.function(**arguments)
            except BaseException as error:
                failure = error
            with suppress(RuntimeError):  # the loop has ended meanwhile
                loop.call_soon_threadsafe(finish, result, failure)

        def finish(result: Any, failure: BaseException | None) -> None:
            self._threads -= 1
            if not done.done():
                done.set_result((result, failure))

        self._threads += 1
        threading.Thread(target=work, name=f"tool {called.name}", daemon=True).start()
        result, failure = await done
        if failure is not None:
            raise failure
        return result


def _place(error: BaseException) -> str:
    """What was raised and where, without its message: that may quote what somebody said."""
    *_, last = extract_tb(error.__traceback__)
    return f"{type(error).__name__} in {last.filename}, line {last.lineno}"


def _text(result: Any) -> str:
    return result if isinstance(result, str) else msgspec.json.encode(result).decode()


def _bounded(text: str) -> str:
    encoded = text.encode(errors="replace")
    if len(encoded) <= MAX_OUTPUT_BYTES:
        return encoded.decode()
    return encoded[:MAX_OUTPUT_BYTES].decode(errors="ignore") + " [cut]"
