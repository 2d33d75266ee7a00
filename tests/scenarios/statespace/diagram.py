"""How the connection comes from one state to another: for ARCHITECTURE.md, by walking the machine."""

from __future__ import annotations

from tests.scenarios.statespace.__main__ import LIMIT, SIDES
from tests.scenarios.statespace.walk import Walk

WORDS = {
    "create refused": "the answer is over",
    "done": "the answer is over",
    "drained": "the answer was heard",
    "due line hard": "the session is worn out",
    "due line haste": "somebody waits",
    "due line retry": "the pause is over",
    "due next configure": "settings not confirmed in 5 s",
    "due next greeting": "no greeting in 2 s",
    "due next seed": "history not confirmed in 3 s",
    "due next silence": "no word in time",
    "due spare configure": "the brain is there",
    "due turn cancel": "a cancelled answer does not end",
    "due turn drain": "the answer was heard",
    "due turn stall": "no answer in time",
    "failed": "the answer is over",
    "forget": "forget",
    "live lost": "lost",
    "next configured": "settings confirmed",
    "next greeted": "greeted",
    "next knows": "history confirmed",
    "next lost": "lost",
    "next refused": "refused",
    "next rejected": "settings refused",
    "speaker lost": "the speaker failed",
    "spare configured": "the brain is there",
    "text": "somebody asks",
}


def table() -> str:
    """One row for each state of the connection."""
    rows: dict[str, dict[str, set[str]]] = {}
    for before, after, name in sorted(Walk(SIDES["fallback"], LIMIT).run().changes):
        rows.setdefault(before, {}).setdefault(after, set()).add(WORDS[name])
    lines = ["| from | to, and why |", "| --- | --- |"]
    for before, ways in rows.items():
        told = "; ".join(f"**{after}**: {', '.join(sorted(why))}" for after, why in ways.items())
        lines.append(f"| {before} | {told} |")
    return "\n".join(lines)


if __name__ == "__main__":
    print(table())
