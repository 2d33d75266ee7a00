"""`python -m tests.bench.hearing --speech DIR`: what the ear makes of a folder of clips.

Everything that is learned (confusion weights, the weights of the figures, the two levels) is learned on three
voices and counted on the other three, then the other way round, and the counts are added. A second table has
the figures of what is shipped; it has seen these clips.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from daemon.brain.asr import ensemble_recognizer, phoneme_recognizer
from daemon.brain.asr.acoustic_model import Hama, Scorer, shipped_confusions
from daemon.brain.asr.confidence import Confidence
from daemon.brain.asr.lexicon import Lexicon
from daemon.brain.asr.moonshine import FreeReading
from daemon.brain.asr.preprocessing import clean
from daemon.brain.asr.scoring import OPTIONAL_WORDS
from daemon.brain.asr.viterbi import Floats, WordGraph
from daemon.brain.nlu.grammar import Grammar
from tests.bench.levels import COLUMNS, Outcome, fitted, tally
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

    def __init__(self, speech: Path, cache: Path, with_both: bool) -> None:
        self.model = Hama()
        self.lexicon = Lexicon(self.model.spell_out)
        self.second = ensemble_recognizer.SecondOpinion() if with_both else None
        self.clips = clips(speech)
        self.voices = sorted({clip.voice for clip in self.clips})
        self.grammars = {kind: grammar_of(kind) for kind in ("cmd", "cmd3")}
        self.samples = [Sample(clip, condition) for condition in CONDITIONS for clip in self.clips]
        self.noises: dict[str, Floats] = {}
        for number, (kind, samples) in enumerate(noises(self.clips)):
            clip = Clip(f"noise{number:02}", kind, self.voices[number % 2], "", number)
            self.samples.append(Sample(clip, "clean"))
            self.noises[clip.name] = samples
        self.sounds = {sample.key: clean(self.raw(sample)) for sample in progress(self.samples, "sounds")}
        self.posteriors = self._posteriors(cache)
        self.readings = Kept(cache / "readings.json")

    def raw(self, sample: Sample) -> Floats:
        """The samples as they arrive."""
        made = self.noises.get(sample.clip.name)
        return sound(sample.clip, sample.condition) if made is None else made

    def grammar(self, clip: Clip) -> Grammar:
        """The grammar this clip is heard with."""
        return self.grammars["cmd3" if clip.kind == "cmd3" else "cmd"]

    def half(self, clip: Clip) -> int:
        """Which half of the voices a clip belongs to; noises are dealt out in turn."""
        return self.voices.index(clip.voice) % 2

    def confusions(self, voices: Iterable[str]) -> Floats:
        """The weights learned from the commands of these voices."""
        among = set(voices)
        spoken = (
            (self.posteriors[sample.key], sample.clip.text)
            for sample in self.samples
            if sample.clip.command and sample.clip.voice in among and sample.condition in LEARNED_FROM
        )
        return learn_confusions(Scorer(self.model.tokens), self.lexicon, spoken)

    def ear(self, weights: Floats) -> phoneme_recognizer.PhonemeRecognizer:
        """An ear with these confusion weights."""
        return phoneme_recognizer.PhonemeRecognizer(
            self.model, self.lexicon, Scorer(self.model.tokens, weights)
        )

    def outcomes(self, weights: Floats, samples: Iterable[Sample], title: str) -> list[Outcome]:
        """What the search finds for these samples with these confusion weights."""
        ear = self.ear(weights)
        found = [self._outcome(ear, sample) for sample in progress(list(samples), title)]
        self.readings.save()
        return found

    def lookalikes(self, weights: Floats, samples: Iterable[Sample], title: str) -> list[Outcome]:
        """Commands heard by a box that lacks one of their words: whatever is found is wrong."""
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
                outcome = self._outcome(ear, sample)
                if not outcome.right:
                    outcome.kind, outcome.agreed = "lookalike", True
                    found.append(outcome)
            ear.graphs[pattern] = whole
        self.readings.save()
        return found

    def _outcome(self, ear: phoneme_recognizer.PhonemeRecognizer, sample: Sample) -> Outcome:
        clip, grammar = sample.clip, self.grammar(sample.clip)
        speech = self.sounds[sample.key].speech
        found = (
            ear.weigh(self.posteriors[sample.key], grammar, None) if speech else phoneme_recognizer.NOTHING
        )
        wanted = grammar.understand(clip.text) if clip.command else None
        outcome = Outcome(
            name=clip.name,
            kind=clip.kind,
            condition=sample.condition,
            said=clip.text,
            heard=" ".join(found.match.words),
            understood=found.meaning is not None,
            right=wanted is not None and found.meaning == wanted,
            agreed=False,
            figures=found.match.figures,
            margin=found.match.margin,
            half=self.half(clip),
        )
        if self.second is not None and found.meaning is not None:
            self._weigh_again(self.second, sample, found, outcome)
        return outcome

    def _weigh_again(
        self,
        second: ensemble_recognizer.SecondOpinion,
        sample: Sample,
        found: phoneme_recognizer.Candidate,
        outcome: Outcome,
    ) -> None:
        """Add what Moonshine makes of the same sentence."""
        grammar, sound = self.grammar(sample.clip), self.sounds[sample.key].samples
        key = digest(sound.tobytes() + f"{found.match.text}|{grammar.text}".encode())
        values = self.readings.get(key, lambda: asdict(second.read(sound, grammar.text, found.match.text)))
        reading = FreeReading(**values)
        outcome.agreed = ensemble_recognizer.agreed(reading, grammar, found)
        outcome.figures = ensemble_recognizer.both_figures(found, reading)

    def _posteriors(self, cache: Path) -> dict[str, Floats]:
        """Log posteriors of every sample, those of known sounds from the cache."""
        path = cache / "posteriors.npz"
        known: dict[str, Floats] = dict(np.load(path)) if path.exists() else {}
        keys = {key: digest(sound.samples.tobytes()) for key, sound in self.sounds.items()}
        missing = [key for key, content in keys.items() if content not in known]
        for key in progress(missing, "phones"):
            known[keys[key]] = self.model.log_posteriors(self.sounds[key].samples).astype(np.float16)
        if missing:
            np.savez(path, **known)  # type: ignore[arg-type]
        return {key: known[content].astype(np.float32) for key, content in keys.items()}


class Kept:
    """Answers that are worth keeping between runs, in a JSON file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}

    def get(self, key: str, make: Callable[[], Any]) -> Any:
        """The answer to a key, made if it is new."""
        if key not in self._known:
            self._known[key] = make()
        return self._known[key]

    def save(self) -> None:
        """Write everything down."""
        self._path.write_text(json.dumps(self._known))


