"""Reads text files as people save them: UTF-8 or UTF-16, with any line ends."""

from __future__ import annotations

import codecs
import os
import stat
from pathlib import Path
from typing import Final

from daemon.errors import OwnerError

MAX_BYTES: Final = 2**20
_MARKS: Final = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF32_LE: "utf-32-le",  # before UTF-16, as it begins with the same bytes
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF32_BE: "utf-32-be",
    codecs.BOM_UTF16_BE: "utf-16-be",
}
_GIVEN: Final = ("/dev/fd/", "/dev/stdin", "/proc/self/fd/")
"""Pipes from the shell, which have a writer."""
_SAVE: Final = "save it as plain text in UTF-8"


class TextFileError(OwnerError):
    """A file cannot be read as text; the message names the remedy."""

    def __init__(self, problem: str, remedy: str) -> None:
        super().__init__(f"{problem}; {remedy}")
        self.problem, self.remedy = problem, remedy


def read_text(path: Path) -> str:
    """The text of a file, with "\n" as line ends. Raises FileNotFoundError and TextFileError."""
    try:
        return decoded(read_bytes(path))
    except FileNotFoundError:
        raise
    except IsADirectoryError:
        raise TextFileError("it is a directory", "name a file in it") from None
    except OSError as error:
        raise TextFileError(error.strerror or str(error), "mend the file or its permissions") from None
    except ValueError:
        raise TextFileError("its name cannot be that of a file", "name another one") from None


def decoded(data: bytes) -> str:
    """The text of such a file. Raises TextFileError."""
    mark, coding = next((each for each in _MARKS.items() if data.startswith(each[0])), (b"", "utf-8"))
    try:
        text = data[len(mark) :].decode(coding)
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise TextFileError(f"it is not {coding.upper()} in line {line}", _SAVE) from None
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if "\0" in text:
        line = text[: text.index("\0")].count("\n") + 1
        problem = f"there are NUL bytes in line {line}, as in a damaged file or one of another kind"
        raise TextFileError(problem, _SAVE)
    return text


def read_bytes(path: Path, most: int = MAX_BYTES) -> bytes:
    """Read a file; never waits for the writer of a pipe, and never reads without a limit.

    Raises OSError and TextFileError.
    """
    with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:  # noqa: PTH123
        kind = os.fstat(file.fileno()).st_mode
        if stat.S_ISFIFO(kind) and str(path).startswith(_GIVEN):
            os.set_blocking(file.fileno(), True)
        elif not stat.S_ISREG(kind):
            raise TextFileError("it is a device or a pipe", "name a file")
        data = file.read(most + 1)
    if len(data) > most:
        raise TextFileError(f"it is larger than {most >> 20} MB", "name the right file")
    return data
