"""The tables of phases, which the walk holds against what the code does."""

from __future__ import annotations

import json
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Any, Final

from daemon.core.connection.phase import LINK, SESSION
from daemon.core.response.phase import RESPONSE
from daemon.core.transitions import TransitionTable
from daemon.core.turn.hands_free import HANDS_FREE
from daemon.core.turn.phase import TURN

TABLES: Final[dict[str, TransitionTable[Any, Any]]] = {
    "link": LINK,
    "session": SESSION,
    "turn": TURN,
    "hands free": HANDS_FREE,
    "response": RESPONSE,
}
RECORD: Final = Path(__file__).with_name("edges.json")
"""For each edge a side of the walk and a shortest way that goes it."""


def begin() -> None:
    """No edge has been gone yet."""
    for table in TABLES.values():
        table.taken.clear()


def taken() -> int:
    """How many edges have been gone. One that is not in its table breaks a promise (`World.step`)."""
    return sum(len(table.taken) for table in TABLES.values())


def never_taken() -> set[str]:
    """The edges that nothing has gone."""
    return set(edges()) - set(names_of_taken())


def edges() -> Iterator[str]:
    """All that there are."""
    return (_name(name, *edge) for name, table in TABLES.items() for edge in table.edges)


def names_of_taken() -> Iterator[str]:
    """Those that have been gone."""
    return (_name(name, *edge) for name, table in TABLES.items() for edge in table.taken)


def _name(table: str, phase: Enum, cause: Enum) -> str:
    return f"{table}: {phase.name}, {cause.name}"


def recorded() -> dict[str, tuple[str, list[str]]]:
    """What was recorded the last time."""
    return {edge: (side, way) for edge, (side, way) in json.loads(RECORD.read_text()).items()}


def record(found: dict[str, tuple[str, list[str]]]) -> None:
    """Keep a way for each edge that there is: the one of old, unless this walk has another."""
    known = recorded() | found
    kept = {edge: known[edge] for edge in sorted(edges()) if edge in known}
    lines = [f"{json.dumps(edge)}: {json.dumps(way)}" for edge, way in kept.items()]
    RECORD.write_text("{\n" + ",\n".join(lines) + "\n}\n")
