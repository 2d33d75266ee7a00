"""Engine `both`: two recognisers, which make different errors, judge each other's best sentences."""

from __future__ import annotations

import functools
import logging
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from daemon.brain.asr.constrained_decoding import LetterAutomaton
from daemon.brain.asr.joint_decision import Proposal, decide
from daemon.brain.asr.moonshine import FreeReading, Moonshine
from daemon.brain.asr.phoneme_recognizer import KEPT_GRAPHS, Candidate, PhonemeRecognizer
from daemon.brain.asr.preprocessing import Mono16k, clean
from daemon.brain.asr.recognizer import Recognition, confirmed
from daemon.brain.asr.scoring import Match
from daemon.brain.asr.word_network import Network
from daemon.brain.nlu.grammar import Grammar, Meaning
from daemon.brain.nlu.template_syntax import plain, with_digits

log = logging.getLogger(__name__)


class SecondOpinion:
    """Moonshine, and the cached letter automata of grammars."""

    def __init__(self, moonshine: Moonshine) -> None:
        self.moonshine = moonshine
        self.automaton = functools.lru_cache(KEPT_GRAPHS)(self._automaton)
        """The letter automaton of a pattern, cached; the least recently used is dropped."""

    def read(self, samples: Mono16k, pattern: str, proposal: str) -> FreeReading:
        """Moonshine's reading of an utterance, against a proposed sentence of the pattern if there is one."""
        sentence = self._automaton(with_digits(proposal)) if proposal else None
        return self.moonshine.read(samples, sentence, self.automaton(pattern))

    def _automaton(self, pattern: str) -> LetterAutomaton:
        return LetterAutomaton(Network(pattern), self.moonshine.trie)


@dataclass(frozen=True)
class Evidence:
    """What both engines make of one utterance: what each proposes, and Moonshine's free text."""

    proposals: tuple[Proposal, ...]
    free_text: str


class EnsembleRecognizer:
    """Finds a sentence by phone posteriors and one by Moonshine; see `recognizer.Recognizer`."""

    def __init__(self, small: PhonemeRecognizer, second: SecondOpinion) -> None:
        self.small, self.second = small, second

    @classmethod
    def load(cls) -> EnsembleRecognizer:
        """Load the shipped models. Raises ImportError if a package is missing."""
        return cls(PhonemeRecognizer.load(), SecondOpinion(Moonshine()))

    def prepare(self, grammar: Grammar) -> None:
        """Build both engines' graphs of this grammar."""
        self.small.prepare(grammar)
        self.second.automaton(grammar.text)
        self.second.automaton(grammar.text_when_asked)

    def recognize(self, samples: Mono16k, grammar: Grammar, pending: Meaning | None) -> Recognition:
        """Recognise one utterance, 16 kHz."""
        found = self.small.candidate(samples, grammar, pending)
        if not found.match.words:
            return Recognition("", None, "refuse")
        try:
            evidence = self.weigh(found, samples, grammar, pending)
        except Exception:
            log.exception("Moonshine failed at an utterance; the phone engine decides alone.")
            return self.small.decide(found, pending)
        best, certainty = decide(evidence.proposals, answering=pending is not None)
        if best is None:
            return Recognition(evidence.free_text, None, "refuse")
        return confirmed(Recognition(best.words, best.meaning, certainty), pending)

    def weigh(
        self, found: Candidate, samples: Mono16k, grammar: Grammar, pending: Meaning | None
    ) -> Evidence:
        """Moonshine's judgement of the phone engine's candidate, and the phone engine's of Moonshine's."""
        pattern = grammar.text if pending is None else grammar.text_when_asked
        proposal = found.match.text if found.meaning else ""
        reading = self.second.read(clean(samples).samples, pattern, proposal)
        best = plain(reading.best).split()
        other = grammar.understand(reading.best) if self.second.automaton(pattern).is_command(best) else None
        return Evidence(tuple(self._proposals(found, reading, other)), reading.free_text)

    def _proposals(self, found: Candidate, reading: FreeReading, other: Meaning | None) -> Iterator[Proposal]:
        if found.meaning is not None:
            agreed = other == found.meaning
            yield _proposal(found.meaning, found.match, reading.gap, found.match.margin, agreed)
        if other is not None and other != found.meaning:
            match = self.small.along(found.log_posteriors, reading.best)
            yield _proposal(other, match, reading.best_gap, match.score - found.match.score, False)


def _proposal(meaning: Meaning, match: Match, gap: float, margin: float, agreed: bool) -> Proposal:
    return Proposal(match.text, meaning, np.append(match.figures, np.float32(gap)), margin, agreed)
