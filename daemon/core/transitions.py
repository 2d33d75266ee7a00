"""What every table of phases is made of."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import ClassVar, Generic, TypeVar

from daemon.errors import VoicedError

Phase = TypeVar("Phase", bound=Enum)
Cause = TypeVar("Cause", bound=Enum)


class TransitionError(VoicedError):
    """A phase was to change in a way that its table does not have: a bug of ours."""


class TransitionTable(Generic[Phase, Cause]):
    """Which phase follows which, and why. A phase changes by its table and in no other way.

    Where there is no way the phase stays, and what else the step has to do is done: one that breaks off in
    the middle may leave a microphone open, or a barge-in that never ends. Whoever steps the machine looks at
    `unknown` and tells of it; each test that leaves something there fails.

    `taken` are the edges that this process has gone: the exploration of the state space compares them with
    those that there are, so that no edge is in the table that never happens.
    """

    unknown: ClassVar[set[tuple[Enum, Enum]]] = set()
    """What was wanted of any table and is in none, in this process."""

    def __init__(self, edges: Mapping[tuple[Phase, Cause], Phase]) -> None:
        self.edges = edges
        self.taken: set[tuple[Phase, Cause]] = set()

    def allows(self, phase: Phase, cause: Cause) -> bool:
        """Does it lead anywhere?"""
        return (phase, cause) in self.edges

    def after(self, phase: Phase, cause: Cause) -> Phase:
        """The phase that follows; the same one where the table knows of none."""
        following = self.edges.get((phase, cause))
        if following is None:
            self.unknown.add((phase, cause))
            return phase
        self.taken.add((phase, cause))
        return following
