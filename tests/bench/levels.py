"""`python -m tests.bench.levels FILE...`: fit weights and levels to outcomes that the other benches wrote.

Each outcome belongs to a fold (a family of synthesisers, a fifth of the people). What is learned is learned
on all folds but one and counted on that one; what is shipped is learned on all of them.
"""

from __future__ import annotations

import argparse
import math
import pickle
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final, TypeAlias

import numpy as np

from daemon.brain.asr import joint_decision, phoneme_recognizer
from daemon.brain.asr.confidence import Confidence
from daemon.brain.asr.joint_decision import WRITTEN_GAP, Levels, decide
from daemon.brain.asr.viterbi import Floats
from tests.bench.outcome import Outcome

Table: TypeAlias = dict[str, dict[str, int]]
"""Counts of verdicts by condition and kind."""

COLUMNS: Final = ("right", "wrong", "asked_right", "asked_wrong", "refused", "all")
SHIPPED: Final = {
    "small": Levels(phoneme_recognizer.CONFIDENCE, phoneme_recognizer.CONFIDENCE.sure, math.inf),
    "both": joint_decision.LEVELS,
}
LOWEST: Final = -3.0
SURE_MARGIN: Final = 0.2
ASK_MARGIN: Final = 0.7
MOST_LESS: Final = 1.3
"""By so much less may be enough where Moonshine writes the same, however few near misses say otherwise."""

FAR_ASKED: Final = 0.01
FAR: Final = ("oog", "wake", "noise", "silence")
ALLOWED: Final = {
    "small": {"cmd": 0.0, "cmd2": 0.0, "cmd3": 0.0, "order": 0.0, "near": 0.02, "lookalike": 0.06},
    "both": dict.fromkeys(("cmd", "cmd2", "cmd3", "order", "near", "near order", *FAR), 0.0),
}
"""The share of a kind that may be acted on wrongly while the levels are learned."""


def fitted(outcomes: Sequence[Outcome], engine: str) -> Levels:
    """The weights and levels that these outcomes teach."""
    found = [(outcome, proposal) for outcome in outcomes for proposal in outcome.proposals(engine)]
    right = np.array([outcome.right(proposal) for outcome, proposal in found], np.float32)
    weights, bias = fit(np.array([proposal.figures for _, proposal in found]), right)
    plain = Confidence(weights, bias, -math.inf, -math.inf)

    def acting(some: Sequence[Outcome]) -> float:
        return max(_level(some, engine, plain, *limit) for limit in ALLOWED[engine].items()) + SURE_MARGIN

    def asking(agreed: bool) -> float:
        odds = sorted(
            plain.odds(proposal.figures)
            for outcome, proposal in found
            if outcome.kind in FAR and proposal.agreed == agreed
        )
        spare = int(FAR_ASKED * sum(outcome.kind in FAR for outcome in outcomes))
        return max([LOWEST, *odds[: max(len(odds) - spare, 0)]]) + ASK_MARGIN

    ask = asking(agreed=True)
    sure = max(acting(outcomes), ask)
    written = max(acting([outcome for outcome in outcomes if _written(outcome)]), ask, sure - MOST_LESS)
    alone = max(asking(agreed=False), ask)
    return Levels(Confidence(weights, bias, sure, ask), sure if engine == "small" else written, alone)


def _written(outcome: Outcome) -> bool:
    """Moonshine's free text is much like the likeliest proposal."""
    return any(proposal.agreed and proposal.figures[-1] <= WRITTEN_GAP for proposal in outcome.both)


def _level(outcomes: Sequence[Outcome], engine: str, plain: Confidence, kind: str, allowed: float) -> float:
    """The lowest level at which at most this share of a kind is acted on wrongly."""
    chosen = [outcome for outcome in outcomes if outcome.kind == kind]
    everything = Levels(plain, -math.inf, math.inf)
    wrong: list[float] = []
    for outcome in chosen:
        best, certainty = decide(outcome.proposals(engine), False, everything)
        if best is not None and certainty == "sure" and not outcome.right(best):
            wrong.append(plain.odds(best.figures))
    wrong.sort(reverse=True)
    spare = int(allowed * len(chosen))
    return wrong[spare] if spare < len(wrong) else LOWEST


def tally(outcomes: Iterable[Outcome], engine: str, levels: Mapping[str, Levels]) -> Table:
    """Counts of verdicts for every condition and kind, with the levels of each fold."""
    counts: Table = {}
    for outcome in sorted(outcomes, key=lambda each: (each.condition, each.kind)):
        verdict = outcome.verdict(levels[outcome.fold], engine)
        for group in (outcome.kind, *(["all cmd"] if outcome.kind.startswith("cmd") else [])):
            row = counts.setdefault(f"{outcome.condition} {group}", dict.fromkeys(COLUMNS, 0))
            row[verdict] += 1
            row["all"] += 1
    return counts


def crossed(outcomes: Sequence[Outcome], engine: str) -> dict[str, Levels]:
    """For each fold the levels that all others teach."""
    folds = sorted({outcome.fold for outcome in outcomes})
    return {fold: fitted([each for each in outcomes if each.fold != fold], engine) for fold in folds}


def show(table: Table) -> None:
    """One line for each condition and kind; commands with their shares."""
    titles = ("acted right", "acted wrong", "asked right", "asked wrong", "refused")
    print(" " * 20 + "".join(f"{title:>13}" for title in titles))
    for name, row in table.items():
        counts = "".join(f"{row[column]:13}" for column in COLUMNS[:5])
        right, asked = 100 * row["right"] / row["all"], 100 * row["asked_right"] / row["all"]
        shares = f"   right {right:.1f} %, with the question {right + asked:.1f} %"
        print(f"  {name:18}{counts}{shares if 'cmd' in name or name.endswith(' order') else ''}")


def fit(figures: Floats, right: Floats, steps: int = 50) -> tuple[tuple[float, ...], float]:
    """Logistic regression by Newton's method: the weights and the bias.

    `figures`: shape (examples, figures); `right`: 1 where the sentence found was the one said, else 0.
    """
    centre, spread = figures.mean(axis=0), figures.std(axis=0) + 1e-6
    inputs = np.column_stack([(figures - centre) / spread, np.ones(len(figures))])
    ridge = np.diag([*np.ones(figures.shape[1]), 0.0])
    found = np.zeros(inputs.shape[1])
    for _ in range(steps):
        likely = 1 / (1 + np.exp(-inputs @ found))
        slope = inputs.T @ (likely - right) + ridge @ found
        curve = (inputs * (likely * (1 - likely) + 1e-9)[:, None]).T @ inputs + ridge
        found -= np.linalg.solve(curve, slope)
    weights = found[:-1] / spread
    return tuple(float(weight) for weight in weights), float(found[-1] - weights @ centre)


def main() -> None:
    """Fit, and print tables and levels."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("outcomes", type=Path, nargs="+", help="as the benches write with --outcomes")
    options = parser.parse_args()
    outcomes = [outcome for path in options.outcomes for outcome in pickle.loads(path.read_bytes())]
    for engine in ALLOWED:
        print(f"\n{engine}: learned on all folds but one, counted on that one")
        show(tally(outcomes, engine, crossed(outcomes, engine)))
        print(f"to ship: {fitted(outcomes, engine)}")


if __name__ == "__main__":
    main()
