"""Walk until nothing new comes, from several sides, and print what there is."""

from __future__ import annotations

import argparse
import sys
import time
from functools import partial

from tests.scenarios.statespace import tables
from tests.scenarios.statespace.bugs import BUGS
from tests.scenarios.statespace.walk import Walk
from tests.scenarios.statespace.world import Bounds

LIMIT = 1_000_000
SIDES = {
    "tools": Bounds(tools=1),
    "writing": Bounds(written=True),
    "queue": Bounds(texts=1),
    "saying": Bounds(texts=1, spoken=True),
    "items": Bounds(items=2),
    "names that come again": Bounds(tools=1, names="again"),
    "no names": Bounds(tools=1, names="none"),
    "detection": Bounds(detects=True, steady=True),
    "taps": Bounds(detects=True, tap=True, steady=True),
    "open": Bounds(detects=True, tap=True, open=True, steady=True),
    "wishes": Bounds(wishes=True),
    "complaints": Bounds(complaints=True),
    "connections": Bounds(button=False, texts=1, stages=True, written=True),
    "fallback": Bounds(button=False, texts=1, stages=True, fallback=True),
}
say = partial(print, flush=True)


def main() -> int:
    """The exit status is 1 if a promise is broken somewhere, or a planted bug is not found."""
    options = argparse.ArgumentParser(prog="tests.scenarios.statespace", description=__doc__)
    options.add_argument("sides", nargs="*", default=[*SIDES, "bugs"], help=f"of {', '.join(SIDES)}, bugs")
    options.add_argument("--limit", type=int, default=LIMIT, help="give up at so many states")
    options.add_argument("--record", action="store_true", help="keep a way to each edge for `make test`")
    chosen = options.parse_args()
    whole = True
    edges: dict[str, tuple[str, list[str]]] = {}
    for name in chosen.sides:
        say(f"\n== {name}")
        start = time.monotonic()
        if name == "bugs":
            whole &= _plant()
            continue
        found = Walk(SIDES[name], chosen.limit).run(say)
        say(found)
        whole &= found.closed and not found.violations
        edges = {edge: (name, way) for edge, way in found.edges.items()} | edges
        say(f"{time.monotonic() - start:.0f} s")
    if chosen.record:
        tables.record(edges)
    missing = sorted(set(tables.edges()) - edges.keys())
    say(f"\nedges of the tables that did not happen: {'; '.join(missing) or 'none'}")
    return not whole or (bool(missing) and set(chosen.sides) >= set(SIDES))


def _plant() -> bool:
    """Each bug must be found, though the walk ends at the first thing that it finds."""
    missed = 0
    for name, bug in BUGS.items():
        found = bug.look()
        say(f"{name}: {', '.join(found.violations) or 'NOT FOUND'} ({found.states} states)")
        missed += not found.violations
    return not missed


if __name__ == "__main__":
    sys.exit(main())