def digest(content: bytes) -> str:
    """A short name for some bytes."""
    return hashlib.sha256(content).hexdigest()[:16]


def progress(items: list[Any], title: str) -> Iterator[Any]:
    """The items, with a line on standard error that counts them."""
    for number, item in enumerate(items, start=1):
        if number % 20 == 0 or number == len(items):
            print(f"\r{title}: {number} of {len(items)}   ", end="", file=sys.stderr, flush=True)
        yield item
    print(file=sys.stderr)


def crossed(bench: Bench) -> tuple[list[Outcome], list[list[Outcome]]]:
    """Outcomes of each half with weights from the other, and what each half can learn its levels from."""
    counted: list[Outcome] = []
    learned: list[list[Outcome]] = [[], []]
    for half in (0, 1):
        train = [voice for number, voice in enumerate(bench.voices) if number % 2 != half]
        test = [sample for sample in bench.samples if bench.half(sample.clip) == half]
        weights = bench.confusions(train)
        counted += bench.outcomes(weights, test, f"half {half}")
        learned[half] = left_out(bench, train, f"half {half}")
    return counted, learned


def left_out(bench: Bench, voices: list[str], title: str) -> list[Outcome]:
    """Outcomes of each of these voices with weights from its fellows, look-alikes and noises included."""
    found: list[Outcome] = []
    for voice in voices:
        own = [
            sample
            for sample in bench.samples
            if sample.clip.voice == voice and sample.condition in LEARNED_FROM
        ]
        weights = bench.confusions(other for other in voices if other != voice)
        found += bench.outcomes(weights, own, f"{title}, {voice}")
        found += bench.lookalikes(weights, own, f"{title}, {voice}, a word missing")
    halves = {bench.voices.index(voice) % 2 for voice in voices}
    noise = [s for s in bench.samples if not s.clip.text and bench.half(s.clip) in halves]
    return found + bench.outcomes(bench.confusions(voices), noise, f"{title}, noise")


