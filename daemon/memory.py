"""What outlives a restart: volume and mute, and, until the board is switched off, the conversation.

Each is a small file that is replaced whole. The conversation lives in the runtime directory: in memory.
"""

from __future__ import annotations

import asyncio
import logging
import os
from pathlib import Path
from typing import Any

import msgspec

from daemon.masking import mask
from daemon.pins import Spawn

log = logging.getLogger("voiced")


class Wishes(msgspec.Struct, frozen=True):
    """The owner's last wishes."""

    volume_percent: int = 80
    muted: bool = False


class Memory:
    """Reads at once; writes from a thread, one at a time, and of several the newest."""

    def __init__(self, state: Path, runtime: Path, spawn: Spawn) -> None:
        self._wishes_file = state / "state.json"
        self._conversation_file = runtime / "conversation" / "ledger.json"
        self.wishes = recall(self._wishes_file)
        self._spawn = spawn
        self._due: dict[Path, bytes] = {}
        self._writing = asyncio.Lock()

    def wish(self, **changes: Any) -> None:
        """The owner wants it otherwise from now on."""
        wishes = msgspec.structs.replace(self.wishes, **changes)
        if wishes != self.wishes:
            self.wishes = wishes
            self._write(self._wishes_file, msgspec.json.encode(wishes))

    def conversation(self) -> bytes:
        """What `keep_conversation` kept last, since the board was switched on; empty if nothing was."""
        try:
            return self._conversation_file.read_bytes()
        except OSError:
            return b""

    def keep_conversation(self, ledger: bytes) -> None:
        """So that the next process can go on with it."""
        self._write(self._conversation_file, ledger)

    def _write(self, path: Path, data: bytes) -> None:
        if path not in self._due:
            self._spawn(self._write_down(path), "memory")
        self._due[path] = data

    async def _write_down(self, path: Path) -> None:
        async with self._writing:
            await asyncio.to_thread(keep, path, self._due.pop(path))


def recall(path: Path) -> Wishes:
    """What was kept; the defaults where nothing can be read."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Wishes)
    except FileNotFoundError:
        return Wishes()
    except (OSError, msgspec.DecodeError) as error:
        log.warning("Volume and mute cannot be read (%s); they start as new.", error)
        return Wishes()


def keep(path: Path, data: bytes) -> None:
    """Write JSON down, for our eyes only; a disk that refuses costs the memory, not the service."""
    scratch = path.with_suffix(".new")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with open(scratch, "wb", opener=_for_us) as file:
            file.write(mask(data.decode()).encode())
            file.flush()
            os.fsync(file.fileno())
        scratch.replace(path)
    except OSError as error:
        log.warning("%s cannot be written (%s); see to its directory.", path, error)


def _for_us(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
