"""What the engines find for one sample, before any decision."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from daemon.brain.asr.ensemble_recognizer import EnsembleRecognizer, SecondOpinion
from daemon.brain.asr.joint_decision import Levels, Proposal, Support, decide
from daemon.brain.asr.phoneme_recognizer import PhonemeRecognizer
from daemon.brain.asr.viterbi import Floats
from daemon.brain.nlu.grammar import Grammar, Meaning

Verdict: TypeAlias = Literal["right", "wrong", "asked_right", "asked_wrong", "refused"]


@dataclass(frozen=True)
class Outcome:
    """A sample, what was said in it, and what was found: by the phone engine alone, and by both engines.

    `begins_in_speech`: it may lack its beginning, and is not acted on.
    """

    name: str
    kind: str
    condition: str
    fold: str
    said: str
    wanted: Meaning | None
    small: tuple[Proposal, ...] = ()
    both: tuple[Proposal, ...] = ()
    begins_in_speech: bool = False
    free_text: str = ""

    def proposals(self, engine: str) -> tuple[Proposal, ...]:
        """What this engine decides on."""
        return self.small if engine == "small" else self.both

    def right(self, proposal: Proposal | None) -> bool:
        """It means what was said."""
        return proposal is not None and proposal.meaning == self.wanted

    def verdict(self, levels: Levels, engine: str) -> Verdict:
        """What the engine does."""
        best, certainty = decide(self.proposals(engine), False, levels)
        if certainty == "refuse":
            return "refused"
        if certainty == "sure" and not self.begins_in_speech:
            return "right" if self.right(best) else "wrong"
        return "asked_right" if self.right(best) else "asked_wrong"

    def weighed(
        self, samples: Floats, grammar: Grammar, ear: PhonemeRecognizer, second: SecondOpinion | None
    ) -> Outcome:
        """The same with what is found in these samples."""
        found = ear.candidate(samples, grammar, None)
        whole = replace(self, begins_in_speech=found.begins_in_speech)
        if found.meaning is not None:
            match = found.match
            alone = Proposal(match.text, found.meaning, match.figures, match.strict_margin, Support.BOTH)
            whole = replace(whole, small=(alone,))
        if second is not None and found.match.words:
            engine = EnsembleRecognizer(ear, second)
            reading = engine.read(found, samples, grammar, None)
            both = engine.weigh(found, reading, grammar, None)
            whole = replace(whole, both=both, free_text=reading.free_text)
        return whole
