"""`python -m tests.bench.hearing --speech DIR`: what the ear makes of a folder of clips.

Everything that is learned (confusion weights, the weights of the figures, the levels) is learned on all
families of synthesisers but one and counted on that one, for each family in turn. A second table has the
figures of what is shipped; it has seen these clips.
"""

from __future__ import annotations

import argparse
import json
import pickle
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from daemon.brain.asr.acoustic_model import Scorer, shipped_confusions
from daemon.brain.asr.dictionary import Dictionary
from daemon.brain.asr.ensemble_recognizer import SecondOpinion
from daemon.brain.asr.joint_decision import Levels
from daemon.brain.asr.lexicon import Lexicon
from daemon.brain.asr.phoneme_recognizer import PhonemeRecognizer
from daemon.brain.asr.preprocessing import clean
from daemon.brain.asr.scoring import OPTIONAL_WORDS
from daemon.brain.asr.viterbi import Floats, WordGraph
from daemon.brain.nlu.grammar import Grammar
from tests.bench.kept import KeptHama, KeptMoonshine, progress
from tests.bench.levels import SHIPPED, Table, crossed, show, tally
from tests.bench.outcome import Outcome
from tests.bench.sounds import CONDITIONS, Clip, clips, noises, sound
from tests.bench.train_confusions import learn_confusions
from tests.brain.home import grammar_of

LEARNED_FROM = ("clean", "room")


@dataclass(frozen=True)
class Sample:
    """A clip in a condition."""

    clip: Clip
    condition: str

    @property
    def key(self) -> str:
        """Names it in the caches."""
        return f"{self.clip.name}|{self.condition}"


