"""Gives back what glibc keeps of freed memory: tens of megabytes once models are loaded."""

from __future__ import annotations

import ctypes
from typing import Final

_LIBC: Final = ctypes.CDLL(None)
_ARENA_MAX: Final = -8  # M_ARENA_MAX of mallopt(3)


def share_one_heap() -> None:
    """Let all threads allocate from one heap, of which more can be given back. Call it before they begin."""
    if hasattr(_LIBC, "mallopt"):
        _LIBC.mallopt(_ARENA_MAX, 1)


def give_back() -> None:
    """Return what is free to the system; it takes a millisecond or two."""
    if hasattr(_LIBC, "malloc_trim"):
        _LIBC.malloc_trim(0)
