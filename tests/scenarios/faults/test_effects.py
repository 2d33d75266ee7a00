"""What fails is logged once, and everything behind it is carried out: no question is lost to an effect."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from enum import Enum
from typing import Any
from unittest import mock

import pytest

from daemon.core.connection.phase import LINK, SESSION, LinkCause, LinkPhase, SessionCause, SessionPhase
from daemon.core.response.phase import RESPONSE, ResponseCause, ResponsePhase
from daemon.core.transitions import TransitionTable
from daemon.core.turn.phase import TURN, TurnCause, TurnPhase
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
    "a step breaks off": "daemon.core.turn.transcripts.Transcripts.transcribed",
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


class Gap(dict[Any, Any]):
    """The edges of a table, of which one is not found the first time that it is looked for."""

    def __init__(self, edges: Mapping[Any, Any], missing: tuple[Enum, Enum]) -> None:
        super().__init__(edges)
        self.missing: tuple[Enum, Enum] | None = missing

    def get(self, edge: Any, default: Any = None) -> Any:
        if edge != self.missing:
            return super().get(edge, default)
        self.missing = None
        return default


@pytest.mark.parametrize(
    ("table", "edge"),
    [
        (LINK, (LinkPhase.WAITING, LinkCause.DIALED)),
        (SESSION, (SessionPhase.CONFIGURING, SessionCause.AGREED)),
        (TURN, (TurnPhase.LISTENING, TurnCause.RELEASED)),
        (TURN, (TurnPhase.WAITING, TurnCause.POSED)),
        (TURN, (TurnPhase.ASKED, TurnCause.ANSWERED)),
        (TURN, (TurnPhase.ANSWERED, TurnCause.INTERRUPTED)),
        (RESPONSE, (ResponsePhase.ASKED, ResponseCause.BEGUN)),
    ],
    ids=str,
)
def test_a_phase_that_has_no_way_on_is_logged_once_and_later_questions_are_answered(
    table: TransitionTable[Any, Any], edge: tuple[Enum, Enum], caplog: pytest.LogCaptureFixture
) -> None:
    edges = Gap(table.edges, edge)
    with mock.patch.object(table, "edges", edges):
        run = play([])
    assert edges.missing is None
    TransitionTable.unknown.clear()
    assert outcome(run, run.said[-1]) == "answered"
    assert run.house.failed == {f"{edge[0]}, {edge[1]}: TransitionError"}
    told = [record for record in caplog.records if "everything else goes on" in record.message]
    assert len(told) == 1


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
