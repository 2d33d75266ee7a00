"""When a question becomes history, and in which words; what is appended of what changes."""

from __future__ import annotations

from typing import Any

import pytest

from daemon.core.history.history import Called, History, HistoryEntry, Said, lines
from daemon.core.history.turn import Source, ToolCall, Turn
from daemon.core.turn.phase import TurnPhase

SOUND = (b"\1\0" * 100,)


def turn_of(source: Source = "button", **parts: Any) -> Turn:
    return Turn(1, "key", source, TurnPhase.ASKED, **parts)


def asked(source: Source = "button", **parts: Any) -> tuple[History, Turn]:
    history, turn = History(), turn_of(source, **parts)
    history.question(turn)
    return history, turn


@pytest.mark.parametrize("source", ["button", "text"])
def test_what_the_user_said_or_typed_is_a_question(source: Source) -> None:
    history, turn = asked(source, text="lamp on")
    assert history.whole() == [Said("user", "key", "lamp on")]
    assert turn.phase is TurnPhase.ANSWERED


@pytest.mark.parametrize("source", ["say", "server"])
def test_what_nobody_asked_is_none(source: Source) -> None:
    history, turn = asked(source, text="lamp on")
    assert history.whole() == []
    assert turn.phase is TurnPhase.ANSWERED


def test_a_question_is_remembered_once() -> None:
    history, turn = asked(text="lamp on")
    history.question(turn)
    assert len(history.whole()) == 1


def test_words_that_were_heard_come_before_those_that_were_given() -> None:
    history, _ = asked(text="given", heard="heard", spoken=SOUND)
    assert history.whole() == [Said("user", "key", "heard")]


def test_the_sound_of_a_question_without_words_passes_to_the_history() -> None:
    history, turn = asked(spoken=SOUND)
    assert history.whole() == [Said("user", "key", "", SOUND)]
    assert turn.spoken == ()


def test_an_entry_that_changes_twice_is_appended_once() -> None:
    history = History()
    history.assistant("a", "one two")
    history.assistant("a", "one two three four")
    history.heard("a", 1, 2)
    assert history.news() == [Said("assistant", "a", "one two")]
    history.heard("a", 1, 2)
    assert history.news() == [Said("assistant", "a", "one")]


def test_what_is_appended_is_a_copy() -> None:
    history = History()
    history.user("u")
    (news,), (whole,) = history.news(), history.whole()
    history.transcribed("u", "words")
    assert news == whole == Said("user", "u")


def test_the_last_of_two_with_the_same_key_is_meant() -> None:
    history = History()
    history.user("same", "one")
    history.user("same", "two")
    history.called("same", "tool", "1")
    history.called("same", "tool", "2")
    history.transcribed("same", "three")
    history.answered("same", "done")
    assert history.whole() == [
        *(Said("user", "same", "one"), Said("user", "same", "three")),
        *(Called("same", "tool", "1"), Called("same", "tool", "2", "done")),
    ]


def test_words_of_what_is_unknown_change_nothing() -> None:
    history = History()
    history.assistant("a", "one")
    history.transcribed("a", "two")
    history.heard("u", 0, 1)
    history.answered("c", "done")
    assert history.whole() == [Said("assistant", "a", "one")]
    assert not history.urgent


def test_nothing_of_what_is_cleared_is_appended() -> None:
    history = History()
    history.user("u", "secret")
    history.forget()
    assert history.news() == history.whole() == []


def test_only_calls_are_urgent() -> None:
    history = History()
    history.user("u", "one")
    history.note("two")
    assert not history.urgent
    history.called("c", "tool", "{}")
    assert history.urgent
    history.news()
    history.answered("c", "done")
    assert history.urgent


def test_entries_without_a_key_are_each_kept_and_those_with_one_as_they_were_last() -> None:
    entries: list[HistoryEntry] = [
        *(Said("system", "", "one"), Said("system", "", "two")),
        *(Said("user", "k", "three"), Called("k", "tool", "{}", "old")),
        *(Said("assistant", "k", "four"), Called("k", "tool", "{}", "new")),
    ]
    history = History()
    assert history.restore(lines(entries))
    assert history.whole() == [*entries[:3], entries[5], entries[4]]