class Bench:
    """The engines, the samples, and what has been worked out about them."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.model = KeptHama(options.cache)
        self.lexicon = Lexicon(self.model.spell_out, Dictionary())
        self.second = SecondOpinion(KeptMoonshine(options.cache)) if "both" in options.engine else None
        every = clips(options.speech)
        self.clips = [clip for clip in every if clip.number % options.every == 0]
        self.grammars = {kind: grammar_of(kind) for kind in ("cmd", "cmd3")}
        self.samples = [Sample(clip, condition) for condition in options.condition for clip in self.clips]
        self.noises: dict[str, Floats] = {}
        for number, (kind, samples) in enumerate(noises(every)):
            clip = Clip(f"noise{number:02}", kind, every[number].voice, "", number)
            self.samples.append(Sample(clip, "clean"))
            self.noises[clip.name] = samples

    def raw(self, sample: Sample) -> Floats:
        """The samples as they arrive."""
        made = self.noises.get(sample.clip.name)
        return sound(sample.clip, sample.condition) if made is None else made

    def grammar(self, clip: Clip) -> Grammar:
        """The grammar this clip is heard with."""
        return self.grammars["cmd3" if clip.kind == "cmd3" else "cmd"]

    def confusions(self, but: str) -> Floats:
        """The weights learned from the commands of every family but this one."""
        spoken = (
            (self.model.log_posteriors(clean(self.raw(sample)).samples), sample.clip.text)
            for sample in self.samples
            if sample.clip.command and sample.clip.family != but and sample.condition in LEARNED_FROM
        )
        return learn_confusions(Scorer(self.model.tokens), self.lexicon, spoken)

    def ear(self, weights: Floats) -> PhonemeRecognizer:
        """An ear with these confusion weights."""
        return PhonemeRecognizer(self.model, self.lexicon, Scorer(self.model.tokens, weights))

    def outcomes(self, weights: Floats, samples: Iterable[Sample], title: str) -> list[Outcome]:
        """What the engines find for these samples with these confusion weights."""
        ear = self.ear(weights)
        return [self._outcome(ear, sample, self.second) for sample in progress(list(samples), title)]

    def lookalikes(self, weights: Floats, samples: Iterable[Sample], title: str) -> list[Outcome]:
        """Commands heard by a box that lacks one of their words: whatever the phone engine finds is wrong."""
        ear = self.ear(weights)
        without: dict[tuple[str, str], WordGraph] = {}
        found: list[Outcome] = []
        for sample in progress([sample for sample in samples if sample.clip.command], title):
            pattern = self.grammar(sample.clip).text
            whole = ear.graph(pattern)
            for word in sorted(set(sample.clip.text.lower().split()) - OPTIONAL_WORDS):
                key = (pattern, word)
                if key not in without:
                    without[key] = whole.only([arc for arc, said in enumerate(whole.words) if said != word])
                ear.graphs[pattern] = without[key]
                outcome = self._outcome(ear, sample, None)
                if not any(outcome.right(proposal) for proposal in outcome.small):
                    found.append(replace(outcome, kind="lookalike", wanted=None))
            ear.graphs[pattern] = whole
        return found

    def _outcome(self, ear: PhonemeRecognizer, sample: Sample, second: SecondOpinion | None) -> Outcome:
        clip, grammar = sample.clip, self.grammar(sample.clip)
        wanted = grammar.read(clip.text)
        outcome = Outcome(clip.name, clip.kind, sample.condition, clip.family, clip.text, wanted)
        return outcome.weighed(self.raw(sample), grammar, ear, second)


def left_out(bench: Bench) -> list[Outcome]:
    """Outcomes of every family with confusion weights from the others, look-alikes and noises included."""
    found: list[Outcome] = []
    for family in sorted({clip.family for clip in bench.clips}):
        weights = bench.confusions(but=family)
        own = [sample for sample in bench.samples if sample.clip.family == family]
        found += bench.outcomes(weights, own, family)
        learned = [sample for sample in own if sample.condition in LEARNED_FROM]
        found += bench.lookalikes(weights, learned, f"{family}, a word missing")
    return found


def main() -> None:
    """Measure, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--speech", type=Path, default=Path("../shared/speech"))
    parser.add_argument("--engine", nargs="+", choices=("small", "both"), default=["small", "both"])
    parser.add_argument("--condition", nargs="+", choices=CONDITIONS, default=CONDITIONS)
    parser.add_argument("--every", type=int, default=1, metavar="N", help="every nth clip alone")
    parser.add_argument("--shipped", action="store_true", help="only what is shipped: nothing is learned")
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()) / "voiced-hearing")
    parser.add_argument("--json", type=Path, help="write every count here too")
    parser.add_argument("--outcomes", type=Path, help="write what was found here, for tests.bench.levels")
    parser.add_argument("--errors", action="store_true", help="print each clip that was not acted on rightly")
    options = parser.parse_args()
    bench = Bench(options)
    tables: dict[str, Any] = {}
    if not options.shipped:
        outcomes = left_out(bench)
        for engine in options.engine:
            levels = crossed(outcomes, engine)
            title = f"{engine}: learned on all families but one, counted on that one"
            tables[engine] = report(title, outcomes, engine, levels, options.errors)
        keep(outcomes, options.outcomes)
    outcomes = bench.outcomes(shipped_confusions(), bench.samples, "as shipped")
    if options.shipped:
        keep(outcomes, options.outcomes)
    for engine in options.engine:
        levels = dict.fromkeys((outcome.fold for outcome in outcomes), SHIPPED[engine])
        title = f"{engine}, shipped"
        tables[title] = report(title, outcomes, engine, levels, options.errors)
    if options.json:
        options.json.write_text(json.dumps(tables, indent=1))


def keep(outcomes: list[Outcome], path: Path | None) -> None:
    """Write them where they are wanted."""
    if path:
        path.write_bytes(pickle.dumps(outcomes))


def report(
    title: str, outcomes: list[Outcome], engine: str, levels: dict[str, Levels], errors: bool
) -> Table:
    """Print and return a table; after it each clip that was not acted on rightly, or acted on wrongly."""
    table = tally(outcomes, engine, levels)
    print(f"\n{title}")
    show(table)
    for outcome in outcomes if errors else ():
        verdict = outcome.verdict(levels[outcome.fold], engine)
        if verdict != ("right" if outcome.wanted else "refused"):
            heard = " | ".join(proposal.words for proposal in outcome.proposals(engine))
            print(f"  {outcome.condition:6}{verdict:12}{outcome.name}: {outcome.said} -> {heard}")
    return table


if __name__ == "__main__":
    main()
