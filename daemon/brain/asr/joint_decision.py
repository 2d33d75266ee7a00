"""One rule for what two recognisers find: act, ask back, or refuse."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from daemon.brain.asr.confidence import Certainty, Confidence
from daemon.brain.asr.viterbi import Floats
from daemon.brain.nlu.intents import Meaning


@dataclass(frozen=True)
class Proposal:
    """A sentence that one engine finds best, as both judge it.

    `figures`: fit and worst word of the phone engine, and Moonshine's gap, shape (3,).
    `margin`: by how much the phone engine prefers it to any other command (natural log), below 0 where it
    prefers another. `agreed`: the best sentences of both engines mean this.
    """

    words: str
    meaning: Meaning
    figures: Floats
    margin: float
    agreed: bool


@dataclass(frozen=True)
class Levels:
    """The log odds that are needed to act, to ask where both engines agree, and to ask where they do not."""

    confidence: Confidence
    alone: float


LEVELS = Levels(Confidence(weights=(-0.61, 1.44, -2.94), bias=3.86, sure=0.8, ask=-1.85), alone=-1.0)
"""As `python -m tests.bench.levels` fits them."""


def decide(
    proposals: Sequence[Proposal], answering: bool, levels: Levels = LEVELS
) -> tuple[Proposal | None, Certainty]:
    """The likelier proposal and what to do about it; no proposal where it is refused.

    Only what both engines found is acted on. While the brain waits for an answer to its own question, asking
    again is no help: one engine alone must be as sure as both.
    """
    best = likelier(proposals, levels)
    if best is None:
        return None, "refuse"
    confidence, odds = levels.confidence, levels.confidence.odds(best.figures)
    if best.agreed:
        certainty = confidence.certainty(odds, best.margin)
    else:
        certainty = "ask" if odds >= (confidence.sure if answering else levels.alone) else "refuse"
    return (None if certainty == "refuse" else best), certainty


def likelier(proposals: Sequence[Proposal], levels: Levels = LEVELS) -> Proposal | None:
    """The proposal with the best odds."""
    return max(proposals, key=lambda proposal: levels.confidence.odds(proposal.figures), default=None)
