"""The search: a network of words unrolled into sounds, and the path through it that fits the scores best.

Every word becomes CTC states (phone, blank, phone ...); every node between words has a blank state of its
own. Token passing moves the vector of all states one frame at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from daemon.brain.asr.word_network import Network

Floats: TypeAlias = npt.NDArray[np.float32]
Ints: TypeAlias = npt.NDArray[np.int64]
Pronounce: TypeAlias = Callable[[str], Sequence[Sequence[int]]]

IMPOSSIBLE = np.float32(-1e9)
FILLER_COST = np.float32(1.5)
PARTICLES = ("!up", "!down", "!open", "!close", "!shut")
"""Filler words that cost nothing: turn up the heater is no turn off the heater, which sounds like it."""

NEAR = 14.0
"""An arc counts as near when its end once came this close (natural log) to the best token of its frame."""


@dataclass(frozen=True)
class Word:
    """One word of the path: its arc, its last frame, and the path's score (natural log) up to there."""

    arc: int
    last_frame: int
    score: float


@dataclass(frozen=True)
class Path:
    """The best path: its score over all frames (natural log) and its words."""

    score: float
    words: tuple[Word, ...]


@dataclass
class _States:
    """Tokens after a frame, for several searches at once: inside words, resting at nodes, arriving there."""

    inside: Floats
    resting: Floats
    arrived: Floats


@dataclass(frozen=True)
class Layout:
    """The words between nodes, each once for every pronunciation.

    `joints` are the pairs (node, arc): an arc arrives at every node that empty arcs lead on to.
    """

    nodes: int
    starts: Ints
    end: int
    words: tuple[str, ...]
    sources: Ints
    spoken: tuple[tuple[int, ...], ...]
    joints: tuple[tuple[int, int], ...]

    @classmethod
    def of(cls, network: Network, pronounce: Pronounce) -> Layout:
        """Unfold a network; `pronounce` gives the label sequences of a word."""
        reach = network.reach()
        entered = sorted({source for source, _, _ in network.words} | {network.end})
        number = {node: index for index, node in enumerate(entered)}
        arcs = [(*arc, tuple(labels)) for arc in network.words for labels in pronounce(arc[1])]
        return cls(
            nodes=len(entered),
            starts=np.array([number[node] for node in reach[network.start] if node in number]),
            end=number[network.end],
            words=tuple(word for _, word, _, _ in arcs),
            sources=np.array([number[source] for source, _, _, _ in arcs]),
            spoken=tuple(labels for _, _, _, labels in arcs),
            joints=tuple(
                (number[node], arc)
                for arc, (_, _, target, _) in enumerate(arcs)
                for node in reach[target]
                if node in number
            ),
        )

    def only(self, arcs: Sequence[int]) -> Layout:
        """The same nodes with only these arcs, renumbered in order."""
        renumbered = {arc: index for index, arc in enumerate(arcs)}
        return replace(
            self,
            words=tuple(self.words[arc] for arc in arcs),
            sources=self.sources[list(arcs)],
            spoken=tuple(self.spoken[arc] for arc in arcs),
            joints=tuple((node, renumbered[arc]) for node, arc in self.joints if arc in renumbered),
        )


