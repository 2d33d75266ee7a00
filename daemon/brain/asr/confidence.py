"""Decides by the figures of a match: act, ask back, or refuse."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from daemon.brain.asr.viterbi import Floats

Certainty: TypeAlias = Literal["sure", "ask", "refuse"]


@dataclass(frozen=True)
class Confidence:
    """A weighted sum of figures (the log odds that the command is right) and the two levels it must reach."""

    weights: tuple[float, ...]
    bias: float
    sure: float
    ask: float
    least_margin: float = 0.7

    def odds(self, figures: Floats) -> float:
        """The log odds of one utterance."""
        return self.bias + float(figures @ np.array(self.weights))

    def certainty(self, odds: float, margin: float) -> Certainty:
        """The decision at these odds, with this margin to the next best command (natural log)."""
        if odds >= self.sure and margin >= self.least_margin:
            return "sure"
        return "ask" if odds >= self.ask else "refuse"


def downgraded(certainty: Certainty) -> Certainty:
    """One step less sure."""
    return "ask" if certainty == "sure" else "refuse"


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
