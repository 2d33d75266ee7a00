"""One rule for what two recognisers find: act, ask back, or refuse."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Final

from daemon.brain.asr.confidence import Certainty, Confidence
from daemon.brain.asr.viterbi import Floats
from daemon.brain.nlu.intents import Meaning


class Support(Enum):
    """What speaks for a meaning."""

    WRITTEN = "both engines find it, and Moonshine's free text is a sentence of the grammar that means it"
    BOTH = "both engines find it"
    ONE = "one engine finds it"
    READ = "Moonshine's free text means it, read as what is typed"


AGREED: Final = (Support.WRITTEN, Support.BOTH)


@dataclass(frozen=True)
class Proposal:
    """A sentence, as both engines judge it.

    `figures`: fit and worst word of the phone engine, and Moonshine's gap, shape (3,).
    `margin`: by how much the phone engine prefers it to any other command (natural log), below 0 where it
    prefers another.
    """

    words: str
    meaning: Meaning
    figures: Floats
    margin: float
    support: Support


@dataclass(frozen=True)
class Levels:
    """The log odds that are needed to act, and to ask.

    `agreed`: for what both engines find; `written` is enough to act with that support, `read` to ask what
    only the free text says. `alone`: for what one engine finds.
    """

    agreed: Confidence
    written: float
    alone: Confidence
    read: float

    def odds(self, proposal: Proposal) -> float:
        """The log odds of a proposal."""
        confidence = self.alone if proposal.support is Support.ONE else self.agreed
        return confidence.odds(proposal.figures)

    def certainty(self, proposal: Proposal, answering: bool) -> Certainty:
        """What to do about a proposal. While the brain waits for an answer, asking again is no help."""
        odds = self.odds(proposal)
        match proposal.support:
            case Support.WRITTEN:
                return replace(self.agreed, sure=self.written).certainty(odds, proposal.margin)
            case Support.BOTH:
                return self.agreed.certainty(odds, proposal.margin)
            case Support.ONE:
                return "ask" if odds >= self.alone.ask and not answering else "refuse"
            case Support.READ:
                return "ask" if odds >= self.read and not answering else "refuse"


LEVELS = Levels(
    agreed=Confidence(weights=(2.33, 0.8, -0.28), bias=5.95, sure=1.66, ask=-1.5),
    written=0.36,
    alone=Confidence(weights=(1.21, -0.08, -0.2), bias=0.66, sure=math.inf, ask=-1.5),
    read=2.42,
)
"""As `python -m tests.bench.levels` prints them."""


_ORDER: Final = ("sure", "ask", "refuse")


def decide(
    proposals: Sequence[Proposal], answering: bool, levels: Levels = LEVELS
) -> tuple[Proposal | None, Certainty]:
    """The likeliest proposal and what to do about it; no proposal where it is refused.

    Only what both engines find is acted on. Else what the free text says is asked before what it does not.
    """
    found = likeliest([each for each in proposals if each.support is not Support.READ], levels)
    read = likeliest([each for each in proposals if each.support is Support.READ], levels)
    decided = [(each, levels.certainty(each, answering)) for each in (read, found) if each]
    decided.sort(key=lambda each: _ORDER.index(each[1]))
    return next((each for each in decided if each[1] != "refuse"), (None, "refuse"))


def likeliest(proposals: Sequence[Proposal], levels: Levels = LEVELS) -> Proposal | None:
    """The proposal with the best odds."""
    return max(proposals, key=levels.odds, default=None)
