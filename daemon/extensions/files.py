"""The owner's tool files: their list, their permissions, their contents."""

from __future__ import annotations

import codecs
import os
import stat
from pathlib import Path

from daemon.tools import ToolDefinitionError

MAX_FILE_BYTES = 2**20
_NOT_PYTHON = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_BE)
# Opening a named pipe would block.
_OPEN = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK


class ToolFileError(ToolDefinitionError):
    """A file cannot be used; the message names file, line and remedy."""

    def __init__(self, path: Path, line: int, problem: str, remedy: str) -> None:
        where = f"{shown(path)}:{line}" if line else shown(path)
        super().__init__(f"{where}: {problem}", remedy, ": ")


def shown(path: Path | str) -> str:
    """A path as printable text, even if its bytes are not."""
    return os.fsencode(path).decode(errors="replace")


def tool_files(directory: Path) -> list[Path]:
    """Every *.py of the directory, in order; none if there is no directory. Raises ToolFileError."""
    try:
        paths = sorted(directory.iterdir())
    except FileNotFoundError:
        return []
    except NotADirectoryError:
        raise ToolFileError(directory, 0, "this is no directory", "name one as tools.directory") from None
    except (OSError, ValueError) as error:
        what = getattr(error, "strerror", None) or str(error)
        raise ToolFileError(directory, 0, what, "let the service read the directory") from error
    return [path for path in paths if is_tool_file(path)]


def is_tool_file(path: Path) -> bool:
    """Whether a name is that of a tool file, in any case; hidden files belong to editors or macOS."""
    return path.suffix.lower() == ".py" and not path.name.startswith(".") and path.name != "__init__.py"


def read(path: Path) -> bytes:
    """The contents of a file, if it and its directory can be trusted. Raises ToolFileError.

    The file that was checked is the one that is read: it stays open.
    """
    try:
        _trust(path.parent, path.parent.stat())
        source = _content(path, os.open(path, _OPEN))
    except OSError as error:
        raise ToolFileError(path, 0, str(error.strerror), "let the service read the file") from error
    if len(source) > MAX_FILE_BYTES:
        raise ToolFileError(path, 0, "it is larger than 1 MB", "import what is large from a module")
    if source.startswith(_NOT_PYTHON):
        raise ToolFileError(path, 1, "it is UTF-16 or UTF-32, which Python does not read", "save it as UTF-8")
    if b"\0" in source:
        line = source.count(b"\n", 0, source.index(b"\0")) + 1
        raise ToolFileError(path, line, "there are NUL bytes in it, as in UTF-16", "save it as UTF-8")
    return source


def _content(path: Path, fd: int) -> bytes:
    try:
        status = os.fstat(fd)
        _trust(path, status)
        if not stat.S_ISREG(status.st_mode):
            raise ToolFileError(path, 0, "this is no regular file", "take it away")
        with open(fd, "rb", closefd=False) as file:
            return file.read(MAX_FILE_BYTES + 1)
    finally:
        os.close(fd)


def _trust(path: Path, status: os.stat_result) -> None:
    if status.st_uid not in (0, os.geteuid()):
        raise ToolFileError(path, 0, "it belongs to somebody else", "chown it to root")
    if status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise ToolFileError(path, 0, "others may write to it", "chmod go-w it")
