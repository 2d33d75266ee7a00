"""The walk: every fault at every event of the reference conversation, one by one; then plans of several."""

from __future__ import annotations

import argparse
import itertools
import os
import random
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from multiprocessing import Pool
from pathlib import Path

from tests.scenarios.faults import matrix
from tests.scenarios.faults.network import (
    AWAY,
    CORRUPTIONS,
    CUTS,
    HANDSHAKES,
    SERVER_ERRORS,
    Direction,
    Fault,
)
from tests.scenarios.faults.shapes import SHAPES
from tests.scenarios.faults.story import play
from tests.scenarios.faults.verdict import Verdict, judge

OUT = Path("out/faults.html")
MOST_SHOWN = 40
PROGRESS = 500
AUDIO = {"response.output_audio.delta", "input_audio_buffer.append"}


def singles() -> list[str]:
    """Every fault at every event in every phase; of a run of audio frames the first, middle and last."""
    calm = play([])
    runs: dict[tuple[Direction, str, str], list[int]] = defaultdict(list)
    counts: Counter[tuple[Direction, str]] = Counter()
    for at, _, direction, event in calm.network.seen:
        counts[direction, event] += 1
        runs[direction, event, calm.phase(at)].append(counts[direction, event])
    plans = []
    for (direction, event, _), numbers in runs.items():
        few = [numbers[0], numbers[len(numbers) // 2], numbers[-1]] if event in AUDIO else numbers[:1]
        for kind, nth in itertools.product(_kinds(direction, event), sorted(set(few))):
            plans.append(str(Fault(kind, direction, event, nth)))
    return plans


def _kinds(direction: Direction, event: str) -> Iterator[str]:
    """What a network does, and from the server what a bad server does: TCP alters no single frame."""
    yield from CUTS
    yield from HANDSHAKES
    yield from AWAY
    yield from ("hold", "delay", "jump")
    if direction == "client":
        return
    yield from ("duplicate", "drop", "reorder")
    for kind in CORRUPTIONS:
        if kind not in ("garbage", "odd") or event in AUDIO:
            yield kind
    yield from (kind for kind, (_, fits) in SHAPES.items() if fits(event))
    yield from SERVER_ERRORS


def several(count: int, seed: int, plans: list[str]) -> list[str]:
    """Seeded plans of two to four faults."""
    rng = random.Random(seed)
    return ["+".join(rng.sample(plans, rng.randint(2, 4))) for _ in range(count)]


def main() -> int:
    """Walk; the exit status is 1 if a promise was broken."""
    options = argparse.ArgumentParser(prog="tests.scenarios.faults", description=__doc__)
    options.add_argument("--plan", help="replay one plan and say what broke")
    options.add_argument("--plans", type=int, default=500, help="plans of several faults (default: 500)")
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--every", type=int, default=1, help="take every nth single fault only")
    chosen = options.parse_args()
    if chosen.plan is not None:
        verdict = judge(chosen.plan)
        print(verdict)
        return bool(verdict.broken)
    alone = singles()
    plans = alone[:: chosen.every] + several(chosen.plans, chosen.seed, alone)
    print(f"{len(alone[:: chosen.every])} single faults, {chosen.plans} plans of several ...", flush=True)
    began = time.monotonic()
    verdicts = _judged(plans)
    _report(verdicts, time.monotonic() - began)
    return any(verdict.broken for verdict in verdicts)


def _judged(plans: list[str]) -> list[Verdict]:
    """All of them, on every processor."""
    verdicts: list[Verdict] = []
    with Pool(os.cpu_count()) as pool:
        for verdict in pool.imap(judge, plans, chunksize=8):
            verdicts.append(verdict)
            if len(verdicts) % PROGRESS == 0:
                print(f"{len(verdicts)} of {len(plans)}", flush=True)
    return verdicts


def _report(verdicts: list[Verdict], seconds: float) -> None:
    broken = [verdict for verdict in verdicts if verdict.broken]
    outcomes = Counter(each for verdict in verdicts for each in verdict.outcomes)
    print(matrix.as_text(verdicts))
    matrix.as_html(verdicts, OUT)
    for verdict in broken[:MOST_SHOWN]:
        print(f"BROKEN [{verdict.phase}] --plan '{verdict.plan}': {'; '.join(verdict.broken)}")
    several = sum(1 for verdict in verdicts if len(verdict.kinds) > 1)
    print(f"{len(verdicts) - several} single faults and {several} plans in {seconds:.0f} s; {dict(outcomes)}")
    print(f"{len(broken)} runs with a broken promise. See {OUT}.")


if __name__ == "__main__":
    sys.exit(main())
