"""What outlives a restart: volume and mute, in one small file that is replaced whole."""

from __future__ import annotations

import logging
import os
from pathlib import Path

import msgspec

log = logging.getLogger("voiced")


class Remembered(msgspec.Struct, frozen=True):
    """The owner's last wishes."""

    volume_percent: int = 80
    muted: bool = False


def recall(directory: str) -> Remembered:
    """What was kept; the defaults where nothing can be read."""
    try:
        return msgspec.json.decode(_file(directory).read_bytes(), type=Remembered)
    except FileNotFoundError:
        return Remembered()
    except (OSError, msgspec.DecodeError) as error:
        log.warning("Volume and mute cannot be read (%s); they start as new.", error)
        return Remembered()


def keep(directory: str, remembered: Remembered) -> None:
    """Write it down; a disk that refuses costs the memory, not the service."""
    path = _file(directory)
    scratch = path.with_suffix(".new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with scratch.open("wb") as file:
            file.write(msgspec.json.encode(remembered))
            file.flush()
            os.fsync(file.fileno())
        scratch.replace(path)
    except OSError as error:
        log.warning("Volume and mute cannot be kept (%s); check state.directory.", error)


def _file(directory: str) -> Path:
    return Path(directory) / "state.json"
