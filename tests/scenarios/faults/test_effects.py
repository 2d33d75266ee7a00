"""An effect that fails is logged once, and everything behind it is carried out: no question is lost to it."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from unittest import mock

import pytest

from tests.scenarios.faults.audit import outcome
from tests.scenarios.faults.house import House
from tests.scenarios.faults.story import play

PARTS = {
    "systemd cannot be told": "daemon.service.systemd_notify.notify",
    "nothing can be recorded": "daemon.telemetry.event_log.write",
    "the lamp fails": "daemon.service.status_led.StatusLed.refresh",
    "whoever follows an answer has gone": "daemon.control.handlers.Handlers.words",
    "nothing can be kept": "daemon.service.state_store.StateStore.append",
    "preferences cannot be kept": "daemon.service.state_store.StateStore.prefer",
}


class UnwatchedHouse(House):
    """Whoever watches is told, and then it fails."""

    def publish(self, event: str, **fields: object) -> None:
        super().publish(event, **fields)
        raise RuntimeError("planted")


@pytest.mark.parametrize("part", PARTS.values(), ids=PARTS)
def test_a_part_that_always_fails_costs_no_question(part: str, caplog: pytest.LogCaptureFixture) -> None:
    with mock.patch(part, side_effect=RuntimeError("planted")) as planted:
        run = play([])
    assert planted.called
    assert [outcome(run, each) for each in run.said] == ["answered"] * 4
    told = [record.getMessage() for record in caplog.records if "everything else goes on" in record.message]
    assert len(told) == len(set(told)) == len(run.house.failed)


def test_a_watcher_that_cannot_be_told_costs_no_question() -> None:
    run = play([], home=UnwatchedHouse)
    assert [outcome(run, each) for each in run.said] == ["answered"] * 4
    assert run.house.failed


def test_an_output_that_fails_in_an_unknown_way_is_not_told_as_done() -> None:
    with mock.patch(
        "hardware.gpio.virtual_board.VirtualBoard.write", side_effect=RuntimeError("the chip is on fire")
    ):
        run = play([])
    outputs = [fields["output"] for _, fields in run.house.of("tool")]
    assert outputs
    assert all("the chip is on fire" in output for output in outputs)


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    yield
    logging.disable(logging.NOTSET)
