"""What was promised to whoever sends input: no surprise, and little of the processor."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

LIMIT_S: Final = 0.5
"""For an input of up to 1 MB."""


class BrokenPromiseError(AssertionError):
    """What was read was not read as it should be."""


def promised(kept: bool, otherwise: str) -> None:
    """Raise BrokenPromiseError where a promise was not kept."""
    if not kept:
        raise BrokenPromiseError(otherwise)


class Meter:
    """Watches calls; `worst_s` is the most that one of them took. A busy machine can only make it more."""

    def __init__(self) -> None:
        self.worst_s = 0.0

    @contextmanager
    def __call__(self) -> Iterator[None]:
        before = time.process_time()
        yield
        self.worst_s = max(self.worst_s, time.process_time() - before)