def main() -> None:
    """Measure, and print the tables."""
    parser = argparse.ArgumentParser(description="What the ear makes of a folder of clips.")
    parser.add_argument("--speech", type=Path, default=Path("../shared/speech"))
    parser.add_argument("--engine", choices=("small", "both"), action="append")
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()) / "voiced-hearing")
    parser.add_argument("--json", type=Path, help="write every count here too")
    parser.add_argument(
        "--ship", action="store_true", help="print the weights and levels for the shipped engines"
    )
    parser.add_argument("--errors", action="store_true", help="print each clip that was not acted on rightly")
    options = parser.parse_args()
    engines = options.engine or ["small", "both"]
    options.cache.mkdir(parents=True, exist_ok=True)
    bench = Bench(options.speech, options.cache, "both" in engines)
    counted, learned = crossed(bench)
    result: dict[str, Any] = {}
    for engine in engines:
        levels = {half: fitted(learned[half], engine) for half in (0, 1)}
        result[engine] = tally(counted, engine, levels)
        print(f"\n{engine}: learned on three voices, counted on the other three")
        show(result[engine])
        if options.errors:
            errors(counted, engine, levels)
    everyone = bench.outcomes(shipped_confusions(), bench.samples, "as shipped")
    for engine in engines:
        shipped: Confidence = (
            phoneme_recognizer.CONFIDENCE if engine == "small" else ensemble_recognizer.CONFIDENCE
        )
        result[f"{engine}, shipped"] = tally(everyone, engine, {0: shipped, 1: shipped})
        print(f"\n{engine}: as shipped (it has learned from these very clips)")
        show(result[f"{engine}, shipped"])
    if options.ship:
        everything = left_out(bench, bench.voices, "to ship")
        for engine in engines:
            print(engine, fitted(everything, engine))
    if options.json:
        options.json.write_text(json.dumps(result, indent=1))


def show(table: dict[str, dict[str, int]]) -> None:
    """One line for each condition and kind; commands with their shares."""
    titles = ("acted right", "acted wrong", "asked right", "asked wrong", "refused")
    print(" " * 16 + "".join(f"{title:>13}" for title in titles))
    for name, row in table.items():
        counts = "".join(f"{row[column]:13}" for column in COLUMNS[:5])
        right, asked = 100 * row["right"] / row["all"], 100 * row["asked_right"] / row["all"]
        shares = f"   right {right:.1f} %, with the question {right + asked:.1f} %" if "cmd" in name else ""
        print(f"  {name:14}{counts}{shares}")


def errors(counted: list[Outcome], engine: str, levels: dict[int, Confidence]) -> None:
    """Every clip that was not acted on rightly, or acted on wrongly."""
    for outcome in counted:
        verdict = outcome.verdict(levels[outcome.half], engine)
        if verdict != ("right" if outcome.kind.startswith("cmd") else "refused"):
            what = f"{outcome.name}: {outcome.said} -> {outcome.heard}"
            print(f"  {outcome.condition:6}{verdict:12}{outcome.odds(levels[outcome.half]):6.1f}  {what}")


if __name__ == "__main__":
    main()
