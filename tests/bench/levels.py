"""From figures to counts: what one set of clips teaches, and how another fares with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from daemon.brain.asr.confidence import Confidence, downgraded
from daemon.brain.asr.viterbi import Floats

Verdict: TypeAlias = Literal["right", "wrong", "asked_right", "asked_wrong", "refused"]

SMALL_FIGURES = 2
COLUMNS = ("right", "wrong", "asked_right", "asked_wrong", "refused", "all")
LOWEST = -3.0
NO_ODDS = -99.0
SURE_MARGIN = 0.2
ASK_MARGIN = 0.7
FAR = ("oog", "wake", "noise", "silence")
WRONG_COMMANDS = (("cmd", "clean", 0.0), ("cmd2", "clean", 0.0), ("cmd3", "clean", 0.0))
ALLOWED = {
    "small": (
        *WRONG_COMMANDS,
        ("near", "clean", 0.02),
        ("near", "room", 0.02),
        ("lookalike", "clean", 0.06),
        ("lookalike", "room", 0.06),
    ),
    "both": (*WRONG_COMMANDS, ("near", "clean", 0.0), ("near", "room", 0.0)),
}
"""Kind, condition, and the share of it that may be acted on wrongly while the levels are learned."""


@dataclass
class Outcome:
    """What the search found for one sample, before any decision."""

    name: str
    kind: str
    condition: str
    said: str
    heard: str
    understood: bool
    right: bool
    agreed: bool
    figures: Floats
    margin: float
    half: int = 0

    def odds(self, confidence: Confidence) -> float:
        """The log odds under these weights; hopeless where nothing was understood."""
        return confidence.odds(self.figures[: len(confidence.weights)]) if self.understood else NO_ODDS

    def verdict(self, confidence: Confidence, engine: str) -> Verdict:
        """What the engine does."""
        certainty = confidence.certainty(self.odds(confidence), self.margin)
        if engine == "both" and not self.agreed:
            certainty = downgraded(certainty)
        if certainty == "refuse":
            return "refused"
        if certainty == "ask":
            return "asked_right" if self.right else "asked_wrong"
        return "right" if self.right else "wrong"


def fitted(outcomes: list[Outcome], engine: str) -> Confidence:
    """The weights and levels that these outcomes teach."""
    known = [outcome for outcome in outcomes if outcome.understood]
    width = SMALL_FIGURES if engine == "small" else len(known[0].figures)
    figures = np.array([outcome.figures[:width] for outcome in known])
    weights, bias = fit(figures, np.array([outcome.right for outcome in known], np.float32))
    plain = Confidence(weights, bias, 0.0, 0.0)
    sure = max(_level(outcomes, engine, plain, *limit) for limit in ALLOWED[engine])
    far = max(
        (outcome.odds(plain) for outcome in known if outcome.kind in FAR and heeded(outcome, engine)),
        default=LOWEST,
    )
    ask = max(far, LOWEST) + ASK_MARGIN
    return Confidence(weights, bias, max(sure + SURE_MARGIN, ask), ask)


def heeded(outcome: Outcome, engine: str) -> bool:
    """What this engine could act on at all."""
    return engine == "small" or outcome.agreed


def _level(
    outcomes: list[Outcome], engine: str, confidence: Confidence, kind: str, condition: str, allowed: float
) -> float:
    """The lowest level at which at most this share of a kind is acted on wrongly."""
    chosen = [outcome for outcome in outcomes if outcome.kind == kind and outcome.condition == condition]
    wrong = sorted(
        (
            outcome.odds(confidence)
            for outcome in chosen
            if outcome.understood
            and not outcome.right
            and heeded(outcome, engine)
            and outcome.margin >= confidence.least_margin
        ),
        reverse=True,
    )
    spare = int(allowed * len(chosen))
    return wrong[spare] if spare < len(wrong) else LOWEST


def tally(
    outcomes: list[Outcome], engine: str, confidence: Mapping[int, Confidence]
) -> dict[str, dict[str, int]]:
    """Counts of verdicts for every condition and kind; `all cmd` are the commands together."""
    counts: dict[str, dict[str, int]] = {}
    for outcome in sorted(outcomes, key=lambda each: (each.condition, each.kind)):
        verdict = outcome.verdict(confidence[outcome.half], engine)
        for group in (outcome.kind, *(["all cmd"] if outcome.kind.startswith("cmd") else [])):
            row = counts.setdefault(f"{outcome.condition} {group}", dict.fromkeys(COLUMNS, 0))
            row[verdict] += 1
            row["all"] += 1
    return counts


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
