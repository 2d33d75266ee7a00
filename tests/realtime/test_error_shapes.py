"""An error is understood in whatever shape it comes, and ends the turn that waits, in its own words."""

from __future__ import annotations

import json
from typing import Any

import pytest

from daemon.core import events as ev
from daemon.core.response.exchange import BEGUN_S, UNBEGUN_S
from daemon.realtime import events as wire
from daemon.realtime.codec import UndecodableFrame, decode_server
from daemon.realtime.events import ErrorDetail
from tests.core.rig import Rig

WORDS = "The model is overloaded."


def decode(event: Any) -> Any:
    return decode_server(json.dumps(event))


SHAPES: list[Any] = [
    {"type": "error", "error": {"type": "server_error", "message": WORDS}},
    {"type": "error", "error": {"message": WORDS, "code": 429, "param": None, "event_id": None}},
    {"type": "error", "error": {"message": WORDS, "type": None, "param": ["session", 3]}},
    {"type": "error", "message": WORDS},
    {"type": "error", "message": WORDS, "code": 500, "event_id": "event_of_the_server"},
    {"type": "error", "error": WORDS},
    {"type": "error", "error": None, "detail": WORDS},
    {"type": "error", "detail": WORDS},
    {"type": "Error", "reason": WORDS},
    {"type": "error", "error": {"error": {"message": WORDS}}},
    {"type": "error", "error": {"error": WORDS}},
    {"type": "error", "error": {"type": "odd", "detail": WORDS}},
    {"error": WORDS},
    {"error": {"message": WORDS, "code": "overloaded"}},
    {"error": {"code": 503, "detail": WORDS}},
    {"type": None, "error": {"message": WORDS}},
    {"type": "server_error", "message": WORDS},
    {"type": "session.error", "error": {"message": WORDS}},
    {"type": "realtime.error", "error": WORDS},
    {"type": "error", "error": [WORDS]},
    {"type": "error", "error": [{"message": WORDS}]},
    {"type": "error", "errors": [{"msg": WORDS}]},
    {"type": "error", "error": {"errors": [{"detail": WORDS}]}},
    {"type": "error", "error": {"error_description": WORDS}},
    {"error": {"title": WORDS, "status": 503}},
    {"errors": [WORDS]},
    {"detail": WORDS},
]


@pytest.mark.parametrize("shape", SHAPES, ids=json.dumps)
def test_an_error_in_any_shape_has_its_words(shape: Any) -> None:
    event = decode(shape)
    assert isinstance(event, wire.Error)
    assert event.error.message == WORDS


@pytest.mark.parametrize(
    "shape",
    [
        {"type": "error", "error": {"fault": {"string": WORDS}}},
        {"type": "error", "status": 503, "hint": WORDS},
        {"detail": [{"loc": ["session"], "msg": WORDS}, {"loc": ["audio"], "msg": "No."}]},
    ],
    ids=json.dumps,
)
def test_an_error_in_a_shape_that_nobody_knows_is_told_whole(shape: Any) -> None:
    event = decode(shape)
    assert isinstance(event, wire.Error)
    assert WORDS in event.error.message


def test_a_code_that_is_a_number_is_a_code() -> None:
    assert decode({"type": "error", "error": {"code": 429, "message": WORDS}}).error.reason == "429"
    assert decode({"type": "error", "code": 429, "message": WORDS}).error.reason == "429"


def test_a_flat_error_may_carry_our_id() -> None:
    assert decode({"type": "error", "message": WORDS, "event_id": "create_1"}).error.event_id == "create_1"


def test_a_flat_error_with_a_type_of_its_own_has_that_as_its_reason() -> None:
    assert decode({"type": "insufficient_quota_error", "message": WORDS}).error.reason == (
        "insufficient_quota_error"
    )


@pytest.mark.parametrize(
    "frame",
    [
        {"type": "error"},
        {"type": "error", "error": None},
        {"type": "error", "error": []},
        {"type": "error", "error": ""},
        {"error": None},
        {"message": WORDS},
        {"type": "terror", "volume": 11},
    ],
    ids=json.dumps,
)
def test_what_says_nothing_is_no_error(frame: Any) -> None:
    assert isinstance(decode(frame), UndecodableFrame)


@pytest.mark.parametrize(
    "details", [WORDS, {"error": WORDS}, {"error": {"message": WORDS}}, {"error": [WORDS]}], ids=json.dumps
)
def test_a_failed_answer_says_why_as_text_too(details: Any) -> None:
    rig = Rig().start()
    rig.step(ev.TextAsked("what time is it"))
    rig.receive(decode({"type": "response.created", "response": {"id": "r"}}))
    response = {"id": "r", "status": "failed", "status_details": details}
    rig.receive(decode({"type": "response.done", "response": response}))
    (over,) = rig.found(ev.TurnOver)
    assert WORDS in over.turn["trouble"]


