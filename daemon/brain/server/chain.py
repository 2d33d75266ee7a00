"""A linked list by values: every operation takes constant time."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from typing import Generic, TypeVar

ChainLink = TypeVar("ChainLink", bound=Hashable)


class Chain(Generic[ChainLink]):
    """A ring of values and None, which stands for both ends: the first comes after it, the last before it."""

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
        """The first value."""
        return self._next[None]

    @property
    def last(self) -> ChainLink | None:
        """The last value."""
        return self._previous[None]

    def before(self, thing: ChainLink) -> ChainLink | None:
        """The value before this one; None for the first. Raises KeyError if it is not in the list."""
        return self._previous[thing]

    def insert(self, thing: ChainLink, after: ChainLink | None) -> None:
        """Insert a value after another, or first for None. Raises KeyError if that is not in the list."""
        following = self._next[after]
        self._next[after], self._next[thing] = thing, following
        self._previous[following], self._previous[thing] = thing, after

    def remove(self, thing: ChainLink) -> None:
        """Remove a value. Raises KeyError if it is not in the list."""
        before, following = self._previous.pop(thing), self._next.pop(thing)
        self._next[before], self._previous[following] = following, before
