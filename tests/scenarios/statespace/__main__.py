"""Walk until nothing new comes, from several sides, and print what there is."""

from __future__ import annotations

import argparse
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from itertools import repeat

from tests.scenarios.statespace import tables
from tests.scenarios.statespace.bugs import BUGS
from tests.scenarios.statespace.walk import Found, Walk
from tests.scenarios.statespace.world import Bounds

LIMIT = 1_000_000
SIDES = {
    "taps": Bounds(detects=True, tap=True, steady=True),
    "open": Bounds(detects=True, tap=True, open=True),
    "open, full duplex": Bounds(detects=True, tap=True, open=True, duplex=True, steady=True),
    "open, announcements": Bounds(tap=True, open=True, duplex=True, steady=True, texts=1, spoken=True),
    "detection": Bounds(detects=True, steady=True),
    "tools": Bounds(tools=1),
    "writing": Bounds(written=True),
    "queue": Bounds(texts=1),
    "saying": Bounds(texts=1, spoken=True),
    "items": Bounds(items=2),
    "names that come again": Bounds(tools=1, names="again"),
    "no names": Bounds(tools=1, names="none"),
    "wake word": Bounds(wake=True, steady=True),
    "wishes": Bounds(wishes=True),
    "complaints": Bounds(complaints=True),
    "connections": Bounds(button=False, texts=1, stages=True, written=True),
    "fallback": Bounds(button=False, texts=1, stages=True, fallback=True),
}
Edges = dict[str, tuple[str, list[str]]]
say = partial(print, flush=True)


def main() -> int:
    """The exit status is 1 if a promise is broken somewhere, or a planted bug is not found."""
    options = argparse.ArgumentParser(prog="tests.scenarios.statespace", description=__doc__)
    options.add_argument("sides", nargs="*", default=[*SIDES, "bugs"], help=f"of {', '.join(SIDES)}, bugs")
    options.add_argument("--limit", type=int, default=LIMIT, help="give up at so many states")
    options.add_argument("--record", action="store_true", help="keep a way to each edge for `make test`")
    chosen = options.parse_args()
    if unknown := set(chosen.sides) - {*SIDES, "bugs"}:
        options.error(f"There is no side {', '.join(sorted(unknown))}: choose of {', '.join(SIDES)}, bugs.")
    edges: Edges = {}
    # The largest come first: so the processors end together.
    with ProcessPoolExecutor() as processors:
        planted = processors.submit(_plant) if "bugs" in chosen.sides else None
        sides = [name for name in SIDES if name in chosen.sides]
        closed = [
            _told(name, found, edges)
            for name, found in zip(sides, processors.map(_walk, sides, repeat(chosen.limit)), strict=True)
        ]
    if chosen.record:
        tables.record(edges)
    missing = sorted(set(tables.edges()) - edges.keys())
    say(f"\nedges of the tables that did not happen: {'; '.join(missing) or 'none'}")
    all_found = planted is None or planted.result()
    return not all_found or not all(closed) or (bool(missing) and set(chosen.sides) >= set(SIDES))


def _walk(name: str, limit: int) -> Found:
    """On a processor of its own."""
    start = time.monotonic()
    found = Walk(SIDES[name], limit).run(lambda line: say(f"{name}: {line}"))
    say(f"{name}: ended after {time.monotonic() - start:.0f} s")
    return found


def _told(name: str, found: Found, edges: Edges) -> bool:
    """Print it, keep the shortest way to each edge. True if it is closed and nothing is broken."""
    say(f"\n== {name}\n{found}\n")
    for edge, way in found.edges.items():
        if edge not in edges or len(way) < len(edges[edge][1]):
            edges[edge] = name, way
    return found.closed and not found.violations


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
