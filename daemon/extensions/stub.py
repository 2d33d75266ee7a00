"""The program of a child: runs one tool file, and the calls of its tools.

    python -m daemon.extensions.stub CHANNEL PARENT

CHANNEL is the descriptor of a socket: JSON lines in (the file, then calls) and out (see `messages`). There is
one child for each file, so it must be small: this imports neither msgspec nor, without need, asyncio.
"""

from __future__ import annotations

import binascii
import ctypes
import inspect
import json
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from types import ModuleType
from typing import Any

from daemon.errors import OwnerError
from daemon.tools import Tool, ToolDefinitionError, ToolError, marked
from daemon.tools.result import bounded, place, raised, text_of

_MAX_PROBLEM_CHARS = 500
_MAX_OFFERS_CHARS = 256 * 1024
_PR_SET_PDEATHSIG = 1
_NICENESS = 5
_OOM_SCORE = "700"


class Channel:
    """The connection to the service."""

    def __init__(self, fd: int) -> None:
        os.set_inheritable(fd, False)
        self._fd = fd
        self._process = os.getpid()
        self._lines = os.fdopen(fd, "rb", closefd=False)
        self._lock = threading.Lock()

    def received(self) -> Iterator[dict[str, Any]]:
        """The lines of the service, until it is gone."""
        return map(json.loads, self._lines)

    def send(self, kind: str, **fields: Any) -> None:
        """Send a message, on a line of its own whatever else was written; a forked process exits here."""
        if os.getpid() != self._process:
            os._exit(1)
        line = json.dumps({"type": kind, **fields}, allow_nan=False, ensure_ascii=False)
        rest = memoryview(f"\n{line}\n".encode(errors="replace"))
        try:
            with self._lock:
                while rest:
                    rest = rest[os.write(self._fd, rest) :]
        except OSError:  # the service has gone, or the owner's code has closed the channel
            os._exit(1)


# ---------------------------------------------------------------- the file


class CannotLoadError(OwnerError):
    """The tool file cannot be used."""

    def __init__(self, line: int, problem: str, remedy: str) -> None:
        super().__init__(problem)
        self.line, self.remedy = line, remedy


def load(path: str, source: bytes) -> list[Tool]:
    """Run the file. Returns its tools in order. Raises CannotLoadError."""
    module = ModuleType(f"voiced_tools_{Path(path).stem}")
    module.__file__ = path
    # Dataclasses and type hints look their module up there.
    sys.modules[module.__name__] = module
    try:
        exec(_compiled(path, source), module.__dict__)
        return marked(module.__dict__, module.__name__)
    except CannotLoadError:
        raise
    except BaseException as error:
        raise CannotLoadError(_line(error, path), *_told(error)) from error


def _compiled(path: str, source: bytes) -> Any:
    try:
        return compile(source, path, "exec")
    except UnicodeEncodeError as error:  # Python 3.13 looks at docstrings as it compiles
        line, name = _with_half_a_character(source)
        problem = f"{name}: there is half a character in its docstring"
        raise CannotLoadError(line, problem, "correct it") from error


def _with_half_a_character(source: bytes) -> tuple[int, str]:
    """The function or class with a lone surrogate in its docstring: line and name."""
    import ast

    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            text = ast.get_docstring(node, clean=False) or ""
            if any("\ud800" <= letter <= "\udfff" for letter in text):
                return min([node.lineno, *(each.lineno for each in node.decorator_list)]), node.name
    return 0, "the file"


def _line(error: BaseException, path: str) -> int:
    """The line of the file where an error was raised, 0 if it was not raised there."""
    if isinstance(error, SyntaxError) and error.filename == path:
        return error.lineno or 0
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == path]
    return (lines[-1] or 0) if lines else 0


def _told(error: BaseException) -> Iterator[str]:
    """The message and the remedy for an error."""
    problem, remedy = raised(error), "correct the line"
    if isinstance(error, ToolDefinitionError):
        problem, remedy = error.problem, error.remedy
    elif isinstance(error, SyntaxError):
        problem = error.msg
    for text in (problem, remedy):
        yield " ".join(str(text).split())[:_MAX_PROBLEM_CHARS]


def _words(error: BaseException) -> str:
    """The message of an error, unless reading that raises too."""
    try:
        return str(error)
    except BaseException:
        return type(error).__name__


def end_if_it_takes_longer(limit_s: float, path: str, channel: Channel) -> threading.Timer:
    """Report where the file hangs, and exit; unless the timer is cancelled before."""
    main = threading.get_ident()

    def end() -> None:
        frames = [frame for frame, _ in traceback.walk_stack(sys._current_frames()[main])]
        lines = [frame.f_lineno for frame in frames if frame.f_code.co_filename == path]
        problem = f"its import takes longer than {limit_s:g} seconds"
        line = lines[0] if lines else 0
        channel.send("failed", line=line, problem=problem, remedy="do in a tool what takes long")
        os._exit(1)

    timer = threading.Timer(limit_s, end)
    timer.daemon = True
    timer.start()
    return timer