# ---------------------------------------------------------------- in a turn


@pytest.mark.parametrize("depth", range(900, 1000, 2))
def test_a_failed_answer_may_say_why_in_any_depth(depth: int) -> None:
    rig = Rig().start()
    rig.step(ev.TextAsked("what time is it"))
    before = '{"type":"response.done","response":{"status":"failed","status_details":{"error":{"message":'
    event = decode_server(before + "[" * depth + "]" * depth + "}}}}")
    if not isinstance(event, UndecodableFrame):
        rig.receive(event)
        assert rig.found(ev.UserAlert)


def complained(rig: Rig, **detail: str) -> None:
    rig.receive(wire.Error(error=ErrorDetail(message=WORDS, **detail)))


@pytest.mark.parametrize("event_id", [None, "event_of_the_server", ""])
def test_an_error_that_names_nothing_ends_the_turn_with_its_words(event_id: str | None) -> None:
    rig = Rig().start()
    rig.speak()
    rig.receive(wire.Error(error=ErrorDetail(message=WORDS, event_id=event_id)))
    rig.wait(UNBEGUN_S)
    (over,) = rig.found(ev.TurnOver)
    assert over.turn["trouble"] == WORDS
    assert rig.machine.state == "idle"
    assert rig.machine.link == "ready", "it speaks, so that it is there"


def test_an_error_in_an_answer_that_comes_to_nothing_ends_it_with_its_words() -> None:
    rig = Rig().start()
    rig.speak()
    rig.receive(wire.ResponseCreated(response=wire.Response(id="resp_1")))
    complained(rig)
    rig.wait(BEGUN_S)
    (over,) = rig.found(ev.TurnOver)
    assert over.turn["trouble"] == WORDS
    assert rig.sent(wire.ResponseCancel)


def test_an_error_without_words_ends_the_turn_with_its_code() -> None:
    rig = Rig().start()
    rig.speak()
    rig.receive(wire.Error(error=ErrorDetail(code="overloaded")))
    rig.wait(UNBEGUN_S)
    assert rig.found(ev.TurnOver)[0].turn["trouble"] == "overloaded"


def test_an_error_about_something_else_leaves_the_answer_that_comes_as_it_is() -> None:
    rig = Rig().start()
    rig.speak()
    complained(rig)
    rig.wait(UNBEGUN_S / 2)
    rig.reply()
    rig.wait(UNBEGUN_S + BEGUN_S)
    rig.done()
    rig.step(ev.PlaybackDrained(("item_1",)))
    (over,) = rig.found(ev.TurnOver)
    assert not over.turn["trouble"]


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("item_truncate_invalid_item_id", "No."),
        ("unknown_event", "Unknown event type: input_audio_buffer.clear"),
        ("invalid_value", "conversation.item.truncate is not supported"),
        ("response_cancel_failed", "No."),
    ],
)
def test_an_error_that_says_it_is_about_another_event_shortens_no_wait(code: str, message: str) -> None:
    rig = Rig().start()
    rig.speak()
    rig.receive(wire.Error(error=ErrorDetail(code=code, message=message)))
    rig.wait(UNBEGUN_S + BEGUN_S)
    assert not rig.found(ev.TurnOver)
    rig.reply()
    assert rig.machine.state == "speaking"


def test_errors_on_and_on_make_no_turn_longer_or_shorter() -> None:
    rig = Rig().start()
    rig.speak()
    for _ in range(1000):
        complained(rig)
        rig.wait(UNBEGUN_S / 500)
    (over,) = rig.found(ev.TurnOver)
    assert over.turn["trouble"] == WORDS


def test_an_error_while_nobody_waits_is_no_trouble() -> None:
    rig = Rig().start()
    complained(rig)
    rig.wait(60.0)
    assert not rig.found(ev.UserAlert)
    assert rig.found(ev.ServerNotice)


def test_an_error_while_a_tool_runs_ends_nothing() -> None:
    rig = Rig().start()
    rig.step(ev.TextAsked("turn on the lamp"))
    rig.call()
    complained(rig)
    rig.wait(UNBEGUN_S + BEGUN_S)
    assert not rig.found(ev.TurnOver)


# ---------------------------------------------------------------- while it is configured


def test_a_server_that_answers_each_update_with_an_error_that_names_nothing_makes_no_storm() -> None:
    rig = Rig()
    rig.step(ev.Start())
    rig.receive(wire.SessionCreated())
    answered = 0
    while len(rig.sent(wire.SessionUpdate)) > answered and answered < 100:
        answered += 1
        complained(rig)
    assert answered == 2
    assert rig.machine.link == "ready"
    for _ in range(100):
        complained(rig)
    assert len(rig.sent(wire.SessionUpdate)) == 2
    assert len(rig.found(ev.SettingsRejected)) == 2