def test_the_names_of_voiced_0_1_are_no_keys() -> None:
    history = History()
    old = b'[{"type":"said","role":"user","item_id":"i1","text":"on"},' + (
        b'{"type":"called","call_id":"c","name":"n","arguments":"{}","output":"done"},'
        b'{"type":"called","call_id":"c","name":"n","arguments":"{}"}]'
    )
    assert history.restore(old)
    assert [entry.key for entry in history.whole()] == ["", "call_old_1", "call_old_2"]


def test_a_record_tells_times_in_milliseconds_and_the_reply_without_its_gaps() -> None:
    turn = turn_of(text="typed", replies={"a": "One.", "b": "", "c": "Two."})
    turn.times.pressed_at, turn.times.first_frame_at = 1.0, 1.0204
    turn.times.released_at, turn.times.committed_at = 2.0, 2.00314
    turn.times.first_delta_at, turn.times.first_sound_at = 2.5, 2.75
    turn.calls["c"] = ToolCall("c", "tool", "{}", "done")
    record = turn.record()
    assert {name: record[name] for name in record if name.endswith("_ms")} == {
        "heard_ms": 0,
        "press_to_first_frame_ms": 20.4,
        "release_to_commit_ms": 3.1,
        "commit_to_first_delta_ms": 496.9,
        "first_delta_to_sound_ms": 250.0,
    }
    assert (record["reply"], record["heard"], record["trouble"]) == ("One. Two.", "typed", None)
    assert record["tool_calls"] == [{"name": "tool", "arguments": "{}", "output": "done"}]


@pytest.mark.parametrize("known", ["pressed_at", "first_frame_at"])
def test_of_a_time_without_its_end_or_beginning_nothing_is_told(known: str) -> None:
    turn = turn_of(heard="heard", text="typed", trouble="no network")
    setattr(turn.times, known, 1.0)
    assert turn.record()["trouble"] == "no network"
    assert turn.record()["press_to_first_frame_ms"] is None
    assert turn.record()["heard"] == "heard"


@pytest.mark.parametrize(
    ("detected", "taken", "whole"),
    [(True, True, True), (True, False, False), (False, True, False), (False, False, False)],
)
def test_detection_has_taken_all_when_it_is_at_work_and_has_taken_it(
    detected: bool, taken: bool, whole: bool
) -> None:
    assert turn_of(detected=detected, taken=taken).heard_out is whole


@pytest.mark.parametrize(
    ("parts", "unasked"),
    [
        ({}, True),
        ({"replies": {"a": "Hi."}}, False),
        ({"calls": {"c": ToolCall("c", "tool", "{}")}}, False),
        ({"voiced": True}, False),
    ],
)
def test_what_the_server_begins_is_nobodys_until_something_comes_of_it(
    parts: dict[str, object], unasked: bool
) -> None:
    assert turn_of("server", **parts).unasked is unasked
    assert not turn_of("button", **parts).unasked


def test_a_turn_begins_with_nothing_counted_or_told() -> None:
    record = turn_of().record()
    assert {record[name] for name in ("heard", "trouble")} == {None}
    assert (record["number"], record["reply"], record["tool_calls"]) == (1, "", [])
    assert (record["heard_ms"], record["xruns"], set(record["tokens"].values())) == (0, 0, {0})
    assert not record["interrupted"]
    turn = turn_of()
    assert (turn.request_id, turn.remedy, turn.rounds) == (0, 0, 0)
    assert not any((turn.voiced, turn.microphone_missing, turn.speaker_failed, turn.detected, turn.taken))


@pytest.mark.parametrize(
    ("name", "stops"), [("stop_conversation", True), ("Stop Conversation", True), ("set_device", False)]
)
def test_a_call_that_ends_the_conversation_is_known_however_it_is_spelled(name: str, stops: bool) -> None:
    assert ToolCall("c", name, "{}").stops is stops
