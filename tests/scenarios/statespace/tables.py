"""The tables of phases, which the walk holds against what the code does."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from daemon.core.connection.phase import LINK, SESSION
from daemon.core.transitions import TransitionTable

TABLES: Final[dict[str, TransitionTable[Any, Any]]] = {"link": LINK, "session": SESSION}


def begin() -> None:
    """No edge has been gone yet."""
    for table in TABLES.values():
        table.taken.clear()


def never_taken() -> Iterator[str]:
    """Edges that nothing has gone since. One that is not in its table is an error where it is gone."""
    for name, table in TABLES.items():
        for phase, cause in table.edges.keys() - table.taken:
            yield f"{name}: {phase.name}, {cause.name}"
