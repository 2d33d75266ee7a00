"""One rule for what two recognisers find: act, ask back, or refuse."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from daemon.brain.asr.confidence import Certainty, Confidence
from daemon.brain.asr.viterbi import Floats
from daemon.brain.nlu.intents import Meaning

WRITTEN_GAP: Final = 0.35
"""Below this gap Moonshine's free text differs in spelling at most."""


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
    """The log odds that are needed to act, and to ask if both engines agree.

    `written`: to act if Moonshine, not held to the grammar, writes much the same. `alone`: to ask if the
    engines do not agree.
    """

    confidence: Confidence
    written: float
    alone: float

    def of(self, proposal: Proposal) -> Confidence:
        """The levels for what both engines found."""
        written = float(proposal.figures[-1]) <= WRITTEN_GAP
        return replace(self.confidence, sure=self.written) if written else self.confidence


LEVELS = Levels(
    Confidence(weights=(1.36, 1.4, -2.54), bias=6.06, sure=2.6, ask=-0.8), written=1.6, alone=-0.8
)
"""Fitted by `python -m tests.bench.levels`, then raised above every near miss in noise."""


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
    odds = levels.confidence.odds(best.figures)
    if best.agreed:
        certainty = levels.of(best).certainty(odds, best.margin)
    else:
        certainty = "ask" if odds >= (levels.confidence.sure if answering else levels.alone) else "refuse"
    return (None if certainty == "refuse" else best), certainty


def likelier(proposals: Sequence[Proposal], levels: Levels = LEVELS) -> Proposal | None:
    """The proposal with the best odds."""
    return max(proposals, key=lambda proposal: levels.confidence.odds(proposal.figures), default=None)