def offers(tools: list[Tool]) -> list[dict[str, Any]]:
    """The offers of all tools. Raises CannotLoadError."""
    if not tools:
        raise CannotLoadError(0, "there is no tool in it", "write @tool above a function of the file")
    told = [offer(tool) for tool in tools]
    if len(json.dumps(told, allow_nan=False)) > _MAX_OFFERS_CHARS:
        limit_kb = _MAX_OFFERS_CHARS >> 10
        problem = f"its tools take more than {limit_kb} kB of text"
        raise CannotLoadError(0, problem, "describe them in fewer words")
    return told


def offer(tool: Tool) -> dict[str, Any]:
    """The offer of a tool."""
    code = getattr(inspect.unwrap(tool.function), "__code__", None)
    line = code.co_firstlineno if code else 0
    return {"name": tool.name, "schema": tool.schema(), "timeout_s": tool.timeout_s, "line": line}


# ---------------------------------------------------------------- its calls


class Runner:
    """Runs calls without waiting: plain functions on a thread each, coroutines on one event loop."""

    def __init__(self, tools: list[Tool], send: Callable[..., None]) -> None:
        self._tools = {tool.name: tool for tool in tools}
        self._send = send
        self._loop: Any = _new_loop() if any(map(_is_async, tools)) else None
        self._tasks: set[Any] = set()

    def call(self, number: int, name: str, arguments: str) -> None:
        """Start a call; its answer is sent when it is done."""
        tool = self._tools[name]
        work = (number, tool, arguments)
        try:
            if _is_async(tool):
                self._loop.call_soon_threadsafe(self._begin, work)
            else:
                threading.Thread(target=self._run, args=work, name=f"tool {name}", daemon=True).start()
        except RuntimeError as error:  # there may be no thread left to start
            self._failed(number, tool, error)

    def _begin(self, work: tuple[int, Tool, str]) -> None:
        task = self._loop.create_task(self._await(*work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _run(self, number: int, tool: Tool, arguments: str) -> None:
        try:
            self._done(number, text_of(tool.function(**tool.arguments(arguments))))
        except BaseException as error:
            self._failed(number, tool, error)

    async def _await(self, number: int, tool: Tool, arguments: str) -> None:
        try:
            self._done(number, text_of(await tool.function(**tool.arguments(arguments))))
        except BaseException as error:
            self._failed(number, tool, error)

    def _done(self, number: int, text: str) -> None:
        self._send("answered", id=number, ok=True, text=bounded(text))

    def _failed(self, number: int, tool: Tool, error: BaseException) -> None:
        """Report an error: a ToolError has a text for the model; of any other the place is sent too."""
        meant = isinstance(error, ToolError)
        text = _words(error) if meant else f"{tool.name} failed: {raised(error)}"
        where = "" if meant else place(error)
        self._send("answered", id=number, ok=False, text=bounded(text), place=where)


def _is_async(tool: Tool) -> bool:
    return inspect.iscoroutinefunction(tool.function)


def _new_loop() -> Any:
    import asyncio

    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, name="tools", daemon=True).start()
    return loop


# ---------------------------------------------------------------- the process


def main() -> None:
    """Load the file, report its tools, and answer calls until the service closes the channel."""
    _end_with(int(sys.argv[2]))
    _step_back()
    sys.stdout.reconfigure(line_buffering=True, errors="backslashreplace")  # type: ignore[union-attr]
    channel = Channel(int(sys.argv[1]))
    received = channel.received()
    file = next(received)
    limit = end_if_it_takes_longer(file["limit_s"], file["path"], channel)
    try:
        tools = load(file["path"], binascii.a2b_base64(file["source"]))
        channel.send("loaded", tools=offers(tools))
    except CannotLoadError as error:
        channel.send("failed", line=error.line, problem=str(error), remedy=error.remedy)
        return
    except (TypeError, ValueError) as error:
        problem = f"what it offers is no JSON ({_words(error)})"
        channel.send("failed", problem=problem, remedy="correct that")
        return
    limit.cancel()
    runner = Runner(tools, channel.send)
    for call in received:
        runner.call(call["id"], call["tool"], call["arguments"])


def _end_with(parent: int) -> None:
    """Have the kernel kill this process when its parent ends (prctl(2))."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def _step_back() -> None:
    """Lower the priority: if processor or memory is short, the voice comes first."""
    with suppress(OSError):
        os.nice(_NICENESS)
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(_OOM_SCORE)


if __name__ == "__main__":
    try:
        main()
    except BaseException:
        traceback.print_exc()
    finally:
        with suppress(BaseException):
            sys.stdout.flush()
        os._exit(1)  # not delayed by threads of the owner's code
