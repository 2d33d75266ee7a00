"""Finds names of devices that sound too much alike."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import combinations, product

from daemon.brain.asr.acoustic_model import Hama, Scorer, shipped_confusions
from daemon.brain.asr.lexicon import Lexicon, Pronunciation
from daemon.brain.asr.recognizer import RecognizerError
from daemon.brain.nlu.template_syntax import plain

TOO_CLOSE = 1.0
"""Names one phone apart are too close, and so are those two easily confused phones apart."""

LEAST_COST = 0.3
FULL_COST_NATS = 5.0


def confusable(names: Sequence[str]) -> list[tuple[str, str]]:
    """The pairs of names that sound alike, in order. Raises RecognizerError if hama is missing."""
    try:
        model = Hama()
    except ImportError as error:
        raise RecognizerError(
            f"Names are compared by their sound with the package {error.name!r}: "
            "install voiced with its extra `offline` (pip install 'voiced[offline]')."
        ) from error
    lexicon = Lexicon(model.spell_out)
    cost = _costs(Scorer(model.tokens))
    spoken = {name: _spoken(name, lexicon) for name in dict.fromkeys(names)}
    return [
        (one, other)
        for one, other in combinations(spoken, 2)
        if any(distance(a, b, cost) <= TOO_CLOSE for a, b in product(spoken[one], spoken[other]))
    ]


def distance(one: Pronunciation, other: Pronunciation, cost: Callable[[str, str], float]) -> float:
    """The edit distance of two pronunciations; an added or missing phone costs 1."""
    row = [float(length) for length in range(len(other) + 1)]
    for index, phone in enumerate(one, start=1):
        above, row = row, [float(index)]
        for column, target in enumerate(other):
            replaced = above[column] + (0.0 if phone == target else cost(phone, target))
            row.append(min(replaced, above[column + 1] + 1, row[column] + 1))
    return row[-1]


def _costs(scorer: Scorer) -> Callable[[str, str], float]:
    """The cost of confusing two phones: the rarer that is, the nearer to 1."""
    weights = shipped_confusions()

    def cost(one: str, other: str) -> float:
        a, b = scorer.label_of.get(one), scorer.label_of.get(other)
        if a is None or b is None or max(a, b) >= len(weights):
            return 1.0
        likely = max(float(weights[a, b]), float(weights[b, a]), 1e-9)
        return min(max(-math.log(likely) / FULL_COST_NATS, LEAST_COST), 1.0)

    return cost


def _spoken(name: str, lexicon: Lexicon) -> list[Pronunciation]:
    ways = [lexicon.pronunciations(word) for word in plain(name).split()]
    return [tuple(phone for word in choice for phone in word) for choice in product(*ways)]
