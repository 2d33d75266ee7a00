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
