"""A part of `response.create` that a server refuses costs no answer: it is asked again without that."""

from __future__ import annotations

import pytest

from daemon.core import events as ev
from daemon.realtime import events as wire
from daemon.realtime.events import ErrorDetail
from tests.core.rig import Rig

REFUSALS = [
    ErrorDetail(code="unknown_parameter", message="No.", param="response.output_modalities"),
    ErrorDetail(code="unknown_parameter", message="Unknown parameter: 'response.output_modalities'."),
    ErrorDetail(message="Extra inputs are not permitted", param="response"),
]


def refuse(rig: Rig, error: ErrorDetail, named: bool = True) -> None:
    (*_, create) = rig.sent(wire.ResponseCreate)
    detail = ErrorDetail(code=error.code, message=error.message, param=error.param)
    detail.event_id = create.event_id if named else None
    rig.clear()
    rig.receive(wire.Error(error=detail))


@pytest.mark.parametrize("error", REFUSALS, ids=["param", "words", "all of it"])
def test_what_is_asked_in_vain_with_a_modality_is_asked_without(error: ErrorDetail) -> None:
    rig = Rig().start()
    rig.speak()
    refuse(rig, error)
    assert [event.response for event in rig.sent(wire.ResponseCreate)] == [{}]
    rig.reply()
    rig.done()
    rig.step(ev.PlaybackDrained(("item_1",)))
    (over,) = rig.found(ev.TurnOver)
    assert not over.turn["trouble"]
    assert not rig.found(ev.UserAlert)


@pytest.mark.parametrize("error", REFUSALS[:2], ids=["param", "words"])
def test_a_refusal_that_names_the_part_and_no_event_is_one_too(error: ErrorDetail) -> None:
    rig = Rig().start()
    rig.speak()
    refuse(rig, error, named=False)
    assert [event.response for event in rig.sent(wire.ResponseCreate)] == [{}]


def test_it_is_remembered_on_the_connection_and_on_no_other() -> None:
    rig = Rig().start()
    rig.speak()
    refuse(rig, REFUSALS[0])
    rig.call()
    (run,) = rig.found(ev.RunTool)
    rig.clear()
    rig.step(ev.ToolDone(run.key, "The lamp is on."))
    assert [event.response for event in rig.sent(wire.ResponseCreate)] == [{}]
    rig.lose()
    rig.connect()
    assert rig.sent(wire.ResponseCreate)[-1].response == {"output_modalities": ["audio"]}


@pytest.mark.parametrize("error", REFUSALS, ids=["param", "words", "all of it"])
def test_a_server_that_refuses_the_bare_question_too_ends_the_turn_with_its_words(error: ErrorDetail) -> None:
    rig = Rig().start()
    rig.speak()
    refuse(rig, error)
    refuse(rig, error)
    assert not rig.sent(wire.ResponseCreate)
    (over,) = rig.found(ev.TurnOver)
    assert over.turn["trouble"] == error.message


def test_a_refusal_that_is_about_something_else_is_no_question_again() -> None:
    rig = Rig().start()
    rig.speak()
    refuse(rig, ErrorDetail(code="server_error", message="The model is not loaded."))
    assert not rig.sent(wire.ResponseCreate)
    assert rig.found(ev.TurnOver)


def test_the_first_error_that_names_nothing_is_why_no_answer_comes() -> None:
    rig = Rig().start()
    rig.speak()
    rig.receive(wire.Error(error=ErrorDetail(message="The model is not loaded.")))
    rig.receive(wire.Error(error=ErrorDetail(message="I am busy.")))
    rig.wait(3.0)
    (over,) = rig.found(ev.TurnOver)
    assert over.turn["trouble"] == "The model is not loaded."
