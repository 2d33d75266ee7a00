"""The reference conversation with each of the servers of the zoo: every promise holds, all is answered."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from daemon.core.connection.settings_negotiation import MOST_UPDATES
from tests.scenarios.faults.audit import outcome, violations
from tests.scenarios.faults.story import SCRIPT, TEXT, play
from tests.service.zoo import ZOO, Modest, Strict


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


@pytest.mark.parametrize("name", ZOO)
def test_every_promise_holds_and_everything_is_answered(name: str) -> None:
    run = play([], character=ZOO[name])
    assert violations(run) == []
    assert [outcome(run, each) for each in run.said] == ["answered"] * 4
    done = [call["output"] for _, call in run.house.of("tool")]
    assert done == ["The lamp is on.", "The lamp is off.", "The fan is on.", "The fan is off."]
    heard = [turn["heard_ms"] for _, turn in run.house.of("turn")]
    assert all(heard), "no answer is silent"
    asked = [turn["heard"] for _, turn in run.house.of("turn")]
    assert asked == [*SCRIPT[:3], TEXT, SCRIPT[3]]


@pytest.mark.parametrize("name", ["strict schemas", "strict schemas, not named"])
def test_what_a_strict_server_does_not_take_is_told_and_everything_else_is_there(name: str) -> None:
    run = play([], character=ZOO[name])
    assert list(run.house.machine.connections.sessions.left_out) == [Strict.spoiled]
    assert Strict.spoiled in run.house.app.faults.of_settings()["settings"]
    kinds = [kind for _, _, _, kind in run.network.seen]
    assert kinds.count("session.created") > 1, "there was a rotation"
    assert 1 <= kinds.count("error") < MOST_UPDATES, "it is offered to the first session alone"
    assert "error" not in kinds[kinds.index("response.done") :]


def test_a_server_that_refuses_in_flat_errors_what_it_does_not_know_has_the_rest_at_the_second_try() -> None:
    run = play([], character=Modest)
    assert violations(run) == []
    assert [outcome(run, each) for each in run.said] == ["answered"] * 4
    kinds = [kind for _, _, _, kind in run.network.seen]
    assert kinds.count("error") == kinds.count("session.created")
