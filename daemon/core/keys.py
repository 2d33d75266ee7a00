"""Names of our own: what a peer calls something is known only within what the peer said it in."""

from __future__ import annotations

from collections.abc import Callable


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
