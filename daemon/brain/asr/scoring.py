"""Scores how well an utterance fits the best sentence of a graph, to tell commands from similar speech."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from daemon.brain.asr.viterbi import Floats, Path, WordGraph
from daemon.brain.nlu.template_syntax import words

OPTIONAL_WORDS = frozenset(words("the please could can would you percent times to and of"))
"""Words that do not matter to the meaning."""

LEAST_PHONES = 4
MOST_MARGIN = 12.0
TAIL_PHONES = 3


@dataclass(frozen=True)
class Match:
    """The best sentence, and three figures in natural logs, all better when greater.

    `fit`: the path against the best free sequence of phones, per phone.
    `worst_word`: the same for the word (or the rest after the last) that fits worst.
    `margin`: the path against the best path with one of its words forbidden; at most 12.
    """

    words: tuple[str, ...]
    fit: float
    worst_word: float
    margin: float

    @property
    def out_of_grammar(self) -> bool:
        """The best path holds a filler word, or no word at all: this is no command."""
        return not self.words or any(word.startswith("!") for word in self.words)

    @property
    def text(self) -> str:
        """The words of the best path, filler words included."""
        return " ".join(word.lstrip("!") for word in self.words)

    @property
    def figures(self) -> Floats:
        """Fit and worst word, shape (2,): how much it was a command, where the margin says which."""
        return np.array([self.fit, self.worst_word], np.float32)


NO_MATCH = Match((), -99.0, -99.0, 0.0)


def match(graph: WordGraph, scores: Floats, greedy: Floats, greedy_phones: int) -> Match:
    """Search the graph and weigh the best path.

    `scores`: shape (frames, labels); `greedy`: the best score of each frame whatever the words;
    `greedy_phones`: how many phones greedy decoding found.
    """
    path, near = graph.best(scores)
    if not path.words:
        return NO_MATCH
    free = np.concatenate([[0.0], np.cumsum(greedy)])
    phones = max(int(sum(graph.phones[word.arc] for word in path.words)), greedy_phones, LEAST_PHONES)
    return Match(
        words=tuple(graph.words[word.arc] for word in path.words),
        fit=(path.score - float(free[-1])) / phones,
        worst_word=min(_each_word(graph, path, free)),
        margin=_margin(graph, path, near, scores),
    )


def _each_word(graph: WordGraph, path: Path, free: Floats) -> Iterator[float]:
    score, frame = 0.0, 0
    for word in path.words:
        lost = (word.score - score) - float(free[word.last_frame + 1] - free[frame])
        yield lost / max(int(graph.phones[word.arc]), 2)
        score, frame = word.score, word.last_frame + 1
    yield ((path.score - score) - float(free[-1] - free[frame])) / TAIL_PHONES


def _margin(graph: WordGraph, path: Path, near: list[int], scores: Floats) -> float:
    """Filler words stay forbidden: the margin says which command it was, not whether it was one."""
    subgraph = graph.only(near)
    forbidden = [
        subgraph.fillers | subgraph.twins(near.index(word.arc))
        for word in path.words
        if graph.words[word.arc] not in OPTIONAL_WORDS
    ]
    if not forbidden:
        return 0.0
    return min(path.score - float(subgraph.without(scores, forbidden).max()), MOST_MARGIN)
