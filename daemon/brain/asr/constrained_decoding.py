"""A word network as an automaton over letters, which constrains the output of a recogniser.

It lets a recogniser that produces text (Moonshine) produce only sentences of the grammar. A state is a set of
positions in the network; what it allows is computed once and cached.
"""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from daemon.brain.asr.word_network import Network

Position: TypeAlias = tuple[int, int]
"""(arc, letters written of its word), or (node, one of the marks below) between words."""
AutomatonState: TypeAlias = frozenset[Position]

AFTER_WORD, AFTER_STOP, AFTER_SPACE = -1, -2, -3
WRITTEN_AS = {"percent": ("percent", "per cent", "%"), "dont": ("don't",)}
SPECIAL_PIECES = 3
WRITABLE = re.compile(r"[a-z0-9%' .,?!-]+")


class Trie:
    """Pieces of text that share their beginnings. A node is made when it is first asked for: few ever are."""

    def __init__(self, written: Sequence[tuple[str, int]] = (), depth: int = 0) -> None:
        self._written, self._depth = written, depth

    @classmethod
    def of(cls, vocabulary: Sequence[bytes]) -> Trie:
        """The pieces of a tokenizer that English words are written with; `▁` is its space."""
        texts = (piece.decode("utf-8", "replace").replace("▁", " ").lower() for piece in vocabulary)
        numbered = list(zip(texts, range(len(vocabulary)), strict=True))[SPECIAL_PIECES:]
        return cls(sorted((text, number) for text, number in numbered if WRITABLE.fullmatch(text)))

    @functools.cached_property
    def pieces(self) -> list[int]:
        """The pieces that end here."""
        return [number for text, number in self._written if len(text) == self._depth]

    @functools.cached_property
    def onward(self) -> dict[str, Trie]:
        """The nodes behind each letter."""
        longer = (each for each in self._written if len(each[0]) > self._depth)
        groups = itertools.groupby(longer, key=lambda each: each[0][self._depth])
        return {letter: Trie(list(group), self._depth + 1) for letter, group in groups}


@dataclass(frozen=True)
class Allowed:
    """What may follow: pieces, the state after each, and whether the sentence may end here."""

    pieces: npt.NDArray[np.int64]
    states: tuple[AutomatonState, ...]
    may_end: bool


class LetterAutomaton:
    """The automaton of a network, with filler words written like any other."""

    def __init__(self, network: Network, trie: Trie) -> None:
        self._trie = trie
        self._begin, self._reach = network.start, network.reach()
        self._end = network.end
        arcs = [
            (source, spelling, target)
            for source, word, target in network.words
            for spelling in WRITTEN_AS.get(word, (word.lstrip("!#"),))
        ]
        self._onward: dict[tuple[int, str], list[int]] = {}
        for source, word, target in network.words:
            self._onward.setdefault((source, word), []).append(target)
        self._words = [word for _, word, _ in arcs]
        self._targets = [target for _, _, target in arcs]
        self._from: dict[int, list[int]] = {}
        for arc, (source, _, _) in enumerate(arcs):
            self._from.setdefault(source, []).append(arc)
        self._allowed: dict[AutomatonState, Allowed] = {}
        self._steps: dict[tuple[AutomatonState, str], AutomatonState] = {}
        self.start: AutomatonState = frozenset(
            (node, AFTER_SPACE) for node in self._reach[network.start]
        ) | frozenset((node, AFTER_WORD) for node in self._reach[network.start])

    def is_command(self, words: Sequence[str]) -> bool:
        """These plain words are a sentence of the network, and none of them is a filler word there."""
        nodes = set(self._reach[self._begin])
        for word in words:
            targets = [target for node in nodes for target in self._onward.get((node, word), ())]
            nodes = {node for target in targets for node in self._reach[target]}
        return self._end in nodes

    def allowed(self, state: AutomatonState) -> Allowed:
        """What may follow in this state."""
        if state not in self._allowed:
            found = list(self._pieces(state))
            self._allowed[state] = Allowed(
                pieces=np.array([piece for piece, _ in found], np.int64),
                states=tuple(after for _, after in found),
                may_end=any(node == self._end and AFTER_STOP <= mark <= AFTER_WORD for node, mark in state),
            )
        return self._allowed[state]

    def _pieces(self, state: AutomatonState) -> Iterator[tuple[int, AutomatonState]]:
        waiting = [(self._trie, state)]
        while waiting:
            trie, here = waiting.pop()
            yield from ((piece, here) for piece in trie.pieces)
            for letter, onward in trie.onward.items():
                after = self._step(here, letter)
                if after:
                    waiting.append((onward, after))

    def _step(self, state: AutomatonState, letter: str) -> AutomatonState:
        key = (state, letter)
        if key not in self._steps:
            self._steps[key] = frozenset(
                after for position in state for after in self._after(position, letter)
            )
        return self._steps[key]

    def _after(self, position: Position, letter: str) -> Iterator[Position]:
        place, mark = position
        if mark >= 0:
            if self._words[place][mark] == letter:
                yield from self._written(place, mark + 1)
        elif (mark == AFTER_WORD and letter in " -") or (mark == AFTER_STOP and letter == " "):
            yield place, AFTER_SPACE
        elif mark == AFTER_WORD and letter in ".,?!":
            yield place, AFTER_STOP
        elif mark == AFTER_SPACE or letter == "%":
            for arc in self._from.get(place, ()):
                if self._words[arc][0] == letter:
                    yield from self._written(arc, 1)

    def _written(self, arc: int, length: int) -> Iterator[Position]:
        if length < len(self._words[arc]):
            yield arc, length
        else:
            yield from ((node, AFTER_WORD) for node in self._reach[self._targets[arc]])
