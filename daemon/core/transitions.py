"""The transition table that every phase enum has."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import ClassVar, Generic, TypeVar

from daemon.errors import VoicedError

Phase = TypeVar("Phase", bound=Enum)
Cause = TypeVar("Cause", bound=Enum)


class TransitionError(VoicedError):
    """A transition that is in no table was asked for: a bug of ours."""


class TransitionTable(Generic[Phase, Cause]):
    """Maps a phase and a cause to the next phase. A phase changes only by its table.

    If the table has no edge, the phase stays and the rest of the step is carried out: a step that breaks off
    in the middle may leave a microphone open, or a barge-in that never ends. The caller of the machine checks
    `unknown` and logs it; a test that leaves something there fails.

    `taken` are the edges used by this process: the exploration of the state space compares them with the
    table, which may hold no edge that never happens.
    """

    unknown: ClassVar[set[tuple[Enum, Enum]]] = set()
    """The edges that this process asked for and no table has."""

    def __init__(self, edges: Mapping[tuple[Phase, Cause], Phase]) -> None:
        self.edges = edges
        self.taken: set[tuple[Phase, Cause]] = set()

    def allows(self, phase: Phase, cause: Cause) -> bool:
        """Whether the table has this edge."""
        return (phase, cause) in self.edges

    def after(self, phase: Phase, cause: Cause) -> Phase:
        """The next phase; the same one if the table has no edge."""
        following = self.edges.get((phase, cause))
        if following is None:
            self.unknown.add((phase, cause))
            return phase
        self.taken.add((phase, cause))
        return following
