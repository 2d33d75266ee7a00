"""Engine `both`: two recognisers, which make different errors, judge each other's best sentences."""

from __future__ import annotations

import functools
import logging
from collections.abc import Iterator

import numpy as np

from daemon.brain.asr.constrained_decoding import LetterAutomaton
from daemon.brain.asr.joint_decision import Proposal, Support, decide
from daemon.brain.asr.moonshine import FreeReading, Moonshine
from daemon.brain.asr.phoneme_recognizer import KEPT_GRAPHS, Candidate, PhonemeRecognizer
from daemon.brain.asr.preprocessing import Mono16k, clean
from daemon.brain.asr.recognizer import Recognition
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
            reading = self.read(found, samples, grammar, pending)
            proposals = self.weigh(found, reading, grammar, pending)
        except Exception:
            log.exception("Moonshine failed at an utterance; the phone engine decides alone.")
            return self.small.decide(found, pending)
        best, certainty = decide(proposals, answering=pending is not None)
        if best is None:
            return Recognition(reading.free_text, None, "refuse")
        return found.confirmed(Recognition(best.words, best.meaning, certainty), pending)

    def read(
        self, found: Candidate, samples: Mono16k, grammar: Grammar, pending: Meaning | None
    ) -> FreeReading:
        """Moonshine's reading, with its judgement of the phone engine's candidate."""
        proposal = found.match.text if found.meaning else ""
        return self.second.read(clean(samples).samples, _pattern(grammar, pending), proposal)

    def weigh(
        self, found: Candidate, reading: FreeReading, grammar: Grammar, pending: Meaning | None
    ) -> tuple[Proposal, ...]:
        """What each engine proposes, and what the free text says, with the judgement of both."""
        automaton = self.second.automaton(_pattern(grammar, pending))
        other = (
            grammar.understand(reading.best) if automaton.is_command(plain(reading.best).split()) else None
        )
        return tuple(self._proposals(found, reading, other, grammar))

    def _proposals(
        self, found: Candidate, reading: FreeReading, other: Meaning | None, grammar: Grammar
    ) -> Iterator[Proposal]:
        if found.meaning is not None:
            support = Support.BOTH if other == found.meaning else Support.ONE
            if support is Support.BOTH and grammar.understand(reading.free_text) == found.meaning:
                support = Support.WRITTEN
            yield _proposal(found.meaning, found.match, reading.gap, found.match.strict_margin, support)
        if other is not None and other != found.meaning:
            yield self._along(found, other, reading.best, reading.best_gap, Support.ONE)
        said = grammar.read(reading.free_text)
        new = plain(reading.free_text) not in (found.match.text, plain(reading.best))
        if said is not None and said.kind == "calls" and new:
            yield self._along(found, said, reading.free_text, 0.0, Support.READ)

    def _along(self, found: Candidate, meaning: Meaning, text: str, gap: float, support: Support) -> Proposal:
        match = self.small.along(found.log_posteriors, text)
        return _proposal(meaning, match, gap, match.score - found.match.score, support)


def _pattern(grammar: Grammar, pending: Meaning | None) -> str:
    return grammar.text if pending is None else grammar.text_when_asked


def _proposal(meaning: Meaning, match: Match, gap: float, margin: float, support: Support) -> Proposal:
    return Proposal(match.text, meaning, np.append(match.figures, np.float32(max(gap, 0.0))), margin, support)
