"""The tables of phases as ARCHITECTURE.md shows them."""

from __future__ import annotations

from typing import Any

from daemon.core.transitions import TransitionTable
from tests.scenarios.statespace.tables import TABLES


def markdown(table: TransitionTable[Any, Any]) -> str:
    """One row for each phase that can be left."""
    rows: dict[str, dict[str, list[str]]] = {}
    for (phase, cause), following in table.edges.items():
        rows.setdefault(phase.value, {}).setdefault(following.value, []).append(cause.value)
    lines = ["| from | to, and why |", "| --- | --- |"]
    for phase, ways in rows.items():
        told = "; ".join(f"**{following}**: {' / '.join(why)}" for following, why in ways.items())
        lines.append(f"| {phase} | {told} |")
    return "\n".join(lines)


if __name__ == "__main__":
    print("\n\n".join(f"{name}:\n\n{markdown(table)}" for name, table in TABLES.items()))
