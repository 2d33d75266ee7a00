"""`make fuzz [MINUTES=10] [SEED=...]`: as many inputs as fit into the time, in turn for each target."""

from __future__ import annotations

import argparse
import logging
import random
import sys
import time
from collections import Counter
from pathlib import Path

from tests.scenarios.fuzz.campaign import TARGETS, inputs, kept, tried


def main() -> int:
    """The exit status is 1 where an input breaks a promise."""
    parser = argparse.ArgumentParser(prog="python -m tests.scenarios.fuzz", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2**32))
    parser.add_argument("--target", choices=TARGETS, action="append", help="one or several; all otherwise")
    parser.add_argument("--replay", type=Path, help="try one input that was kept")
    options = parser.parse_args()
    logging.disable(logging.CRITICAL)
    if options.replay:
        return _replay(options.replay)
    return _campaign(options.target or list(TARGETS), options.seed, options.minutes)


def _campaign(names: list[str], seed: int, minutes: float) -> int:
    print(f"seed {seed}", flush=True)
    running = {name: inputs(TARGETS[name], seed) for name in names}
    count: Counter[str] = Counter()
    broken: Counter[str] = Counter()
    until = time.monotonic() + 60 * minutes
    while time.monotonic() < until:
        for name, each in running.items():
            data = next(each)
            count[name] += 1
            if problem := tried(TARGETS[name], data):
                broken[name] += 1
                print(
                    f"{kept(TARGETS[name], data, problem)}\n  seed {seed}, input {count[name] - 1}",
                    flush=True,
                )
    for name in names:
        print(f"{name:14} {count[name]:8} inputs, {broken[name]} broken")
    return 1 if broken else 0


def _replay(path: Path) -> int:
    problem = tried(TARGETS[path.name.partition("-")[0]], path.read_bytes())
    print(problem or "all is well")
    return 1 if problem else 0


sys.exit(main())
