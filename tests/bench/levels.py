"""`python -m tests.bench.levels FILE...`: fit weights and levels to outcomes that the other benches wrote.

Each outcome belongs to a fold (a family of synthesisers, a fifth of the people). What is learned is learned
on all folds but one and counted on that one; what is shipped is learned on all of them.
"""

from __future__ import annotations

import argparse
import math
import pickle
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final, TypeAlias

import numpy as np

from daemon.brain.asr import joint_decision, phoneme_recognizer
from daemon.brain.asr.confidence import Confidence
from daemon.brain.asr.joint_decision import AGREED, Levels, Proposal, Support
from daemon.brain.asr.viterbi import Floats
from tests.bench.outcome import Outcome

Table: TypeAlias = dict[str, dict[str, int]]
"""Counts of verdicts by condition and kind."""

COLUMNS: Final = ("right", "wrong", "asked_right", "asked_wrong", "refused", "all")
SHIPPED: Final = {
    "small": Levels(
        phoneme_recognizer.CONFIDENCE, math.inf, alone=phoneme_recognizer.CONFIDENCE, read=math.inf
    ),
    "both": joint_decision.LEVELS,
}
LOWEST: Final = -1.5
"""However few of what is no command are there to say otherwise."""

SURE_MARGIN: Final = 0.5
ASK_MARGIN: Final = 0.7
MOST_LESS: Final = 1.3
"""By so much less may be enough where Moonshine writes the same, however few near misses say otherwise."""

FAR_ASKED: Final = 0.005
"""The share that may be asked of what is no command, at each of the two levels."""

FAR: Final = ("oog", "wake", "noise", "silence")
NEAR: Final = ("near", "near order", "story")
NOTHING_WRONG: Final = dict.fromkeys(("cmd", "cmd2", "cmd3", "order", *NEAR, *FAR), 0.0)
ALLOWED: Final = {"small": {**NOTHING_WRONG, "lookalike": 0.06}, "both": NOTHING_WRONG}
"""The share of a kind that may be acted on wrongly while the levels are learned."""


Found: TypeAlias = Sequence[tuple[Outcome, Proposal]]


def fitted(outcomes: Sequence[Outcome], engine: str) -> Levels:
    """The weights and levels that these outcomes teach; what lacks its beginning teaches nothing."""
    outcomes = [outcome for outcome in outcomes if outcome.condition != "cut"]
    found = [(outcome, proposal) for outcome in outcomes for proposal in outcome.proposals(engine)]
    agreed = _learned(_supported(found, AGREED))
    if engine == "small":
        sure = max(_acting(found, outcomes, agreed, ALLOWED[engine]), _asking(found, outcomes, agreed, FAR))
        agreed = replace(agreed, sure=sure, ask=_asking(found, outcomes, agreed, FAR))
        return Levels(agreed, math.inf, alone=agreed, read=math.inf)
    alone = _learned(_supported(found, [Support.ONE]))
    ask = _asking(_supported(found, AGREED), outcomes, agreed, FAR)
    both, written = (
        max(_acting(_supported(found, [support]), outcomes, agreed, ALLOWED[engine]), ask)
        for support in (Support.BOTH, Support.WRITTEN)
    )
    sure = max(both, written)
    return Levels(
        agreed=replace(agreed, sure=sure, ask=ask),
        written=max(written, ask, sure - MOST_LESS),
        alone=replace(
            alone, sure=math.inf, ask=_asking(_supported(found, [Support.ONE]), outcomes, alone, FAR)
        ),
        read=_asking(_supported(found, [Support.READ]), [], agreed, (*FAR, *NEAR)),
    )


def _supported(found: Found, supports: Collection[Support]) -> Found:
    return [(outcome, proposal) for outcome, proposal in found if proposal.support in supports]


def _learned(found: Found) -> Confidence:
    """What tells the right proposals from the wrong ones, without levels."""
    right = np.array([outcome.right(proposal) for outcome, proposal in found], np.float32)
    weights, bias = fit(np.array([proposal.figures for _, proposal in found]), right)
    return Confidence(weights, bias, -math.inf, -math.inf)


def _acting(
    found: Found, outcomes: Sequence[Outcome], confidence: Confidence, allowed: Mapping[str, float]
) -> float:
    """The lowest level at which at most this share of each kind is acted on wrongly."""
    return max(
        _above(
            [
                confidence.odds(proposal.figures)
                for outcome, proposal in found
                if outcome.kind == kind
                and not (outcome.right(proposal) or outcome.begins_in_speech)
                and confidence.certainty(math.inf, proposal.margin) == "sure"
            ],
            int(share * sum(outcome.kind == kind for outcome in outcomes)),
            SURE_MARGIN,
        )
        for kind, share in allowed.items()
    )


def _asking(
    found: Found, outcomes: Sequence[Outcome], confidence: Confidence, kinds: Collection[str]
) -> float:
    """The lowest level at which hardly any of these outcomes is asked that is of these kinds."""
    odds = [
        confidence.odds(proposal.figures)
        for outcome, proposal in found
        if outcome.kind in kinds and not outcome.right(proposal)
    ]
    return _above(odds, int(FAR_ASKED * sum(outcome.kind in kinds for outcome in outcomes)), ASK_MARGIN)


def _above(odds: Sequence[float], spare: int, margin: float) -> float:
    """A level above all of these but so many."""
    ordered = sorted(odds, reverse=True)
    return max(ordered[spare] + margin, LOWEST) if spare < len(ordered) else LOWEST


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
