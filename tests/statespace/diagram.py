"""How the connection comes from one state to another: for ARCHITECTURE.md, by walking the machine."""

from __future__ import annotations

import pickle
from collections import deque

from tests.statespace.choices import choices, happen
from tests.statespace.walk import digest
from tests.statespace.world import Bounds, World

ENOUGH_STATES = 800
WORDS = {
    "create refused": "the answer is over",
    "done": "the answer is over",
    "due line hard": "the session is worn out",
    "due line retry": "the pause is over",
    "due next configure": "settings not confirmed in 5 s",
    "due next greeting": "no greeting in time",
    "due next seed": "history not confirmed in 3 s",
    "due spare configure": "the brain is there",
    "due turn stall": "no answer in time",
    "failed": "the answer is over",
    "forget": "forget",
    "live lost": "lost",
    "next configured": "settings confirmed",
    "next greeted": "greeted",
    "next knows": "history confirmed",
    "next lost": "lost",
    "next refused": "refused",
    "spare configured": "the brain is there",
    "text": "somebody asks",
}


def table() -> str:
    """One row for each state of the connection."""
    rows: dict[str, dict[str, set[str]]] = {}
    for before, after, name in sorted(_changes()):
        rows.setdefault(before, {}).setdefault(after, set()).add(WORDS[name])
    lines = ["| from | to, and why |", "| --- | --- |"]
    for before, ways in rows.items():
        told = "; ".join(f"**{after}**: {', '.join(sorted(why))}" for after, why in ways.items())
        lines.append(f"| {before} | {told} |")
    return "\n".join(lines)


def _changes() -> set[tuple[str, str, str]]:
    """All that lead from one state of the connection to another, near idle."""
    start = World(Bounds(button=False, texts=1, stages=True, fallback=True))
    known = {digest(start)}
    found: set[tuple[str, str, str]] = set()
    queue = deque([pickle.dumps(start, -1)])
    for _ in range(ENOUGH_STATES):
        packed = queue.popleft()
        for name in choices(pickle.loads(packed)):
            world: World = pickle.loads(packed)
            before = world.machine.link
            happen(world, name)
            if world.machine.link != before:
                found.add((before, world.machine.link, name))
            if digest(world) not in known:
                known.add(digest(world))
                queue.append(pickle.dumps(world, -1))
    return found


if __name__ == "__main__":
    print(table())
