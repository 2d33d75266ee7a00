"""`make mutants`: puts small faults into the pure rooms and prints which of them no test noticed."""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterator
from typing import Final

from tests.bench.mutants.equivalent import EQUIVALENT
from tests.bench.mutants.operators import Mutant, mutants
from tests.bench.mutants.probe import ROOT, TESTS_OF, KnownTest, survey, verdicts

_LEAST_KILLED: Final = 0.92  # of those that can be noticed
_MOST_EQUIVALENT: Final = 0.05


def main() -> int:
    """Probe, print, and return the exit status: 1 where too many survive."""
    options = _options()
    everything = [
        mutant
        for room in TESTS_OF
        for path in sorted((ROOT / room).rglob("*.py"))
        for mutant in mutants(path, ROOT)
        if options.only in mutant.path
    ]
    drawn = sorted(everything, key=lambda each: each.draw(options.seed))[: options.sample]
    print(f"{len(drawn)} of {len(everything)} mutants, seed {options.seed}", flush=True)
    rooms = {room for room in TESTS_OF for each in drawn if each.path.startswith(room)}
    tests, failed = survey(options.tests or [path for room in rooms for path in TESTS_OF[room]])
    print("\n".join(f"fails without a mutant: {each}" for each in sorted(failed)), flush=True)
    return max(_report(drawn, dict(_told(drawn, tests))), int(bool(failed)))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="tests.bench.mutants", description=__doc__)
    parser.add_argument("--sample", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", metavar="PATH", help="mutants of files with this in their path")
    parser.add_argument(
        "--tests", nargs="+", metavar="PATH", help="judge by these tests alone: quick, and strict"
    )
    return parser.parse_args()


def _told(drawn: list[Mutant], tests: list[KnownTest]) -> Iterator[tuple[Mutant, str | None]]:
    begun = time.monotonic()
    for done, (mutant, killer) in enumerate(verdicts(drawn, tests), start=1):
        if killer is None and mutant.name not in EQUIVALENT:
            print(f"survived: line {mutant.line} of {mutant.name}", flush=True)
        if done % 25 == 0:
            print(f"{done} done in {time.monotonic() - begun:.0f} s", flush=True)
        yield mutant, killer


def _report(drawn: list[Mutant], killers: dict[Mutant, str | None]) -> int:
    equivalent = [each for each in drawn if each.name in EQUIVALENT and killers[each] is None]
    noticed = [each for each in drawn if each.name in EQUIVALENT and killers[each] is not None]
    killed = [each for each in drawn if killers[each] is not None]
    per_file = Counter(each.path for each in drawn)
    killed_per_file = Counter(each.path for each in [*killed, *equivalent])
    for path in sorted(per_file):
        print(f"{killed_per_file[path]:4} of {per_file[path]:3}  {path}")
    for each in equivalent:
        print(f"equivalent: {each.name}: {EQUIVALENT[each.name]}")
    for each in noticed:
        print(f"not equivalent, take it off the list: {each.name}: {killers[each]}")
    rate = len(killed) / max(1, len(drawn) - len(equivalent))
    survived = len(drawn) - len(killed) - len(equivalent)
    print(f"{len(killed)} killed, {survived} survived, {len(equivalent)} equivalent: {rate:.1%} killed")
    few = len(equivalent) <= _MOST_EQUIVALENT * len(drawn)
    return int(rate < _LEAST_KILLED or not few or bool(noticed))


if __name__ == "__main__":
    sys.exit(main())
