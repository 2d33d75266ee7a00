"""Names of our own: what a peer calls something is known only within what the peer said it in."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

_KEY: Final = re.compile(r"[a-z]+_[0-9a-f]{8}_[0-9]+")


class Keys:
    """Each is given once, by this process and by no other; letters, digits and `_`, at most 32."""

    def __init__(self, dice: Callable[[], float]) -> None:
        self._process = f"{int(dice() * (16**8 - 1)):08x}"
        self._given = 0

    def new(self, kind: str) -> str:
        """A name for one more thing of a kind."""
        self._given += 1
        return f"{kind}_{self._process}_{self._given}"

    def own(self, name: str | None) -> bool:
        """Has it been given here?"""
        return name is not None and f"_{self._process}_" in name


def ours(name: str) -> bool:
    """Is it one of these, of this process or, as the history has them, of another?"""
    return _KEY.fullmatch(name) is not None
