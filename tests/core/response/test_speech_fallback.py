"""Answers that come in writing alone: asked again, read out, spoken by the server, told."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.core import events as ev
from daemon.core.response.speech_fallback import BROKEN, TTS_S, UNREAD
from daemon.realtime import events as wire
from daemon.realtime.events import ErrorDetail, Item, Response, SessionCreated, SessionUpdated
from tests.core.rig import Rig
from tests.core.test_machine import INPUTS, play

SECOND = b"\1\0" * 24_000


def asked(fallback: bool = True) -> Rig:
    """Somebody has asked something."""
    rig = Rig(fallback=fallback).start()
    rig.speak()
    rig.clear()
    return rig


def write(rig: Rig, text: str = "It is on.", number: int = 1) -> None:
    """The server answers in writing alone."""
    rig.receive(
        wire.ResponseCreated(response=Response(id=f"w{number}")),
        wire.OutputTextDelta(response_id=f"w{number}", item_id=f"written_{number}", delta=text),
    )
    rig.done(f"w{number}")


def creates(rig: Rig) -> list[dict[str, Any]]:
    return [event.response for event in rig.sent(wire.ResponseCreate)]


def said(rig: Rig) -> list[object]:
    """What a new session would be told that the assistant has said."""
    items = [item for item in rig.machine.history.seed() if item.role == "assistant" and item.content]
    return [part.text for item in items for part in item.content or []]


def to_the_brain(rig: Rig) -> int:
    """The connection that the machine opened to the brain."""
    (brain,) = [connect.conn for connect in rig.found(ev.Connect) if connect.place == "brain"]
    return brain


def brain_is_there(rig: Rig) -> int:
    brain = to_the_brain(rig)
    rig.step(ev.Connected(brain))
    for event in (SessionCreated(), SessionUpdated()):
        rig.step(ev.Received(brain, event))
    return brain


def brain_says(rig: Rig, brain: int, *events: wire.ServerEvent) -> None:
    for event in events:
        rig.step(ev.Received(brain, event))


def voice(item: str = "read_1", sound: bytes = SECOND) -> wire.OutputAudioDelta:
    return wire.OutputAudioDelta(response_id="resp_b", item_id=item, delta=sound)


DONE = wire.ResponseDone(response=Response(id="resp_b", status="completed"))


def written_twice(fallback: bool = True) -> Rig:
    rig = asked(fallback)
    server = rig.conn
    write(rig, "It is on.", 1)
    write(rig, "It is on now.", 2)
    rig.conn = server
    return rig


def test_a_written_answer_is_deleted_and_asked_for_once_more_as_sound_without_tools() -> None:
    rig = asked()
    write(rig)
    assert [event.item_id for event in rig.sent(wire.ItemDelete)] == ["written_1"]
    assert creates(rig) == [{"output_modalities": ["audio"], "tool_choice": "none"}]
    rig.reply("resp_2", "item_2", text="It is on.")
    rig.done("resp_2")
    rig.step(ev.PlaybackDrained(("item_2",)))
    (over,) = rig.found(ev.TurnOver)
    assert over.turn["reply"] == "It is on."
    assert over.turn["trouble"] is None
    assert said(rig) == ["It is on."]
    assert not [connect for connect in rig.found(ev.Connect) if connect.place == "brain"]


def test_the_second_time_the_offline_voice_reads_it_out_beside_the_server() -> None:
    rig = written_twice()
    assert len(creates(rig)) == 1
    brain = brain_is_there(rig)
    (send,) = [send for send in rig.found(ev.Send) if send.event == rig.sent(wire.ResponseCreate)[-1]]
    assert send.conn == brain
    assert creates(rig)[-1]["metadata"] == {"purpose": "say"}
    assert creates(rig)[-1]["input"][0]["content"][0]["text"] == "It is on now."
    brain_says(rig, brain, voice(), voice(), DONE)
    assert sum(len(played.pcm) for played in rig.found(ev.Play)) == 2 * len(SECOND)
    assert rig.found(ev.PlayEnd)[-1].item_id == rig.keys["read_1"]
    assert ev.Disconnect(brain) in rig.found(ev.Disconnect)
    assert rig.machine.state == "speaking"
    rig.step(ev.PlaybackDrained(("read_1",)))
    (over,) = rig.found(ev.TurnOver)
    assert over.turn["reply"] == "It is on now."
    assert over.turn["heard_ms"] == 2000
    assert over.turn["trouble"] is None
    assert rig.machine.link == "ready"
    assert not rig.found(ev.UserAlert)


def test_the_very_first_turn_may_be_a_typed_one_that_is_read_out() -> None:
    rig = Rig(fallback=True).start()
    rig.step(ev.TextAsked("is the lamp on"))
    write(rig, "It is on.", 1)
    write(rig, "It is on now.", 2)
    brain_says(rig, brain_is_there(rig), voice(), DONE)
    rig.step(ev.PlaybackDrained(("read_1",)))
    (over,) = rig.found(ev.TurnOver)
    assert over.turn["reply"] == "It is on now."


def test_the_server_keeps_a_text_that_was_read_out_and_is_used_for_the_next_turn() -> None:
    rig = written_twice()
    brain = brain_is_there(rig)
    brain_says(rig, brain, voice(), DONE)
    rig.step(ev.PlaybackDrained(("read_1",)))
    assert [event.item_id for event in rig.sent(wire.ItemDelete)] == ["written_1"]
    rig.clear()
    rig.speak()
    assert {send.conn for send in rig.found(ev.Send)} == {rig.conn}


def test_the_offline_voice_reads_out_the_next_turn_too_on_a_connection_of_its_own() -> None:
    rig = written_twice()
    brain_says(rig, brain_is_there(rig), voice(), DONE)
    rig.step(ev.PlaybackDrained(("read_1",)))
    rig.speak()
    write(rig, "It is off.", 3)
    rig.clear()
    write(rig, "It is off now.", 4)
    brain = brain_is_there(rig)
    assert creates(rig)[-1]["input"][0]["content"][0]["text"] == "It is off now."
    brain_says(rig, brain, voice("read_2"), DONE)
    assert rig.found(ev.Play)
    assert ev.Disconnect(brain) in rig.found(ev.Disconnect)


def test_who_interrupts_the_reading_is_believed_to_have_heard_what_was_heard() -> None:
    rig = written_twice()
    brain = brain_is_there(rig)
    brain_says(rig, brain, *[voice()] * 10)
    rig.clear()
    rig.edge(True)
    rig.stopped("read_1", heard_ms=6000)
    assert rig.found(ev.StopPlayback)
    assert ev.Disconnect(brain) in rig.found(ev.Disconnect)
    assert not rig.sent(wire.ItemTruncate)
    assert [event.item_id for event in rig.sent(wire.ItemDelete)] == ["written_2"]
    brain_says(rig, brain, voice(), DONE)
    assert not rig.found(ev.Play)
    assert said(rig) == ["It is"]


def brain_refuses(rig: Rig) -> None:
    rig.step(ev.Disconnected(to_the_brain(rig), 0, "refused"))


def brain_never_opens(rig: Rig) -> None:
    rig.wait(TTS_S)


def brain_says_no(rig: Rig) -> None:
    brain_says(rig, brain_is_there(rig), wire.Error(error=ErrorDetail(code="x", event_id="read")))


def brain_says_nothing(rig: Rig) -> None:
    brain_says(rig, brain_is_there(rig), DONE)


def brain_falls_silent(rig: Rig) -> None:
    brain_is_there(rig)
    rig.wait(TTS_S)


@pytest.mark.parametrize(
    "mishap", [brain_refuses, brain_never_opens, brain_says_no, brain_says_nothing, brain_falls_silent]
)
def test_where_the_offline_voice_cannot_be_had_the_server_speaks_it_outside_the_conversation(
    mishap: Any,
) -> None:
    rig = written_twice()
    mishap(rig)
    assert creates(rig)[-1]["conversation"] == "none"
    assert [send.conn for send in rig.found(ev.Send)][-1] == rig.conn
    rig.reply("resp_3", "item_3", text="It is on now.")
    rig.done("resp_3")
    rig.step(ev.PlaybackDrained(("item_3",)))
    (over,) = rig.found(ev.TurnOver)
    assert over.turn["trouble"] is None
    assert over.turn["reply"] == "It is on now."


def test_where_nobody_can_speak_it_the_user_is_told() -> None:
    rig = written_twice(fallback=False)
    assert not rig.found(ev.Connect)
    write(rig, "It is on now.", 3)
    (over,) = rig.found(ev.TurnOver)
    assert over.turn["reply"] == "It is on now."
    assert over.turn["trouble"] == UNREAD
    assert [trouble.message for trouble in rig.found(ev.UserAlert)] == [over.turn["trouble"]]
    assert said(rig) == []
    assert rig.machine.state == "idle"


def test_a_text_to_be_spoken_that_the_server_only_writes_is_spoken_by_the_offline_voice() -> None:
    rig = Rig(fallback=True).start()
    rig.step(ev.SayAsked("Dinner is ready."))
    rig.clear()
    write(rig, "Dinner is ready!")
    brain_is_there(rig)
    (recital,) = creates(rig)
    assert recital["input"][0]["content"][0]["text"] == "Dinner is ready."
    assert not rig.sent(wire.ItemDelete)


def test_what_the_user_said_to_a_server_without_ids_stays_said() -> None:
    rig = asked()
    rig.receive(
        wire.TranscriptionCompleted(item_id="", transcript="is it on"),
        wire.ResponseCreated(response=Response(id="")),
        wire.OutputTextDelta(delta="It is on."),
    )
    rig.done("")
    assert [item.role for item in rig.machine.history.seed()] == ["user"]


def test_a_second_answer_of_nothing_has_the_first_one_read_out() -> None:
    rig = asked()
    write(rig, "It is on.", 1)
    rig.receive(wire.ResponseCreated(response=Response(id="w2")))
    rig.done("w2")
    brain_is_there(rig)
    assert creates(rig)[-1]["input"][0]["content"][0]["text"] == "It is on."


def test_a_reading_that_breaks_off_is_told_and_not_begun_again() -> None:
    rig = written_twice()
    brain = brain_is_there(rig)
    brain_says(rig, brain, voice())
    rig.clear()
    rig.step(ev.Disconnected(brain, 1006, ""))
    assert rig.found(ev.PlayEnd)
    assert not creates(rig)
    rig.step(ev.PlaybackDrained(("read_1",)))
    assert rig.found(ev.TurnOver)[0].turn["trouble"] == BROKEN


def test_a_reading_goes_on_when_the_server_goes() -> None:
    rig = written_twice()
    brain = brain_is_there(rig)
    brain_says(rig, brain, voice())
    rig.lose()
    assert not rig.found(ev.PlayEnd)
    brain_says(rig, brain, voice(), DONE)
    rig.step(ev.PlaybackDrained(("read_1",)))
    (over,) = rig.found(ev.TurnOver)
    assert over.turn["heard_ms"] == 2000
    assert over.turn["trouble"] is None


def test_a_written_answer_after_a_spoken_remark_and_a_call_is_noticed_too() -> None:
    rig = asked()
    rig.reply(text="One moment.")
    rig.done("resp_1", Item(type="function_call", call_id="c", name="read_device", arguments="{}"))
    rig.step(ev.PlaybackDrained(("item_1",)), ev.ToolDone("c", "The door is open."))
    write(rig, "It is open.")
    assert creates(rig)[-1] == {"output_modalities": ["audio"], "tool_choice": "none"}
    assert len(rig.found(ev.RunTool)) == 1


def test_who_wants_written_answers_gets_them() -> None:
    rig = Rig(modality="text").start()
    rig.step(ev.TextAsked("is it on"))
    write(rig)
    (over,) = rig.found(ev.TurnOver)
    assert over.turn["reply"] == "It is on."
    assert over.turn["trouble"] is None


BRAIN_MOVES = st.sampled_from(["written", "brain there", "brain voice", "brain done", "brain lost"])


@given(st.lists(st.one_of(INPUTS, BRAIN_MOVES.map(lambda move: (move, None))), max_size=40))
def test_whatever_becomes_of_a_written_answer_the_turn_ends(moves: list[tuple[str, object]]) -> None:
    rig = asked()
    numbers = itertools.count(1)
    for move in moves:
        brains = [connect.conn for connect in rig.found(ev.Connect) if connect.place == "brain"]
        if move[0] == "written":
            write(rig, number=next(numbers))
        elif move[0].startswith("brain") and brains:
            rig.step(*happens_there(move[0], brains[-1]))
        elif not move[0].startswith("brain"):
            play(rig, [move])
    rig.wait(3000.0)
    assert rig.machine.state in ("idle", "muted")
    turns = [effect.turn["number"] for effect in rig.found(ev.TurnOver)]
    assert len(turns) == len(set(turns))


def happens_there(move: str, brain: int) -> list[ev.Input]:
    match move:
        case "brain there":
            return [
                ev.Connected(brain),
                ev.Received(brain, SessionCreated()),
                ev.Received(brain, SessionUpdated()),
            ]
        case "brain lost":
            return [ev.Disconnected(brain, 1006, "")]
    return [ev.Received(brain, voice() if move == "brain voice" else DONE)]
