"""Keys of our own: an id that a server gives is unique only within its session or response."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

_KEY: Final = re.compile(r"[a-z]+_[0-9a-f]{8}_[0-9]+")


class Keys:
    """Each key is used once, by this process and no other; letters, digits and `_`, at most 32."""

    def __init__(self, rng: Callable[[], float]) -> None:
        self._process = f"{int(rng() * (16**8 - 1)):08x}"
        self._given = 0

    def new(self, kind: str) -> str:
        """A new key with this prefix."""
        self._given += 1
        return f"{kind}_{self._process}_{self._given}"

    def own(self, name: str | None) -> bool:
        """Whether this process has given it."""
        return name is not None and f"_{self._process}_" in name


def ours(name: str) -> bool:
    """Whether it is a key of voiced, of this process or of an earlier one."""
    return _KEY.fullmatch(name) is not None
