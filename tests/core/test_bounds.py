"""An answer that is too much of anything is cut off and told once; an unasked one that fails is a remark."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from daemon.core import events as ev
from daemon.core.bounds import (
    MAX_ANSWER_S,
    MAX_CHARACTERS,
    MAX_ITEMS,
    MAX_NAME,
    MAX_PIECES,
    MAX_SOUND_S,
    TOO_LONG,
    Amount,
)
from daemon.core.response.calls import Calls
from daemon.core.response.rounds import MAX_ROUNDS, MOST_ROUNDS
from daemon.core.response.tool_calls import FORBIDDEN_OUTPUT
from daemon.realtime import events as wire
from daemon.realtime.codec import UndecodableFrame, decode_server, encode
from daemon.realtime.events import BYTES_PER_S, Content, Item, Response, ServerEvent, StatusDetails
from tests.core.rig import Rig

R = "resp_flood"


def items() -> Iterator[ServerEvent]:
    for number in range(20_000):
        yield wire.OutputAudioDelta(response_id=R, item_id=f"i{number}", output_index=number, delta=b"\1\0")


def letters() -> Iterator[ServerEvent]:
    for _ in range(100):
        yield wire.OutputTranscriptDelta(response_id=R, item_id="i", delta="a" * (MAX_CHARACTERS // 50))


def arguments() -> Iterator[ServerEvent]:
    for _ in range(100):
        yield wire.ArgumentsDelta(response_id=R, item_id="i", delta="a" * (MAX_CHARACTERS // 50))


def sound() -> Iterator[ServerEvent]:
    minute = bytes(60 * BYTES_PER_S)
    for _ in range(2 * MAX_SOUND_S // 60):
        yield wire.OutputAudioDelta(response_id=R, item_id="i", delta=minute)


def pieces() -> Iterator[ServerEvent]:
    for _ in range(MAX_PIECES + 100):
        yield wire.OutputTranscriptDelta(response_id=R, item_id="i", delta="")


def asked() -> Rig:
    rig = Rig().start()
    rig.step(ev.TextAsked("tell me everything"))
    rig.receive(wire.ResponseCreated(response=Response(id=R, status="in_progress")))
    rig.clear()
    return rig


def calls() -> Iterator[ServerEvent]:
    """All of one item, so that these are no more parts than one."""
    for number in range(20_000):
        yield wire.ArgumentsDone(response_id=R, item_id="i", call_id=f"c{number}", name="n", arguments="{}")


def content() -> Iterator[ServerEvent]:
    item = Item(type="message", id="i", content=[Content(type="output_text", text="")] * MAX_PIECES)
    for _ in range(3):
        yield wire.OutputItemDone(response_id=R, item=item)


def names() -> Iterator[ServerEvent]:
    for _ in range(3):
        item = Item(type="function_call", id="i", name="n" * MAX_CHARACTERS)
        yield wire.OutputItemAdded(response_id=R, item=item)


FLOODS = [items, letters, arguments, sound, pieces, calls, content, names]


@pytest.mark.parametrize("flood", FLOODS)
def test_too_much_of_anything_is_cut_off_and_told_once(flood: Callable[[], Iterator[ServerEvent]]) -> None:
    rig = asked()
    for event in flood():
        rig.receive(event)
    assert len(rig.sent(wire.ResponseCancel)) == 1
    (trouble,) = rig.found(ev.UserAlert)
    assert "cut off" in trouble.message
    assert len(rig.found(ev.Play)) <= MAX_ITEMS
    rig.receive(wire.ResponseDone(response=Response(id=R, status="cancelled")))
    rig.step(ev.PlaybackDrained(()))
    (over,) = rig.found(ev.TurnOver)
    assert over.turn["trouble"] == trouble.message
    assert rig.machine.state == "idle"


def test_an_answer_that_drips_a_word_every_twenty_seconds_ends_by_a_limit_of_its_own() -> None:
    rig = asked()
    began = rig.now
    while not rig.found(ev.UserAlert):
        rig.receive(wire.OutputTranscriptDelta(response_id=R, item_id="i", delta="and "))
        rig.wait(20.0)
    assert MAX_ANSWER_S <= rig.now - began <= MAX_ANSWER_S + 20.0
    assert rig.found(ev.UserAlert) == [ev.UserAlert(TOO_LONG)]
    assert len(rig.sent(wire.ResponseCancel)) == 1


def test_of_an_end_with_twenty_thousand_calls_none_is_run() -> None:
    rig = asked()
    calls = [
        Item(type="function_call", call_id=f"c{number}", name="set_device", arguments="{}")
        for number in range(20_000)
    ]
    rig.receive(wire.ResponseDone(response=Response(id=R, status="completed", output=calls)))
    assert not rig.found(ev.RunTool)
    assert len(rig.found(ev.UserAlert)) == 1


def test_calls_that_four_ways_tell_without_end_are_not_laid_upon_each_other() -> None:
    told = Calls()
    for event in calls():
        told.hear(event)
    assert told.too_many
    assert len(told.all()) <= MAX_ITEMS


@pytest.mark.parametrize(
    "item",
    [
        Item(type="message", id="i", content=[Content(type="output_text", text="a" * (MAX_CHARACTERS + 1))]),
        Item(type="function_call", call_id="c", name="set_device", arguments="1" * (MAX_CHARACTERS + 1)),
        Item(type="function_call", call_id="c", name="n" * (MAX_CHARACTERS + 1), arguments="{}"),
        Item(type="function_call", call_id="c" * (MAX_CHARACTERS + 1), name="set_device", arguments="{}"),
    ],
    ids=["words", "arguments", "name", "id"],
)
def test_what_only_the_end_of_an_answer_tells_is_bounded_too(item: Item) -> None:
    rig = asked()
    rig.receive(wire.ResponseDone(response=Response(id=R, status="completed", output=[item])))
    assert not rig.found(ev.RunTool)
    assert not rig.found(ev.Words)
    (trouble,) = rig.found(ev.UserAlert)
    assert "cut off" in trouble.message
    assert rig.machine.state == "idle"


@pytest.mark.parametrize("inside", ["{}", "[]", '{"type":"message"}', "1"])
def test_a_frame_that_would_take_all_memory_is_left_out(inside: str) -> None:
    parts = ",".join([inside] * 1_000_000)
    for frame in (
        f'{{"type":"response.done","response":{{"id":null,"output":[{parts}]}}}}',
        f'{{"type":"session.updated","session":{{"x":[{parts}]}}}}',
    ):
        assert isinstance(decode_server(frame), UndecodableFrame)
        assert isinstance(decode_server(frame.encode()), UndecodableFrame)


def test_a_large_frame_of_sound_or_words_is_none_of_these() -> None:
    delta = wire.OutputAudioDelta(delta=bytes(4_000_000))
    assert decode_server(encode(delta)) == delta
    whole = wire.OutputTranscriptDone(transcript="a, b. " * (MAX_CHARACTERS // 6))
    assert decode_server(encode(whole)) == whole


@pytest.mark.parametrize("announced", [False, True])
def test_three_thousand_answers_that_fail_and_that_nobody_asked_for_are_no_trouble(announced: bool) -> None:
    rig = Rig().start()
    rig.clear()
    for number in range(3000):
        details = StatusDetails(type="failed", error={"message": "out of quota"})
        response = Response(id=f"r{number}", status="failed", status_details=details)
        if announced:
            rig.receive(wire.ResponseCreated(response=Response(id=response.id)))
        rig.receive(wire.ResponseDone(response=response))
    assert not rig.found(ev.UserAlert)
    assert {each.message for each in rig.found(ev.ServerNotice)} == {
        "The server could not answer: out of quota"
    }


@pytest.mark.parametrize("shape", ["error", "failed"])
def test_an_error_of_twelve_megabytes_is_a_sentence(shape: str) -> None:
    rig, page = asked(), "x" * 12_000_000
    error = {"type": "e", "code": None, "message": page}
    told: Any = (
        {"type": "error", "error": error}
        if shape == "error"
        else {
            "type": "response.done",
            "response": {"id": R, "status": "failed", "status_details": {"error": error}},
        }
    )
    event = decode_server(json.dumps(told))
    assert not isinstance(event, UndecodableFrame)
    rig.receive(event)
    rig.wait(60)
    told = [each.message for each in rig.effects if isinstance(each, ev.UserAlert | ev.ServerNotice)]
    assert told
    assert max(map(len, told)) < 1100


def test_an_answer_that_fails_is_told_to_whoever_asked() -> None:
    rig = asked()
    details = StatusDetails(type="failed", error={"message": "out of quota"})
    rig.receive(wire.ResponseDone(response=Response(id=R, status="failed", status_details=details)))
    assert rig.found(ev.UserAlert) == [ev.UserAlert("The server could not answer: out of quota")]


def test_a_model_that_calls_tools_for_ever_though_it_is_told_not_to_is_not_obeyed() -> None:
    rig = Rig().start()
    rig.speak()
    for number in range(MAX_ROUNDS):
        rig.call(f"c{number}", response=f"r{number}")
        rig.step(ev.ToolDone(rig.found(ev.RunTool)[-1].key, "ok"))
    assert rig.sent(wire.ResponseCreate)[-1].response["tool_choice"] == "none"
    rig.clear()
    rig.call("last", response="last")
    assert not rig.found(ev.RunTool)
    (output,) = [event.item for event in rig.sent(wire.ItemCreate)]
    assert (output.call_id, output.output) == ("last", FORBIDDEN_OUTPUT)


def test_such_a_model_ends_the_turn_and_the_next_one_is_answered() -> None:
    rig = Rig().start()
    rig.speak()
    created = 0
    while not rig.found(ev.TurnOver):
        created += 1
        assert created <= MOST_ROUNDS
        rig.call(f"c{created}", response=f"r{created}")
        for run in rig.found(ev.RunTool):
            rig.step(ev.ToolDone(run.key, "ok"))
        rig.wait(20.0)
    (over,) = rig.found(ev.TurnOver)
    assert len(over.turn["tool_calls"]) == MAX_ROUNDS
    assert over.turn["trouble"]
    rig.clear()
    rig.speak()
    rig.call("next", response="next")
    assert len(rig.found(ev.RunTool)) == 1


def _amount(**counted: int) -> Amount:
    amount = Amount()
    for name, value in counted.items():
        setattr(amount, name, value)
    return amount


@pytest.mark.parametrize(
    ("counted", "most", "told"),
    [
        ("together", MAX_ITEMS, f"{MAX_ITEMS} parts"),
        ("sound_bytes", MAX_SOUND_S * BYTES_PER_S, "20 minutes of sound"),
        ("characters", MAX_CHARACTERS, f"{MAX_CHARACTERS} characters"),
        ("pieces", MAX_PIECES, f"{MAX_PIECES} pieces"),
    ],
)
def test_each_limit_may_be_reached_and_whatever_exceeds_it_is_named(
    counted: str, most: int, told: str
) -> None:
    assert _amount(**{counted: most}).excess == ""
    assert _amount(**{counted: most + 1}).excess == told


def test_names_count_only_where_they_are_long() -> None:
    amount = Amount()
    amount.add(wire.ArgumentsDelta(response_id=R, item_id="i" * MAX_NAME, call_id="c" * (MAX_NAME + 1)))
    assert (amount.characters, amount.pieces, len(amount.items)) == (MAX_NAME + 1, 1, 1)
