"""Things in an order that changes: each step costs the same, however many there are."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from typing import Generic, TypeVar

ChainLink = TypeVar("ChainLink", bound=Hashable)


class Chain(Generic[ChainLink]):
    """A ring of things and None, which stands for both ends: behind it is the first, in front the last."""

    def __init__(self) -> None:
        self._next: dict[ChainLink | None, ChainLink | None] = {None: None}
        self._previous: dict[ChainLink | None, ChainLink | None] = {None: None}

    def __len__(self) -> int:
        return len(self._next) - 1

    def __contains__(self, thing: ChainLink) -> bool:
        return thing in self._next

    def __iter__(self) -> Iterator[ChainLink]:
        thing = self._next[None]
        while thing is not None:
            yield thing
            thing = self._next[thing]

    @property
    def first(self) -> ChainLink | None:
        """The one at the beginning."""
        return self._next[None]

    @property
    def last(self) -> ChainLink | None:
        """The one at the end."""
        return self._previous[None]

    def before(self, thing: ChainLink) -> ChainLink | None:
        """The one in front of this; None for the first. Raises KeyError where it is not here."""
        return self._previous[thing]

    def insert(self, thing: ChainLink, after: ChainLink | None) -> None:
        """Put a new one behind another, at the beginning for None. Raises KeyError where that is not here."""
        following = self._next[after]
        self._next[after], self._next[thing] = thing, following
        self._previous[following], self._previous[thing] = thing, after

    def remove(self, thing: ChainLink) -> None:
        """Take one out. Raises KeyError where it is not here."""
        before, following = self._previous.pop(thing), self._next.pop(thing)
        self._next[before], self._previous[following] = following, before
