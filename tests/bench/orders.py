"""`python -m tests.bench.orders --speech DIR`: what the ear makes of people who order coffee.

DIR holds the clips of the public speech-to-intent benchmark (16 kHz mono) and `labels.json`, which names the
intent and the slots of each. They are heard as they are, and in pink noise and in the babble of synthetic
voices. A near miss is an order heard with a grammar that lacks its drink: nothing may come of it.
"""

from __future__ import annotations

import argparse
import json
import pickle
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np

from daemon.brain.asr.acoustic_model import Scorer, shipped_confusions
from daemon.brain.asr.dictionary import Dictionary
from daemon.brain.asr.ensemble_recognizer import SecondOpinion
from daemon.brain.asr.joint_decision import LEVELS, Proposal, likeliest
from daemon.brain.asr.lexicon import Lexicon
from daemon.brain.asr.phoneme_recognizer import PhonemeRecognizer
from daemon.brain.asr.viterbi import Floats
from tests.bench.coffee import DRINKS, PUBLISHED, Orders, order
from tests.bench.kept import KeptHama, KeptMoonshine, progress
from tests.bench.levels import SHIPPED, Table, show, tally
from tests.bench.outcome import Outcome
from tests.bench.train_confusions import pink_noise, read_clip

NOISES: Final = ("pink", "babble")
LEVELS_DB: Final = (24, 18, 12, 6)
LOUDEST_FRAMES: Final = 2048
TALKERS: Final = 6
FOLDS: Final = 5


@dataclass(frozen=True)
class Condition:
    """A noise, and how far it is below the speech in dB; no noise at all where it has no name."""

    noise: str = ""
    below_db: int = 0

    def __str__(self) -> str:
        return f"{self.noise} {self.below_db} dB" if self.noise else "clean"


@dataclass(frozen=True)
class Clip:
    """One order of one person."""

    path: Path
    slots: Mapping[str, str]
    number: int

    @property
    def drink(self) -> str:
        """What was ordered, without its size and so on."""
        return self.slots["coffeeDrink"]

    @property
    def fold(self) -> str:
        """Nothing tells one person's clips from another's, so the clips are dealt out."""
        return f"people {self.number % FOLDS}"


def clips(folder: Path) -> list[Clip]:
    """Every clip of the folder that has a label."""
    labels = json.loads((folder / "labels.json").read_text("utf-8"))
    return [
        Clip(folder / f"{stem}.wav", label["slots"], number)
        for number, (stem, label) in enumerate(sorted(labels.items()))
    ]


def sound(clip: Clip, condition: Condition, talkers: list[Path]) -> Floats:
    """The samples of a clip in this noise, which its number makes: the same ones every time."""
    samples = read_clip(clip.path)
    if not condition.noise:
        return samples
    random = np.random.default_rng(clip.number)
    pink = condition.noise == "pink"
    noise = pink_noise(len(samples), random) if pink else babble(talkers, len(samples), random)
    ratio = loudest(samples) / loudest(noise) / 10 ** (condition.below_db / 10)
    noisy = samples + noise * np.float32(np.sqrt(ratio))
    return noisy * np.float32(min(1.0, 0.99 / float(np.abs(noisy).max())))


def babble(talkers: list[Path], frames: int, random: np.random.Generator) -> Floats:
    """Six of the clips at once, each begun somewhere and said again and again."""
    mixed = np.zeros(frames, np.float32)
    for number in random.choice(len(talkers), TALKERS, replace=False):
        spoken = read_clip(talkers[number])
        repeated = np.resize(np.roll(spoken, int(random.integers(len(spoken)))), frames)
        mixed += repeated / np.float32(np.sqrt(np.mean(spoken**2)) + 1e-9)
    return mixed


def loudest(samples: Floats) -> float:
    """The energy of the loudest eighth of a second, by which the benchmark mixes its noise."""
    whole = len(samples) // LOUDEST_FRAMES * LOUDEST_FRAMES
    return float((samples[:whole].reshape(-1, LOUDEST_FRAMES) ** 2).sum(axis=1).max())


