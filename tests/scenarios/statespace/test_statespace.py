"""A part of the walk in each run of the tests, and the planted bugs; `make statespace` walks it all."""

from __future__ import annotations

import pytest

from tests.scenarios.statespace import tables
from tests.scenarios.statespace.__main__ import SIDES
from tests.scenarios.statespace.bugs import BUGS
from tests.scenarios.statespace.choices import happen
from tests.scenarios.statespace.walk import Walk, as_test
from tests.scenarios.statespace.world import Bounds, World


def _silent(told: str) -> None:
    """Nobody watches."""


MEETINGS = {
    "a turn": Bounds(tools=1, texts=1, items=2, wishes=True, written=True),
    "connections": Bounds(tools=1, texts=1, stages=True, fallback=True, written=True, wishes=True),
}
"""What the sides look at one by one, all at once: too much to be walked to its end."""
NEAR = SIDES | {f"{name} with everything": bounds for name, bounds in MEETINGS.items()}


@pytest.mark.parametrize("side", NEAR)
def test_no_promise_is_broken_near_idle(side: str) -> None:
    found = Walk(NEAR[side], limit=400).run(_silent)
    assert found.states >= 400
    assert not found.violations


@pytest.mark.timeout(600)  # it walks some hundred states, and others may want the processor too
@pytest.mark.parametrize("name", BUGS)
def test_a_planted_bug_is_found(name: str) -> None:
    bug = BUGS[name]
    found = bug.look()
    assert found.violations, f"{found.states} states were looked at"


def test_what_is_found_is_a_test_to_paste() -> None:
    text = as_test(Bounds(), "a thing", ("press", "let go soon"))
    tests: dict[str, object] = {"World": World, "Bounds": Bounds, "happen": happen}
    exec(text, tests)
    test = tests["test_not_a_thing"]
    assert callable(test)
    test()


def test_a_way_is_recorded_for_each_edge_of_the_tables() -> None:
    assert sorted(tables.recorded()) == sorted(tables.edges()), "walk the sides again with --record"


@pytest.mark.parametrize("edge", tables.recorded())
def test_each_edge_of_the_tables_happens(edge: str) -> None:
    side, way = tables.recorded()[edge]
    tables.begin()
    world = World(SIDES[side])
    for name in way:
        happen(world, name)
    while not world.idle and world.wait():
        pass
    assert edge in tables.names_of_taken()
