"""Edits a configuration: values change, the owner's comments and everything else stay.

Only the forms that our own files use are adapted: tables with a header line, keys with a value on one line.
The result is read again as a configuration after each change, so that no damage goes unnoticed.

Why not tomlkit: it holds every comment up to the next header to be the table's above. To remove
`[lamps.status]` by it takes along the lines that explain the devices below, and a key that is added comes
behind them. A new table cannot be put before another, nor a key that is commented out be brought to life,
but by its private parts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from daemon.config.loader import parse
from daemon.config.model import Config
from daemon.errors import OwnerError

_VALUE: Final = r"""("(?:[^"\\]|\\.)*"|'[^']*'|\[[^\]]*\]|[\w.+:-]+)"""
_COMMENT_COLUMN: Final = 28


class DraftError(OwnerError, ValueError):
    """The text has a form that cannot be edited; the message is a sentence with the remedy."""


class Draft:
    """The text of a configuration; errors call it `name`."""

    def __init__(self, text: str, name: str) -> None:
        self.lines = text.splitlines()
        self._name = name

    @property
    def text(self) -> str:
        """The text to be written."""
        return "\n".join(self.lines) + "\n"

    @property
    def config(self) -> Config:
        """The configuration that it has. Raises ConfigError."""
        return parse(self.text, self._name)

    def sets(self, table: str, key: str) -> bool:
        """Whether this key has a value."""
        start, end = self._find(table) or (0, 0)
        return any(re.match(rf"{key}\s*=", line) for line in self.lines[start:end])

    def set(self, table: str, key: str, literal: str) -> None:
        """Set a key to this value, in TOML; one that is commented out is uncommented. Raises DraftError."""
        start, end = self._find(table) or self._append(table)
        for pattern in (rf"{key}\s*=", rf"#\s*{key}\s*="):
            for index in range(start, end):
                if re.match(pattern, self.lines[index]):
                    self.lines[index] = self._changed(index, key, literal)
                    return
        self.lines.insert(start + 1, f"{key} = {literal}")

    def set_table(self, table: str, entries: Iterable[str], before: str = "brain") -> None:
        """Replace the entries of a table; a new one comes before the table `before`, or last."""
        found = self._find(table)
        if found:
            start, end = found
            self.lines[start + 1 : self._last_entry(start, end) + 1] = entries
            return
        at = self._find(before)
        place = at[0] if at else len(self.lines)
        gap = [""] if place and self.lines[place - 1].strip() else []
        self.lines[place:place] = [*gap, f"[{table}]", *entries, *([""] if at else [])]

    def remove_table(self, table: str) -> None:
        """Remove a table with its header, if it is there."""
        if found := self._find(table):
            start, end = found
            last = self._last_entry(start, end)
            follows_blank = last + 1 < len(self.lines) and not self.lines[last + 1].strip()
            del self.lines[start : last + 1 + follows_blank]

    def _find(self, table: str) -> tuple[int, int] | None:
        """The lines from a header to the next one, which may be commented out."""
        header = re.compile(rf"\[\s*{re.escape(table)}\s*\]")
        start = next((index for index, line in enumerate(self.lines) if header.match(line)), None)
        if start is None:
            return None
        for index in range(start + 1, len(self.lines)):
            if re.match(r"(#\s*)?\[+[\w.\" -]+\]", self.lines[index]):
                return start, index
        return start, len(self.lines)

    def _append(self, table: str) -> tuple[int, int]:
        self.lines += ["", f"[{table}]"]
        return len(self.lines) - 1, len(self.lines)

    def _last_entry(self, start: int, end: int) -> int:
        """The last entry; comments and blank lines after it belong to the next table."""
        entries = [n for n in range(start, end) if self.lines[n].strip() and self.lines[n][0] != "#"]
        return entries[-1]

    def _changed(self, index: int, key: str, literal: str) -> str:
        old = re.fullmatch(rf"(?:#\s*)?{key}\s*=\s*{_VALUE}\s*(#.*)?", self.lines[index])
        if old is None:
            where = f"{self._name}, line {index + 1}"
            raise DraftError(f"{where}: write {key} on one line, or begin anew with the answer board.")
        new = f"{key} = {literal}"
        return f"{new:<{_COMMENT_COLUMN - 1}} {old[2]}" if old[2] else new
