"""Engine `auto`: what the board has memory for, `both` or `small`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

from daemon.brain.asr.engines import both, small
from daemon.brain.engine import Engine

if TYPE_CHECKING:
    from daemon.brain.asr.recognizer import Recognizer

LEAST_TOTAL_MB: Final = 800
"""A board with 1 GB has somewhat less, one with 512 MB much less."""

LEAST_FREE_MB: Final = 450
"""With its voice, `both` takes up to 225 MB (`python -m tests.bench.brain`)."""


def chosen(root: Path = Path("/")) -> str:
    """The engine for the memory that is there now, and for the packages."""
    total_mb, free_mb = memory_mb(root)
    enough = total_mb >= LEAST_TOTAL_MB and free_mb >= LEAST_FREE_MB
    return "both" if enough and not both.ENGINE.missing() else "small"


def memory_mb(root: Path = Path("/")) -> tuple[float, float]:
    """The memory of the board, and what is free of it, no more than this process may have."""
    try:
        lines = (root / "proc/meminfo").read_text("ascii").splitlines()
    except OSError:
        return 0.0, 0.0
    kilobytes = {name: int(rest.split()[0]) for name, _, rest in (line.partition(":") for line in lines)}
    limits_mb = list(_limits_mb(root))
    total_mb, free_mb = (kilobytes.get(name, 0) / 1024 for name in ("MemTotal", "MemAvailable"))
    return min([total_mb, *limits_mb]), min([free_mb, *limits_mb])


def _limits_mb(root: Path) -> Iterator[float]:
    """The limits of this process's control group and of those around it."""
    try:
        group = (root / "proc/self/cgroup").read_text("utf-8").strip().rpartition("::/")[2]
    except OSError:
        return
    folder = root / "sys/fs/cgroup"
    for each in (folder / group, *(folder / group).parents):
        if not each.is_relative_to(folder):
            return
        try:
            yield int((each / "memory.max").read_text("ascii")) / 2**20
        except (OSError, ValueError):
            continue


def _load() -> Recognizer:
    engine = both.ENGINE if chosen() == "both" else small.ENGINE
    return engine.load()


ENGINE: Final = Engine(("hama",), _load, chosen=chosen)