class WordGraph:
    """The states of a layout, ready to search. Labels are columns of the scores."""

    def __init__(self, layout: Layout, blank: int) -> None:
        self.layout, self.blank = layout, blank
        self.words, self.nodes, self.end = layout.words, layout.nodes, layout.end
        self.sources = layout.sources
        self._unroll(layout.spoken)
        self._join(sorted(layout.joints))
        self.fillers = frozenset(arc for arc, word in enumerate(self.words) if word.startswith("!"))
        self.costs = np.zeros(len(self.words), np.float32)
        self.costs[list(self.fillers)] = FILLER_COST
        self.particles = frozenset(arc for arc in self.fillers if self.words[arc] in PARTICLES)
        self.costs[list(self.particles)] = 0

    def _unroll(self, spoken: Sequence[Sequence[int]]) -> None:
        """Lay the words end to end: phone, blank, phone ...; unlike phones may follow without a blank."""
        self.phones = np.array([len(labels) for labels in spoken])
        self.first = np.concatenate([[0], np.cumsum(2 * self.phones - 1)[:-1]])
        self.last = self.first + 2 * self.phones - 2
        self.labels = np.full(int(self.last[-1]) + 1, self.blank)
        self.skips = np.full(len(self.labels), IMPOSSIBLE)
        for first, labels in zip(self.first, spoken, strict=True):
            self.labels[first : first + 2 * len(labels) - 1 : 2] = labels
            for index in range(1, len(labels)):
                if labels[index] != labels[index - 1]:
                    self.skips[first + 2 * index] = 0

    def _join(self, joints: Sequence[tuple[int, int]]) -> None:
        """Group the ends of words by the nodes they arrive at."""
        self.joint_nodes = np.array([node for node, _ in joints])
        self.joint_arcs = np.array([arc for _, arc in joints])
        self.joined, self.joint_starts = np.unique(self.joint_nodes, return_index=True)
        self.joint_ends = self.last[self.joint_arcs]
        self.joint_groups = np.searchsorted(self.joined, self.joint_nodes)

    def only(self, arcs: Sequence[int]) -> WordGraph:
        """The same graph with only these arcs, renumbered in order."""
        return WordGraph(self.layout.only(arcs), self.blank)

    def best(self, scores: Floats) -> tuple[Path, list[int]]:
        """The best path, and the arcs that came near any path. `scores`: natural log, (frames, labels)."""
        trace = _Trace(self, len(scores))
        states = self._begin(1)
        for frame, row in enumerate(scores):
            from_before, from_skip = self._moves(states)
            trace.move(states, from_before, from_skip)
            arriving = self._settle(states, row, from_before, from_skip, None)
            trace.arrive(frame, states, arriving)
        path = trace.path(states)
        used = {word.arc for word in path.words}
        return path, sorted(used.union(np.flatnonzero(trace.nearness > -NEAR).tolist()))

    def without(self, scores: Floats, forbidden: Sequence[Collection[int]]) -> Floats:
        """The best score with each of these sets of arcs forbidden, shape (sets,)."""
        bans = np.zeros((len(forbidden), len(self.joint_arcs)), np.float32)
        for row, arcs in enumerate(forbidden):
            bans[row, np.isin(self.joint_arcs, list(arcs))] = IMPOSSIBLE
        states = self._begin(len(forbidden))
        for row in scores:
            self._settle(states, row, *self._moves(states), bans)
        return np.maximum(states.arrived[:, self.end], states.resting[:, self.end])

    def _begin(self, beams: int) -> _States:
        arrived = np.full((beams, self.nodes), IMPOSSIBLE)
        arrived[:, self.layout.starts] = 0
        inside = np.full((beams, len(self.labels)), IMPOSSIBLE)
        return _States(inside, np.full((beams, self.nodes), IMPOSSIBLE), arrived)

    def _moves(self, states: _States) -> tuple[Floats, Floats]:
        """What each state gets from the state before it (or the node before its word), and past a blank."""
        from_before = np.empty_like(states.inside)
        from_before[:, 1:] = states.inside[:, :-1]
        entering = np.maximum(states.arrived, states.resting)
        from_before[:, self.first] = entering[:, self.sources] - self.costs
        from_skip = np.full_like(states.inside, IMPOSSIBLE)
        from_skip[:, 2:] = states.inside[:, :-2]
        from_skip += self.skips
        return from_before, from_skip

    def _settle(
        self, states: _States, row: Floats, from_before: Floats, from_skip: Floats, bans: Floats | None
    ) -> Floats:
        """Take the best moves, add the frame's scores, and let the words that end arrive at their nodes."""
        states.resting = np.maximum(states.arrived, states.resting) + row[self.blank]
        np.maximum(states.inside, from_before, out=states.inside)
        np.maximum(states.inside, from_skip, out=states.inside)
        states.inside += row[self.labels]
        arriving = states.inside[:, self.joint_ends]
        if bans is not None:
            arriving += bans
        states.arrived = np.full_like(states.arrived, IMPOSSIBLE)
        states.arrived[:, self.joined] = np.maximum.reduceat(arriving, self.joint_starts, axis=1)
        return arriving


class _Trace:
    """Back pointers: enough to read back the words of the best path."""

    def __init__(self, graph: WordGraph, frames: int) -> None:
        self.graph = graph
        self.nearness = np.full(len(graph.words), IMPOSSIBLE)
        self.inside = np.full(len(graph.labels), -1, np.int32)
        self.resting = np.full(graph.nodes, -1, np.int32)
        self.arrived = np.full(graph.nodes, -1, np.int32)
        self.arcs = np.full((frames, graph.nodes), -1, np.int32)
        self.before = np.full((frames, graph.nodes), -1, np.int32)
        self.scores = np.full((frames, graph.nodes), IMPOSSIBLE)

    def move(self, states: _States, from_before: Floats, from_skip: Floats) -> None:
        """Carry the history of each state along its best move."""
        graph = self.graph
        self.resting = np.where(states.arrived[0] >= states.resting[0], self.arrived, self.resting)
        before = np.empty_like(self.inside)
        before[1:] = self.inside[:-1]
        before[graph.first] = self.resting[graph.sources]
        skipped = np.full_like(self.inside, -1)
        skipped[2:] = self.inside[:-2]
        stay = states.inside[0]
        moved = np.where(from_before[0] > stay, before, self.inside)
        self.inside = np.where(from_skip[0] > np.maximum(stay, from_before[0]), skipped, moved)

    def arrive(self, frame: int, states: _States, arriving: Floats) -> None:
        """Record the best word that ended at each node in this frame."""
        graph = self.graph
        best = states.arrived[0, graph.joined]
        won = np.flatnonzero(arriving[0] == best[graph.joint_groups])
        nodes = graph.joint_nodes[won]
        self.arcs[frame, nodes] = graph.joint_arcs[won]
        self.before[frame, nodes] = self.inside[graph.joint_ends[won]]
        self.scores[frame] = states.arrived[0]
        self.arrived = np.arange(frame * graph.nodes, (frame + 1) * graph.nodes, dtype=np.int32)
        ends = states.inside[0, graph.last] - states.inside[0].max()
        np.maximum(self.nearness, ends, out=self.nearness)

    def path(self, states: _States) -> Path:
        """The words of the best path that ends at the end."""
        end = self.graph.end
        arrived, resting = states.arrived[0, end], states.resting[0, end]
        record = int(self.arrived[end] if arrived >= resting else self.resting[end])
        score = max(float(arrived), float(resting))
        return Path(score, tuple(self._words(record))[::-1] if score > IMPOSSIBLE / 2 else ())

    def _words(self, record: int) -> Iterator[Word]:
        while record >= 0:
            frame, node = divmod(record, self.graph.nodes)
            yield Word(int(self.arcs[frame, node]), frame, float(self.scores[frame, node]))
            record = int(self.before[frame, node])
