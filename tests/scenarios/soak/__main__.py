"""The soak: a table per hour and a verdict; the exit status is 1 if a promise broke."""

from __future__ import annotations

import argparse
import logging
import sys
import time

from tests.scenarios.soak.day import Hour, live

TURNS = ["hour", "turns", "answered", "told", "lost"]
SESSIONS = ["seamless", "broken", "reconnects", "attempts", "faults"]
HOLDS = ["objects", "tasks", "queued", "fds", "rss_mb"]
FIRST_QUIET_HOUR = 2
MORE_OBJECTS = 200
"""So many objects more are no growth: this table has four an hour, a turn under way some dozens."""


def main() -> int:
    """Live through the hours, print them, judge them."""
    options = argparse.ArgumentParser(prog="tests.scenarios.soak", description=__doc__)
    options.add_argument("--hours", type=int, default=24)
    options.add_argument("--seed", type=int, default=1, help="the same seed gives the same day")
    options.add_argument("--faults", type=int, default=30, help="faults an hour (default: 30)")
    options.add_argument("--fallback", choices=["offline", "none"], default="offline")
    chosen = options.parse_args()
    logging.disable(logging.CRITICAL)
    began, hours = time.perf_counter(), []
    print(*TURNS, *SESSIONS, "|", *HOLDS)
    for hour in live(chosen.hours, chosen.seed, chosen.faults, chosen.fallback):
        hours.append(hour)
        print(row(hour), flush=True)
    broken = [f"hour {hour.number}: {each}" for hour in hours for each in hour.complaints] + growth(hours)
    for each in broken:
        print(f"BROKEN (--seed {chosen.seed} --fallback {chosen.fallback}): {each}")
    print(verdict(hours, broken), f"{time.perf_counter() - began:.0f} s.")
    return bool(broken)


def row(hour: Hour) -> str:
    """One line of the table."""
    became = hour.outcomes
    turns = [hour.turns, became["answered"], became["told"], became["lost"] + became["clipped"]]
    ends = [hour.seamless, hour.broken, hour.reconnects, hour.attempts, hour.faults]
    holds = [] if hour.holds is None else [getattr(hour.holds, name) for name in HOLDS]
    counts = _cells(TURNS + SESSIONS, [hour.number, *turns, *ends])
    return f"{counts} | {_cells(HOLDS, holds)}"


def _cells(names: list[str], figures: list[float]) -> str:
    return " ".join(f"{figure:>{len(name)}}" for name, figure in zip(names, figures, strict=False))


def growth(hours: list[Hour]) -> list[str]:
    """What the last hour holds more than the second one; resident memory is printed, and not judged."""
    measured = [hour.holds for hour in hours[FIRST_QUIET_HOUR - 1 :] if hour.holds is not None]
    if len(measured) < 2:
        return []
    first, last = measured[0], measured[-1]
    allowed = {"objects": MORE_OBJECTS, "tasks": 0, "queued": 0, "fds": 0}
    return [
        f"{name} grew from {getattr(first, name)} to {getattr(last, name)}"
        for name, more in allowed.items()
        if getattr(last, name) > getattr(first, name) + more
    ]


def verdict(hours: list[Hour], broken: list[str]) -> str:
    """One sentence."""
    turns = sum(hour.turns for hour in hours)
    rotations = sum(hour.seamless for hour in hours), sum(hour.broken for hour in hours)
    return (
        f"{len(hours)} hours, {turns} turns, {sum(hour.faults for hour in hours)} faults, rotations: "
        f"{rotations[0]} made before the break, {rotations[1]} after it; {len(broken)} broken promises;"
    )


if __name__ == "__main__":
    sys.exit(main())
