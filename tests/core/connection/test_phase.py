"""The tables of phases: whole, and the only way from one phase to another."""

from __future__ import annotations

from typing import Any

import pytest

from daemon.core.connection.phase import LINK, SESSION, USABLE, LinkPhase, SessionCause, SessionPhase
from daemon.core.transitions import TransitionTable


@pytest.mark.parametrize(
    ("table", "first"), [(SESSION, SessionPhase.DIALING), (LINK, LinkPhase.WAITING)], ids=["session", "link"]
)
def test_every_phase_is_reached_from_the_first(table: TransitionTable[Any, Any], first: Any) -> None:
    reached = {first}
    while news := {to for (since, _), to in table.edges.items() if since in reached} - reached:
        reached |= news
    assert reached == set(first.__class__)


def test_only_a_session_that_never_says_a_word_has_no_way_on() -> None:
    assert set(SessionPhase) - {phase for phase, _ in SESSION.edges} == {SessionPhase.UNRESPONSIVE}


def test_a_session_that_can_be_used_can_always_be_used() -> None:
    assert all(to in USABLE for (phase, _), to in SESSION.edges.items() if phase in USABLE)


def test_what_a_table_does_not_know_leaves_the_phase_is_noted_and_is_not_taken() -> None:
    edge = (SessionPhase.SEEDED, SessionCause.GREETED)
    assert SESSION.after(*edge) is SessionPhase.SEEDED
    assert TransitionTable.unknown == {edge}
    TransitionTable.unknown.clear()
    assert edge not in SESSION.taken
    assert not SESSION.allows(*edge)
