"""An answer begins, ends and calls in whatever shape a server puts it; what is wrong costs itself alone."""

from __future__ import annotations

import json
from typing import Any

import pytest

from daemon.core import events as ev
from daemon.realtime.codec import UndecodableFrame, decode_server
from daemon.realtime.events import Json, ResponseDone
from tests.core.rig import Rig

CALL: Json = {"type": "function_call", "id": "i", "call_id": "c", "name": "set_device", "arguments": "{}"}
WORDS = "The model is overloaded."


def receive(rig: Rig, *frames: Any) -> None:
    """The server sends these, as JSON."""
    for frame in frames:
        event = decode_server(json.dumps(frame))
        assert not isinstance(event, UndecodableFrame), event
        rig.receive(event)


def asked() -> Rig:
    rig = Rig().start()
    rig.speak()
    receive(rig, {"type": "response.created", "response": {"id": "r"}})
    rig.clear()
    return rig


def ran(rig: Rig) -> list[tuple[str, str]]:
    return [(run.name, run.arguments) for run in rig.found(ev.RunTool)]


def trouble(rig: Rig) -> str:
    (over,) = rig.found(ev.TurnOver)
    return str(over.turn["trouble"])


def done(**response: Any) -> Json:
    return {"type": "response.done", "response": {"id": "r", "status": "completed", **response}}


# ---------------------------------------------------------------- how an answer ended


@pytest.mark.parametrize(
    "status",
    [
        *("Cancelled", "CANCELED", "cancelling", "interrupted", "aborted", "user_aborted", "stopped"),
        *("FAILED", "failure", "error", "errored", "expired", "timeout", "timed_out", "rejected"),
        *("Incomplete", "incompleted", "truncated", "partial", "length", "content_filter"),
    ],
)
def test_nothing_of_an_answer_that_was_broken_off_is_run_however_that_is_spelled(status: str) -> None:
    rig = asked()
    receive(rig, {"type": "response.output_item.done", "response_id": "r", "item": CALL})
    receive(rig, done(status=status, output=[CALL]))
    assert ran(rig) == []
    assert rig.machine.state == "idle"


@pytest.mark.parametrize(
    "status",
    ["Completed", "complete", "success", "succeeded", "done", "finished", "ok", "in_progress", 0, True, {}],
)
def test_an_answer_that_came_to_its_end_is_acted_upon_however_that_is_spelled(status: Any) -> None:
    rig = asked()
    receive(rig, done(status=status, output=[CALL]))
    assert ran(rig) == [("set_device", "{}")]


@pytest.mark.parametrize("name", ["response.completed", "response.done"])
def test_an_end_by_another_name_or_flat_is_one(name: str) -> None:
    for frame in (
        {"type": name, "response": {"id": "r", "status": "completed", "output": [CALL]}},
        {"type": name, "response_id": "r", "output": [CALL]},
        {"type": name, "response": None, "status": "completed", "output": CALL},
    ):
        rig = asked()
        receive(rig, frame)
        assert ran(rig) == [("set_device", "{}")]


@pytest.mark.parametrize("name", ["response.failed", "response.incomplete", "response.cancelled"])
def test_an_answer_that_ends_otherwise_under_another_name_is_over_at_once(name: str) -> None:
    whole = {"response": {"id": "r", "status": "completed", "output": [CALL]}}
    for inside in (whole, {"response_id": "r"}, {}):
        rig = asked()
        receive(rig, {"type": name, **inside})
        assert ran(rig) == []
        assert rig.machine.state == "idle"


@pytest.mark.parametrize(
    "frame",
    [
        done(status="failed", error={"code": 503, "message": WORDS}),
        done(status="failed", status_details=None, error=WORDS),
        {"type": "response.failed", "error": {"message": WORDS}},
        {"type": "response.failed", "response": {"id": "r", "error": WORDS}},
        {"type": "response.done", "status": "failed", "status_details": {"error": {"message": WORDS}}},
    ],
    ids=json.dumps,
)
def test_why_an_answer_failed_is_told_wherever_it_stands(frame: Json) -> None:
    rig = asked()
    receive(rig, frame)
    assert WORDS in trouble(rig)


def test_an_answer_that_is_named_outside_of_itself_is_cancelled_by_that_name() -> None:
    rig = Rig().start()
    rig.speak()
    receive(rig, {"type": "response.created", "response_id": "r"})
    rig.edge(True)
    cancels = [event.response_id for event in rig.sent() if type(event).__name__ == "ResponseCancel"]
    assert cancels == ["r"]


# ---------------------------------------------------------------- what is in it


@pytest.mark.parametrize("odd", ["x", 5, None, True, [CALL], 0.5])
def test_one_item_that_is_none_costs_no_other(odd: Any) -> None:
    rig = asked()
    receive(rig, done(output=[odd, CALL, odd]))
    assert ran(rig) == [("set_device", "{}")]


def test_many_items_that_are_none_cost_no_other() -> None:
    rig = asked()
    receive(rig, done(output=[*range(100), CALL, *"abc" * 100]))
    assert ran(rig) == [("set_device", "{}")]


def test_one_item_that_is_put_wrongly_costs_no_other_its_content() -> None:
    spoken = {"type": "message", "content": [{"type": "output_audio", "transcript": "It is on."}, 7]}
    odd = {"type": "message", "content": 5, "status": ["odd"]}
    event = decode_server(json.dumps(done(output=[odd, spoken])))
    assert isinstance(event, ResponseDone)
    first, second = event.response.output
    assert not first.content
    assert [part.transcript for part in second.content or []] == ["It is on."]


def test_content_that_is_the_words_alone_is_read() -> None:
    rig = asked()
    receive(rig, done(output=[{"type": "message", "id": "i", "content": "It is on."}]))
    assert [words.text for words in rig.found(ev.Words)] == ["It is on."]


@pytest.mark.parametrize("arguments", [5, True, 1.5, [{"device": "lamp"}]])
def test_arguments_that_are_no_object_are_not_taken_for_none(arguments: Any) -> None:
    rig = asked()
    receive(rig, done(output=[{**CALL, "arguments": arguments}]))
    assert [json.loads(said) for _, said in ran(rig)] == [arguments]


def test_a_value_of_the_wrong_kind_in_a_table_costs_itself() -> None:
    event = decode_server(json.dumps(done(metadata={"a": 1, "b": "kept"}, output=[CALL])))
    assert isinstance(event, ResponseDone)
    assert event.response.metadata == {"b": "kept"}


# ---------------------------------------------------------------- names


@pytest.mark.parametrize("flat", [False, True], ids=["inside", "flat"])
def test_an_answer_that_is_called_0_is_heard_as_often_as_it_comes(flat: bool) -> None:
    rig = Rig().start()
    for number in range(3):
        rig.clear()
        rig.speak()
        name = {"response_id": 0} if flat else {"response": {"id": 0}}
        receive(
            rig,
            {"type": "response.created", **name},
            {"type": "response.output_audio.delta", "response_id": 0, "item_id": 0, "delta": "AAAA" * 1000},
            {"type": "response.done", **name},
        )
        assert rig.found(ev.Play), number
        rig.step(ev.PlaybackDrained(("0",)))
        assert trouble(rig) == "None"
