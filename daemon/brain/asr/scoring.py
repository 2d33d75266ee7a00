"""Scores how well an utterance fits the best sentence of a graph, to tell commands from similar speech."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from daemon.brain.asr.viterbi import Floats, Path, WordGraph
from daemon.brain.nlu.template_syntax import TENS, UNITS, words

OPTIONAL_WORDS = frozenset(words("the please could can would you percent times to and of"))
"""Words that do not matter to the meaning."""

CLEARER = {
    **dict.fromkeys((*UNITS, *TENS, *words("hundred once twice")), 1.6),
    **dict.fromkeys(words("on off toggle up down open close closed"), 2.6),
}
"""By so much clearer than another word must be numbers and states: one is easily taken for another."""

LEAST_PHONES = 4
MOST_MARGIN = 12.0
TAIL_PHONES = 3
BAD_WORD = -6.0
NARROW_WIN = 2.0
"""A filler word that wins by less (natural log) ends nothing: the best command is asked."""


@dataclass(frozen=True)
class Match:
    """The best sentence, its score over all frames, and three figures; natural logs, all better when greater.

    `fit`: the path against the best free sequence of phones, per phone.
    `worst_word`: the same for the word (or the rest after the last) that fits worst.
    `margin`: the path against the best path with one of its words forbidden; at most 12. Below 0 if a
    sentence with a filler word fits better.
    `strict_margin`: the same, where a number or a state must be clearer than any other word.
    """

    words: tuple[str, ...]
    score: float
    fit: float
    worst_word: float
    margin: float
    strict_margin: float

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
        """Fit and worst word, shape (2,): how much it was a command, where the margin says which.

        How much worse than bad a word is says nothing more.
        """
        return np.array([self.fit, max(self.worst_word, BAD_WORD)], np.float32)


NO_PATH = Path(-1e9, ())
NO_MATCH = Match((), NO_PATH.score, -99.0, -99.0, 0.0, 0.0)


def match(graph: WordGraph, scores: Floats, greedy: Floats, greedy_phones: int) -> Match:
    """Search the graph and weigh the best path.

    `scores`: shape (frames, labels); `greedy`: the best score of each frame whatever the words;
    `greedy_phones`: how many phones greedy decoding found.
    """
    path, near = graph.best(scores)
    if not path.words:
        return NO_MATCH
    if any(word.arc in graph.fillers for word in path.words):
        commands = [arc for arc in near if arc not in graph.fillers]
        command = graph.only(commands).best(scores)[0] if commands else NO_PATH
        lost = command.score - path.score
        if lost > -NARROW_WIN:
            return _weighed(graph.only(commands), command, greedy, greedy_phones, lost, lost)
    margins = _margins(graph, path, near, scores)
    margin = min(margins.values(), default=0.0)
    strict = min((value - CLEARER.get(word, 0) for word, value in margins.items()), default=0.0)
    return _weighed(graph, path, greedy, greedy_phones, margin, strict)


def _weighed(
    graph: WordGraph, path: Path, greedy: Floats, greedy_phones: int, margin: float, strict_margin: float
) -> Match:
    free = np.concatenate([[0.0], np.cumsum(greedy)])
    phones = max(int(sum(graph.phones[word.arc] for word in path.words)), greedy_phones, LEAST_PHONES)
    return Match(
        words=tuple(graph.words[word.arc] for word in path.words),
        score=path.score,
        fit=(path.score - float(free[-1])) / phones,
        worst_word=min(_each_word(graph, path, free)),
        margin=margin,
        strict_margin=strict_margin,
    )


def _each_word(graph: WordGraph, path: Path, free: Floats) -> Iterator[float]:
    score, frame = 0.0, 0
    for word in path.words:
        lost = (word.score - score) - float(free[word.last_frame + 1] - free[frame])
        yield lost / max(int(graph.phones[word.arc]), 2)
        score, frame = word.score, word.last_frame + 1
    yield ((path.score - score) - float(free[-1] - free[frame])) / TAIL_PHONES


def _margins(graph: WordGraph, path: Path, near: list[int], scores: Floats) -> dict[str, float]:
    """The margin of each word that matters to the meaning.

    It is forbidden wherever it could stand: the same sentence by another path is no other command. Filler
    words but particles stay forbidden: the margin says which command it was, not whether it was one.
    """
    subgraph = graph.only(near)
    said = dict.fromkeys(graph.words[word.arc] for word in path.words)
    words = [word for word in said if word not in OPTIONAL_WORDS]
    if not words:
        return {}
    forbidden = [
        (subgraph.fillers - subgraph.particles).union(
            arc for arc, other in enumerate(subgraph.words) if other == word
        )
        for word in words
    ]
    margins = np.minimum(path.score - subgraph.without(scores, forbidden), MOST_MARGIN)
    return dict(zip(words, margins.tolist(), strict=True))
