"""The owner's own tools: Python files in a directory that nobody else can write to."""

from __future__ import annotations

import os
import stat
import sys
import traceback
from collections.abc import Collection
from pathlib import Path
from types import ModuleType

from daemon.tools import Tool, ToolDefinitionError, marked


class ToolFileError(ToolDefinitionError):
    """A file cannot be used; the message names file, line and remedy."""

    def __init__(self, path: Path, line: int, problem: str) -> None:
        super().__init__(f"{path}:{line}: {problem}" if line else f"{path}: {problem}")


def load_tools(directory: Path, taken: Collection[str] = ()) -> tuple[list[Tool], list[ToolFileError]]:
    """Run every *.py of the directory; the tools that they define, and an error for each file that fails.

    `taken` are names that are tools already. A directory that does not exist holds no tools.
    """
    tools: dict[str, Tool] = {}
    errors = []
    for path in sorted(directory.glob("*.py")):
        try:
            _trust(directory, directory.stat())
            for tool in _load(path):
                if tool.name in tools or tool.name in taken:
                    raise ToolFileError(path, _line(tool), f"there is a tool {tool.name} already: rename one")
                tools[tool.name] = tool
        except ToolFileError as error:
            errors.append(error)
    return list(tools.values()), errors


def _load(path: Path) -> list[Tool]:
    module = ModuleType(f"voiced_tools_{path.stem}")
    module.__file__ = str(path)
    source = _read(path)
    # Dataclasses and type hints look their module up there.
    sys.modules[module.__name__] = module
    try:
        exec(compile(source, path, "exec"), module.__dict__)
    except SyntaxError as error:
        raise ToolFileError(path, error.lineno or 0, f"{error.msg}: correct the line") from error
    except (Exception, SystemExit) as error:
        lines = [
            frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path)
        ]
        what = str(error) if isinstance(error, ToolDefinitionError) else f"{type(error).__name__}: {error}"
        raise ToolFileError(path, (lines[-1] or 0) if lines else 0, f"{what}: correct the line") from error
    return marked(module.__dict__, module.__name__)


def _read(path: Path) -> bytes:
    """What was checked is what is read: one open file."""
    try:
        with path.open("rb") as file:
            _trust(path, os.fstat(file.fileno()))
            return file.read()
    except OSError as error:
        raise ToolFileError(path, 0, f"{error.strerror}: let the service read the file") from error


def _trust(path: Path, status: os.stat_result) -> None:
    if status.st_uid not in (0, os.geteuid()):
        raise ToolFileError(path, 0, "it belongs to somebody else: chown it to root")
    if status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise ToolFileError(path, 0, "others may write to it: chmod go-w it")


def _line(tool: Tool) -> int:
    return tool.function.__code__.co_firstlineno