class Bench:
    """The engines, with what their acoustic models found kept between runs, and the grammars."""

    def __init__(self, cache: Path) -> None:
        model = KeptHama(cache)
        weights = shipped_confusions()
        self._ear = PhonemeRecognizer(
            model, Lexicon(model.spell_out, Dictionary()), Scorer(model.tokens, weights)
        )
        self._second = SecondOpinion(KeptMoonshine(cache))
        self._everything = Orders()
        self._lacking = {drink: Orders(drink) for drink in DRINKS}

    def outcomes(self, chosen: Sequence[Clip], condition: Condition, talkers: list[Path]) -> list[Outcome]:
        """What is found for these clips; a second time with the grammar that lacks the drink of each."""
        found: list[Outcome] = []
        for clip in progress(sorted(chosen, key=lambda clip: clip.drink), str(condition)):
            samples = sound(clip, condition, talkers)
            outcome = Outcome(
                clip.path.stem, "order", str(condition), clip.fold, str(clip.slots), order(clip.slots)
            )
            found.append(outcome.weighed(samples, self._everything, self._ear, self._second))
            missed = replace(outcome, kind="near order", wanted=None)
            found.append(missed.weighed(samples, self._lacking[clip.drink], self._ear, self._second))
        return found


def forced(outcomes: Sequence[Outcome]) -> dict[str, float]:
    """The share of orders that each engine finds when it must choose.

    Moonshine chooses among the phone engine's sentence and its own; both together by the odds.
    """
    choices: dict[str, Callable[[Outcome], Proposal | None]] = {
        "small": lambda outcome: next(iter(outcome.small), None),
        "moonshine": lambda outcome: min(outcome.both, key=lambda each: each.figures[2], default=None),
        "both": lambda outcome: likeliest(outcome.both, LEVELS),
    }
    orders = [outcome for outcome in outcomes if outcome.kind == "order"]
    return {
        engine: sum(outcome.right(choice(outcome)) for outcome in orders) / len(orders)
        for engine, choice in choices.items()
    }


def main() -> None:
    """Measure, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--speech", type=Path, default=Path("../shared/speech/human-orders"))
    parser.add_argument(
        "--voices", type=Path, help="folder of WAV files for the babble (default: the one above)"
    )
    parser.add_argument("--every", type=int, default=1, metavar="N", help="every nth clip alone")
    parser.add_argument("--noisy-every", type=int, default=5, metavar="N", help="of those every nth in noise")
    parser.add_argument("--clean", action="store_true", help="no noise; two minutes with --every 5")
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()) / "voiced-hearing")
    parser.add_argument("--json", type=Path, help="write every figure here too")
    parser.add_argument("--outcomes", type=Path, help="write what was found here, for tests.bench.levels")
    options = parser.parse_args()
    talkers = sorted((options.voices or options.speech.parent).glob("*_cmd2*.wav"))
    chosen = clips(options.speech)[:: options.every]
    bench = Bench(options.cache)
    found = {"clean": bench.outcomes(chosen, Condition(), talkers)}
    for condition in (
        [] if options.clean else [Condition(noise, level) for noise in NOISES for level in LEVELS_DB]
    ):
        found[str(condition)] = bench.outcomes(chosen[:: options.noisy_every], condition, talkers)
    outcomes = [outcome for each in found.values() for outcome in each]
    if options.outcomes:
        options.outcomes.write_bytes(pickle.dumps(outcomes))
    rates = {condition: forced(each) for condition, each in found.items()}
    tables = {
        engine: tally(outcomes, engine, dict.fromkeys((each.fold for each in outcomes), levels))
        for engine, levels in SHIPPED.items()
    }
    report(rates, tables)
    if options.json:
        options.json.write_text(json.dumps({"forced": rates, **tables}, indent=1))


def report(rates: Mapping[str, Mapping[str, float]], tables: Mapping[str, Table]) -> None:
    """The tables, with the published rates of others beside ours."""
    print(f"\n{'forced choice':16}" + "".join(f"{engine:>12}" for engine in rates["clean"]))
    for condition, row in rates.items():
        print(f"  {condition:14}" + "".join(f"{rate:12.3f}" for rate in row.values()))
    print(
        f"\n{'published':16}" + "".join(f"{level:10} dB" for level in LEVELS_DB) + "   in a cafe / a kitchen"
    )
    for peer, published in PUBLISHED.items():
        print(f"  {peer:14}" + "".join(f"{cafe:>8.2f}/{kitchen:.2f}" for cafe, kitchen in published.values()))
    for engine, table in tables.items():
        print(f"\n{engine}, by the rule")
        show(table)


if __name__ == "__main__":
    main()
