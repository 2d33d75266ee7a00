"""Breadth first, so that the way to whatever is found is a shortest one."""

from __future__ import annotations

import hashlib
import pickle
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from tests.scenarios.statespace import tables
from tests.scenarios.statespace.choices import choices, happen
from tests.scenarios.statespace.world import Bounds, World

PROGRESS_S = 10.0
TOO_LONG_S = 600.0
STUCK = "there is no way back to idle"


@dataclass
class Found:
    """What a walk has found. `violations` are promises with the shortest way that breaks them.

    `edges` are those of the tables of phases, with the shortest way that goes them.
    """

    bounds: Bounds
    states: int = 0
    transitions: int = 0
    depth: int = 0
    closed: bool = False
    longest_s: float = 0.0
    longest: list[str] = field(default_factory=list)
    edges: dict[str, list[str]] = field(default_factory=dict)
    violations: dict[str, list[str]] = field(default_factory=dict)

    def __str__(self) -> str:
        whole = "all that there are" if self.closed else "not all that there are"
        lines = [f"{self.states} states ({whole}), {self.transitions} transitions, depth {self.depth}"]
        lines.append(f"longest way back to idle, if nobody does anything: {self.longest_s:.0f} s, after")
        lines.append(f"  {', '.join(self.longest)}")
        lines += [as_test(self.bounds, what, way) for what, way in self.violations.items()]
        return "\n".join(lines)


def as_test(bounds: Bounds, what: str, way: Sequence[str]) -> str:
    """A test to paste, which fails as long as the promise can be broken this way."""
    names = "".join(f'        "{name}",\n' for name in way)
    return (
        f"\ndef test_not_{'_'.join(what.split())}() -> None:\n"
        f"    world = World({bounds})\n    for name in (\n{names}    ):\n"
        f"        happen(world, name)\n        assert not world.broken\n"
    )


class Walk:
    """What can be reached from the end of a way: all, or `limit` states, or until something is broken."""

    def __init__(
        self, bounds: Bounds, limit: int, way: Sequence[str] = (), until_broken: bool = False
    ) -> None:
        self.found = Found(bounds)
        self._until_broken = until_broken
        self._limit = limit
        tables.begin()
        start = World(bounds)
        for name in way:
            happen(start, name)
        self._known = {digest(start)}
        self._parents: list[tuple[int, str]] = [(-1, "")]
        self._queue: deque[tuple[int, int, bytes]] = deque([(0, 0, pickle.dumps(start, -1))])
        self._note_edges(0)

    def run(self, tell: Callable[[str], None] = print) -> Found:
        """Go on until there is nothing new, and tell on the way how far it is."""
        told = time.monotonic()
        while self._queue and len(self._known) < self._limit:
            if self._until_broken and self.found.violations:
                break
            self._expand(*self._queue.popleft())
            if time.monotonic() - told > PROGRESS_S:
                told = time.monotonic()
                tell(f"{len(self._known)} states, {len(self._queue)} to look at, depth {self.found.depth}")
        self.found.states, self.found.closed = len(self._known), not self._queue
        return self.found

    def _expand(self, index: int, depth: int, packed: bytes) -> None:
        """Everything that can happen in one state; and nothing at all, but for what is due."""
        self.found.depth = depth
        before: World = pickle.loads(packed)
        for name in choices(before):
            self.found.transitions += 1
            world: World = pickle.loads(packed)
            happen(world, name)
            self._note_edges(index, name)
            if world.broken:
                self.found.violations.setdefault(world.broken, self._way(index, name))
            else:
                self._reach(world, index, name, depth)
        self._look_back(index, before)

    def _note_edges(self, index: int, *more: str) -> None:
        edges = self.found.edges
        if tables.taken() > len(edges):
            way = self._way(index, *more)
            edges |= {edge: way for edge in tables.names_of_taken() if edge not in edges}

    def _reach(self, world: World, index: int, name: str, depth: int) -> None:
        known = digest(world)
        if known not in self._known:
            self._known.add(known)
            self._parents.append((index, name))
            self._queue.append((len(self._parents) - 1, depth + 1, pickle.dumps(world, -1)))

    def _look_back(self, index: int, world: World) -> None:
        """How long it takes to be idle if nobody does anything any more."""
        began_at = world.now
        while not world.idle and world.now - began_at < TOO_LONG_S and world.wait():
            pass
        self._note_edges(index)
        if not world.idle:
            self.found.violations.setdefault(STUCK, self._way(index))
        elif world.now - began_at > self.found.longest_s:
            self.found.longest_s, self.found.longest = world.now - began_at, self._way(index)

    def _way(self, index: int, *more: str) -> list[str]:
        way = list(more[::-1])
        while index > 0:
            index, name = self._parents[index]
            way.append(name)
        return way[::-1]


def digest(world: World) -> bytes:
    """A state as a few bytes."""
    return hashlib.blake2b(world.key().encode(), digest_size=12).digest()
