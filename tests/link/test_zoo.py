"""The reference conversation with each of the servers of the zoo: every promise holds, all is answered."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from tests.faults.audit import outcome, violations
from tests.faults.story import SCRIPT, TEXT, play
from tests.link.zoo import ZOO


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
