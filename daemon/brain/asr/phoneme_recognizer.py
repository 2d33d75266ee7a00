"""Engine `small`: hama's phone posteriors, searched along the word graph of the grammar."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from daemon.brain.asr.acoustic_model import Hama, Scorer, shipped_confusions
from daemon.brain.asr.confidence import Confidence
from daemon.brain.asr.dictionary import Dictionary
from daemon.brain.asr.lexicon import Lexicon, Pronunciation
from daemon.brain.asr.preprocessing import Mono16k, clean
from daemon.brain.asr.recognizer import Recognition, confirmed
from daemon.brain.asr.scoring import NO_MATCH, Match, match
from daemon.brain.asr.viterbi import Floats, Layout, WordGraph
from daemon.brain.asr.word_network import Network
from daemon.brain.nlu.filler_words import THINGS
from daemon.brain.nlu.grammar import Grammar, Meaning
from daemon.brain.nlu.template_syntax import plain

CONFIDENCE = Confidence(weights=(2.27, 1.39), bias=3.18, sure=1.15, ask=-1.16)
"""As fitted by `python -m tests.bench.levels`; fit again when the recogniser changes."""

LEAST_PHONES = 3
KEPT_GRAPHS = 4
HOPELESS_ODDS = -5.0
UNCLEAR = "[unclear]"
"""The transcript of an utterance that resembles no sentence of the grammar."""


@dataclass(frozen=True)
class Candidate:
    """The best sentence for an utterance, the log odds that it was said, and the posteriors.

    `begins_in_speech`: there may have been words before it, which would make it another sentence.
    """

    match: Match
    meaning: Meaning | None
    odds: float
    log_posteriors: Floats
    begins_in_speech: bool = False

    def confirmed(self, recognition: Recognition, pending: Meaning | None) -> Recognition:
        """What was decided, asked back if the beginning may be missing, unless it answers what was asked."""
        if self.begins_in_speech and recognition.certainty == "sure":
            recognition = replace(recognition, certainty="ask")
        return confirmed(recognition, pending)


NOTHING = Candidate(NO_MATCH, None, -99.0, np.zeros((0, 0), np.float32))


class PhonemeRecognizer:
    """Recognises with one acoustic model; see `recognizer.Recognizer`."""

    def __init__(self, model: Hama, lexicon: Lexicon, scorer: Scorer) -> None:
        self.model, self.lexicon, self.scorer = model, lexicon, scorer
        self.graphs: dict[str, WordGraph] = {}

    @classmethod
    def load(cls) -> PhonemeRecognizer:
        """Load the shipped model. Raises ImportError if hama is missing."""
        model = Hama()
        lexicon = Lexicon(model.spell_out, Dictionary())
        return cls(model, lexicon, Scorer(model.tokens, shipped_confusions()))

    def prepare(self, grammar: Grammar) -> None:
        """Build the graphs of this grammar, with and without a question pending."""
        self.graph(grammar.text)
        self.graph(grammar.text_when_asked)

    def recognize(self, samples: Mono16k, grammar: Grammar, pending: Meaning | None) -> Recognition:
        """Recognise one utterance, 16 kHz."""
        return self.decide(self.candidate(samples, grammar, pending), pending)

    def decide(self, found: Candidate, pending: Meaning | None) -> Recognition:
        """This engine's own decision on a candidate."""
        certainty = CONFIDENCE.certainty(found.odds, found.match.strict_margin) if found.meaning else "refuse"
        recognition = Recognition(
            words=found.match.text if found.odds > HOPELESS_ODDS or not found.match.words else UNCLEAR,
            meaning=found.meaning if certainty != "refuse" else None,
            certainty=certainty,
        )
        return found.confirmed(recognition, pending)

    def candidate(self, samples: Mono16k, grammar: Grammar, pending: Meaning | None) -> Candidate:
        """The best sentence of the grammar, whether it is good enough or not."""
        sound = clean(samples)
        if not sound.speech:
            return NOTHING
        found = self.weigh(self.model.log_posteriors(sound.samples), grammar, pending)
        return replace(found, begins_in_speech=sound.begins_in_speech)

    def weigh(self, log_posteriors: Floats, grammar: Grammar, pending: Meaning | None) -> Candidate:
        """The best sentence for these posteriors, shape (frames, tokens)."""
        greedy_phones = self.scorer.count_phones(log_posteriors)
        if greedy_phones < (LEAST_PHONES if pending is None else 1):
            return NOTHING
        scores, greedy = self.scorer.scores(log_posteriors)
        graph = self.graph(grammar.text if pending is None else grammar.text_when_asked)
        found = match(graph, scores, greedy, greedy_phones)
        meaning = None if found.out_of_grammar else grammar.understand(found.text)
        return Candidate(found, meaning, CONFIDENCE.odds(found.figures), log_posteriors)

    def along(self, log_posteriors: Floats, text: str) -> Match:
        """How well the posteriors fit one sentence."""
        scores, greedy = self.scorer.scores(log_posteriors)
        graph = self._graph(plain(text))
        return match(graph, scores, greedy, self.scorer.count_phones(log_posteriors))

    def graph(self, pattern: str) -> WordGraph:
        """The graph of a pattern, cached; the oldest are dropped."""
        if pattern not in self.graphs:
            while len(self.graphs) >= KEPT_GRAPHS:
                del self.graphs[next(iter(self.graphs))]
            self.graphs[pattern] = self._graph(pattern)
        return self.graphs[pattern]

    def _graph(self, pattern: str) -> WordGraph:
        network = Network(pattern)
        alike = self._sounding_like_ours(network)
        network.words = [arc for arc in network.words if arc[1] not in alike]
        return WordGraph(Layout.of(network, self.pronounce), self.scorer.blank)

    def _sounding_like_ours(self, network: Network) -> set[str]:
        """The filler words for things which differ by one sound from a name of ours: they steal it."""
        fillers = {f"!{thing}" for thing in THINGS}
        places = {source for source, word, _ in network.words if word in fillers}
        said = {word for source, word, _ in network.words if source in places}
        ours = {near for word in said if word[0] not in "!#" for near in self._one_sound_off(word)}
        things = {thing for thing in fillers & said if thing[1:] not in said}
        return {thing for thing in things if not ours.isdisjoint(self._one_sound_off(thing))}

    def _one_sound_off(self, word: str) -> Iterator[Pronunciation]:
        """The word's pronunciations with one sound left open, in each place."""
        for form in self.lexicon.pronunciations(word):
            yield from ((*form[:index], "", *form[index + 1 :]) for index in range(len(form)))

    def pronounce(self, word: str) -> list[tuple[int, ...]]:
        """Every way to say a word, as labels of the scores."""
        return [tuple(self.scorer.labels(form)) for form in self.lexicon.pronunciations(word)]
