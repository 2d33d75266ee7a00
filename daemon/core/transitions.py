"""What every table of phases is made of."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Generic, TypeVar

Phase = TypeVar("Phase", bound=Enum)
Cause = TypeVar("Cause", bound=Enum)


class TransitionTable(Generic[Phase, Cause]):
    """Which phase follows which, and why. A phase changes by its table and in no other way.

    `taken` are the edges that this process has gone: the exploration of the state space compares them with
    those that there are, so that no edge is in the table that never happens.
    """

    def __init__(self, edges: Mapping[tuple[Phase, Cause], Phase]) -> None:
        self.edges = edges
        self.taken: set[tuple[Phase, Cause]] = set()

    def allows(self, phase: Phase, cause: Cause) -> bool:
        """Does it lead anywhere?"""
        return (phase, cause) in self.edges

    def after(self, phase: Phase, cause: Cause) -> Phase:
        """The phase that follows. Raises KeyError for what the table does not know: that is a bug of ours."""
        following = self.edges[phase, cause]
        self.taken.add((phase, cause))
        return following
