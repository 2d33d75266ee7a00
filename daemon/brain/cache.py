"""Files that are made once from installed packages and kept from then on."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path


def kept(name: str) -> Path:
    """Where the file of this name is kept, made already or not."""
    home = os.environ.get("CACHE_DIRECTORY") or os.environ.get("XDG_CACHE_HOME")
    return Path(home or Path(os.environ.get("HOME", "/nonexistent"), ".cache"), "voiced", name)


@contextlib.contextmanager
def making(path: Path) -> Iterator[Path]:
    """The file that becomes `path` when the block ends, whole or not at all. Raises OSError.

    Another brain may make the same at the same time, or the power may go.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        draft = Path(folder, path.name)
        yield draft
        with draft.open("rb") as written:
            os.fsync(written.fileno())
        draft.replace(path)
