"""Engine `both`: acts only if two recognisers, which make different errors, agree on the meaning."""

from __future__ import annotations

import functools
import logging

import numpy as np

from daemon.brain.asr.confidence import Confidence, downgraded
from daemon.brain.asr.constrained_decoding import LetterAutomaton
from daemon.brain.asr.moonshine import FreeReading, Moonshine
from daemon.brain.asr.phoneme_recognizer import (
    HOPELESS_ODDS,
    KEPT_GRAPHS,
    Candidate,
    PhonemeRecognizer,
)
from daemon.brain.asr.preprocessing import Mono16k, clean
from daemon.brain.asr.recognizer import Recognition, confirmed
from daemon.brain.asr.viterbi import Floats
from daemon.brain.asr.word_network import Network
from daemon.brain.nlu.grammar import Grammar, Meaning
from daemon.brain.nlu.template_syntax import with_digits

log = logging.getLogger(__name__)

CONFIDENCE = Confidence(weights=(-0.61, 1.44, -2.94), bias=3.86, sure=0.8, ask=-1.85)
"""Weights of fit, worst word and Moonshine's gap, as fitted by `python -m tests.bench.hearing --ship`."""


class SecondOpinion:
    """Moonshine, and the cached letter automata of grammars."""

    def __init__(self) -> None:
        self.moonshine = Moonshine()
        self.automaton = functools.lru_cache(KEPT_GRAPHS)(self._automaton)
        """The letter automaton of a pattern, cached; the least recently used is dropped."""

    def read(self, samples: Mono16k, pattern: str, proposal: str) -> FreeReading:
        """Moonshine's reading of an utterance, against a proposed sentence of the pattern."""
        sentence = self._automaton(with_digits(proposal))
        return self.moonshine.read(samples, sentence, self.automaton(pattern))

    def _automaton(self, pattern: str) -> LetterAutomaton:
        return LetterAutomaton(Network(pattern), self.moonshine.trie)


class EnsembleRecognizer:
    """Finds a sentence by phone posteriors, and has Moonshine check it; see `recognizer.Recognizer`."""

    def __init__(self, small: PhonemeRecognizer, second: SecondOpinion) -> None:
        self.small, self.second = small, second

    @classmethod
    def load(cls) -> EnsembleRecognizer:
        """Load the shipped models. Raises ImportError if a package is missing."""
        return cls(PhonemeRecognizer.load(), SecondOpinion())

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
            return self._weigh(found, samples, grammar, pending)
        except Exception:
            log.exception("Moonshine failed at an utterance; the phone engine decides alone.")
            return self.small.decide(found, pending)

    def _weigh(
        self, found: Candidate, samples: Mono16k, grammar: Grammar, pending: Meaning | None
    ) -> Recognition:
        """Decide by Moonshine's reading of the phone engine's candidate."""
        sound = clean(samples).samples
        if found.meaning is None or found.odds < HOPELESS_ODDS:
            return Recognition(self.second.moonshine.write(sound), None, "refuse")
        pattern = grammar.text if pending is None else grammar.text_when_asked
        reading = self.second.read(sound, pattern, found.match.text)
        odds = CONFIDENCE.odds(both_figures(found, reading))
        certainty = CONFIDENCE.certainty(odds, found.match.margin)
        if not agreed(reading, grammar, found):
            certainty = downgraded(certainty)
        if certainty == "refuse":
            return Recognition(reading.free_text, None, certainty)
        return confirmed(Recognition(found.match.text, found.meaning, certainty), pending)


def agreed(reading: FreeReading, grammar: Grammar, found: Candidate) -> bool:
    """Whether Moonshine found no better sentence, or one with the same meaning."""
    return not reading.better or grammar.understand(reading.better) == found.meaning


def both_figures(found: Candidate, reading: FreeReading) -> Floats:
    """The figures of both engines, shape (3,)."""
    return np.append(found.match.figures, np.float32(reading.gap))
