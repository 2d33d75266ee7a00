"""State that survives a restart: volume and mute, and, until the board is switched off, the conversation.

Volume and mute are a small file that is replaced whole. The conversation is a file in the runtime directory,
which is in memory: lines are appended to it, and when it has grown large it is rewritten.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any, BinaryIO

import msgspec

from daemon.core.history.history import HistoryEntry, lines
from daemon.service.board_supervisor import Spawn
from daemon.text.masking import mask
from daemon.text.text_file import TextFileError, read_bytes

log = logging.getLogger("voiced")

MAX_KEPT_BYTES = 4 * 2**20
MAX_READ_BYTES = 8 * MAX_KEPT_BYTES
SETTLE_LIMIT_S = 1.0


class Preferences(msgspec.Struct, frozen=True):
    """Preferences that survive a restart."""

    volume_percent: Annotated[int, msgspec.Meta(ge=0, le=100)] = 80
    muted: bool = False


class StateStore:
    """Reads at once; writes on a thread, one file at a time, and only the newest of several versions."""

    def __init__(self, state: Path, runtime: Path, spawn: Spawn) -> None:
        self._preferences_file = state / "state.json"
        self._conversation_file = runtime / "conversation" / "ledger.jsonl"
        self._old_file = self._conversation_file.with_suffix(".json")  # of voiced 0.1.0
        self.preferences = load_preferences(self._preferences_file)
        self._spawn = spawn
        self._written = self.preferences
        self._writing = asyncio.Lock()
        self._unsaved: list[HistoryEntry] = []
        self._replaced = False
        self._kept_bytes, self._most_bytes = 0, MAX_KEPT_BYTES
        self._appending = asyncio.Lock()

    def prefer(self, **changes: Any) -> None:
        """Store these preferences."""
        preferences = msgspec.structs.replace(self.preferences, **changes)
        if preferences != self.preferences:
            self.preferences = preferences
            self._spawn(self._write_preferences(), "memory")

    def conversation(self) -> bytes:
        """What was stored last since the board was switched on."""
        for path in sorted((self._conversation_file, self._old_file), key=_modified, reverse=True):
            with suppress(OSError, TextFileError):
                return read_bytes(path, MAX_READ_BYTES)
        return b""

    def append(self, entries: list[HistoryEntry], whole: Callable[[], list[HistoryEntry]]) -> None:
        """Append new lines of the conversation; `whole` is called if the file has grown too large."""
        if self._kept_bytes > self._most_bytes:
            self.replace(whole())
        elif entries:
            self._unsaved += entries
            self._spawn(self._flush(), "memory")

    def replace(self, entries: list[HistoryEntry]) -> None:
        """Replace the stored conversation by these lines."""
        self._unsaved, self._replaced, self._kept_bytes = entries, True, 0
        self._spawn(self._flush(), "memory")

    async def settled(self) -> None:
        """Wait, though not for long, until the conversation is written."""
        with suppress(TimeoutError):
            async with asyncio.timeout(SETTLE_LIMIT_S):
                await self._flush()

    async def aclose(self, entries: list[HistoryEntry]) -> None:
        """Write what is left, and stop."""
        self._unsaved += entries
        await self.settled()

    async def _flush(self) -> None:
        async with self._appending:
            entries, replaced = self._unsaved, self._replaced
            self._unsaved, self._replaced = [], False
            if replaced:
                written = await asyncio.to_thread(self._rewrite, entries)
                self._most_bytes = max(MAX_KEPT_BYTES, 2 * written)
                self._kept_bytes += written
            elif entries:
                self._kept_bytes += await asyncio.to_thread(append_lines, self._conversation_file, entries)

    def _rewrite(self, entries: list[HistoryEntry]) -> int:
        written = lines(entries)
        replace_file(self._conversation_file, written)
        with suppress(OSError):
            self._old_file.unlink()
        return len(written)

    async def _write_preferences(self) -> None:
        async with self._writing:
            if self._written != self.preferences:
                self._written = self.preferences
                data = msgspec.json.encode(self._written)
                await asyncio.to_thread(replace_file, self._preferences_file, data)


def load_preferences(path: Path) -> Preferences:
    """The stored preferences; the defaults if they cannot be read."""
    try:
        return msgspec.json.decode(read_bytes(path), type=Preferences)
    except FileNotFoundError:
        return Preferences()
    except (OSError, TextFileError, msgspec.DecodeError, RecursionError) as error:
        log.warning("Volume and mute cannot be read (%s); they start as new.", error)
        return Preferences()


def append_lines(path: Path, entries: list[HistoryEntry]) -> int:
    """Append lines to a file that only we may read. Returns the number of bytes."""
    written = mask(lines(entries).decode()).encode()
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with open(path, "ab+", opener=_private) as file:
            file.write((b"\n" if _torn(file) else b"") + written)
    except OSError as error:
        log.warning("%s cannot be written (%s); see to its directory.", path, error)
    return len(written)


def replace_file(path: Path, data: bytes) -> None:
    """Write JSON to a file that only we may read; if the disk refuses, the service goes on without it."""
    scratch = path.with_suffix(".new")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with open(scratch, "wb", opener=_private) as file:
            file.write(mask(data.decode()).encode())
            file.flush()
            os.fsync(file.fileno())
        scratch.replace(path)
    except OSError as error:
        log.warning("%s cannot be written (%s); see to its directory.", path, error)


def _modified(path: Path) -> float:
    with suppress(OSError):
        return path.stat().st_mtime
    return 0.0


def _torn(file: BinaryIO) -> bool:
    """Whether the last line is incomplete, as after a full disk."""
    if not file.tell():
        return False
    file.seek(-1, os.SEEK_END)
    return file.read(1) != b"\n"


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
