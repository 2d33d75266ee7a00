"""What a server tells in several ways is known from any of them, and counts once."""

from __future__ import annotations

import json
from typing import Any

import pytest
from msgspec.structs import replace

from daemon.core import events as ev
from daemon.core.keys import Keys
from daemon.realtime import events as wire
from daemon.realtime.codec import decode_server
from daemon.realtime.events import Content, Item, Response
from tests.core.rig import Rig

SOUND = b"\1\0" * 24_000
CALL = Item(id="i", type="function_call", call_id="c", name="set_device", arguments='{"device": "lamp"}')


def asked(created: bool = True) -> Rig:
    rig = Rig().start()
    rig.speak()
    if created:
        rig.receive(wire.ResponseCreated(response=Response(id="r", status="in_progress")))
    rig.clear()
    return rig


def over(rig: Rig) -> dict[str, Any]:
    (turn,) = rig.found(ev.TurnOver)
    return turn.turn


def drained(rig: Rig) -> None:
    """Everything that was played has been heard."""
    rig.step(ev.PlaybackDrained(tuple(dict.fromkeys(played.item_id for played in rig.found(ev.Play)))))


TOLD: list[wire.ServerEvent] = [
    wire.ArgumentsDone(response_id="r", item_id="i", call_id="c", name="set_device", arguments="{}"),
    wire.OutputItemDone(response_id="r", item=CALL),
]


@pytest.mark.parametrize("told", TOLD, ids=["arguments", "item"])
@pytest.mark.parametrize("status", ["completed", "", "done"])
@pytest.mark.parametrize("created", [True, False], ids=["created", "not created"])
def test_a_call_that_the_end_of_the_answer_does_not_repeat_is_run(
    told: wire.ServerEvent, status: str, created: bool
) -> None:
    rig = asked(created)
    rig.receive(told)
    assert not rig.found(ev.RunTool), "the answer may be cancelled yet"
    rig.done("r", status=status)
    rig.done("r", status=status)
    (run,) = rig.found(ev.RunTool)
    assert run.name == "set_device"
    rig.step(ev.ToolDone(run.key, "ok"))
    assert [event.item.call_id for event in rig.sent(wire.ItemCreate)] == ["c"]
    assert len(rig.sent(wire.ResponseCreate)) == 1


@pytest.mark.parametrize("status", ["cancelled", "failed", "incomplete"])
def test_a_call_that_was_told_is_not_run_if_the_answer_comes_to_nothing(status: str) -> None:
    rig = asked()
    rig.receive(*TOLD)
    rig.done("r", CALL, status=status)
    assert not rig.found(ev.RunTool)


def test_a_call_that_is_told_in_every_way_is_run_once() -> None:
    rig = asked()
    rig.receive(
        wire.OutputItemAdded(response_id="r", item=Item(id="i", type="function_call", call_id="c", name="x")),
        wire.ArgumentsDelta(response_id="r", item_id="i", call_id="c", delta='{"device"'),
        wire.ArgumentsDelta(response_id="r", item_id="i", call_id="c", delta=': "lamp"}'),
        wire.ArgumentsDone(response_id="r", item_id="i", call_id="c", arguments='{"device": "lamp"}'),
        wire.OutputItemDone(response_id="r", item=CALL),
    )
    rig.done("r", CALL)
    (run,) = rig.found(ev.RunTool)
    assert (run.name, run.arguments) == ("set_device", '{"device": "lamp"}')


@pytest.mark.parametrize("where", ["item", "response", ""])
def test_arguments_that_come_as_an_object_are_kept_nulls_and_all(where: str) -> None:
    item: dict[str, Any] = {"type": "function_call", "name": "n", "arguments": {"a": None, "b": [1, {}]}}
    frame: dict[str, Any] = item | {"type": "response.function_call_arguments.done"}
    if where == "item":
        frame = {"type": "response.output_item.done", "item": item}
    elif where:
        frame = {"type": "response.done", "response": {"output": [item]}}
    event = decode_server(json.dumps(frame))
    match event:
        case wire.ResponseDone(response=Response(output=[Item(arguments=arguments)])):
            pass
        case wire.OutputItemDone(item=Item(arguments=arguments)) | wire.ArgumentsDone(arguments=arguments):
            pass
    assert json.loads(str(arguments)) == {"a": None, "b": [1, {}]}


JOINED = [wire.ItemAdded, wire.ItemCreated, wire.ItemDone]


@pytest.mark.parametrize("told", [*([each] for each in JOINED), JOINED, [*JOINED, *JOINED]], ids=str)
def test_a_call_that_is_told_as_an_item_of_the_conversation_alone_is_run_once(told: list[Any]) -> None:
    rig = asked()
    rig.receive(*[kind(item=CALL) for kind in told])
    rig.done("r")
    rig.receive(*[kind(item=CALL) for kind in told])
    assert [run.arguments for run in rig.found(ev.RunTool)] == [CALL.arguments]


@pytest.mark.parametrize("other", [*TOLD, wire.ResponseDone(response=Response(id="r", output=[CALL]))])
@pytest.mark.parametrize("said", ["the same", "with other names", "in another spelling"])
def test_a_call_that_is_an_item_of_the_conversation_too_is_run_once(
    other: wire.ServerEvent, said: str
) -> None:
    items = {
        "the same": CALL,
        "with other names": Item(type="function_call", name="set_device", arguments=CALL.arguments),
        "in another spelling": replace(CALL, id="x", call_id="y", arguments='{ "device":"lamp" }'),
    }
    rig = asked()
    rig.receive(wire.ItemAdded(item=items[said]), other, wire.ItemDone(item=items[said]))
    rig.done("r")
    assert len(rig.found(ev.RunTool)) == 1


def test_a_call_in_the_conversation_that_is_of_no_answer_or_of_an_earlier_one_is_not_run() -> None:
    rig = asked(created=False)
    rig.receive(wire.ItemDone(item=CALL))
    rig.reply("r", "i", seconds=1.0)
    rig.receive(wire.OutputItemDone(response_id="r", item=CALL))
    rig.edge(True)
    rig.stopped("i", heard_ms=500)
    rig.done("r", CALL, status="cancelled")
    rig.edge(False)
    rig.wait(1)
    rig.speak()
    rig.receive(wire.ResponseCreated(response=Response(id="r2")), wire.ItemDone(item=CALL))
    rig.done("r2")
    assert not rig.found(ev.RunTool)


@pytest.mark.parametrize("key", ["call_deadbeef_7", Keys(lambda: 0.5).new("call")])
def test_a_call_of_the_history_that_comes_back_late_is_not_run_again(key: str) -> None:
    rig = asked()
    rig.receive(wire.ItemAdded(item=replace(CALL, id="anything", call_id=key)))
    rig.done("r")
    assert not rig.found(ev.RunTool)


# ---------------------------------------------------------------- voice and words


def test_late_audio_of_a_foreign_answer_leaves_no_turn_hanging() -> None:
    rig = asked()
    rig.reply("r", "i", seconds=1.0)
    rig.done("r")
    rig.receive(wire.OutputAudioDelta(response_id="of another", item_id="j", delta=SOUND))
    drained(rig)
    assert rig.machine.state == "idle"
    assert over(rig)["heard_ms"] == 1000
    rig.receive(wire.OutputAudioDelta(response_id="of another", item_id="j", delta=SOUND))
    assert rig.machine.state == "idle"


def test_audio_that_names_another_answer_than_its_beginning_does_is_heard_and_ended() -> None:
    rig = asked()
    rig.receive(wire.OutputAudioDelta(response_id="chat_1", item_id="i", delta=SOUND))
    rig.done("r")
    (played,) = rig.found(ev.Play)
    assert rig.found(ev.PlayEnd) == [ev.PlayEnd(played.item_id)]
    drained(rig)
    assert over(rig)["heard_ms"] == 1000
    rig.speak()
    rig.receive(wire.OutputAudioDelta(response_id="chat_1", item_id="i", delta=SOUND))
    assert len(rig.found(ev.Play)) == 1, "it is late now"


def test_what_comes_after_the_end_of_an_answer_is_late() -> None:
    rig = asked()
    rig.reply("r", "i", seconds=1.0)
    rig.done("r")
    rig.receive(wire.OutputAudioDelta(response_id="r", item_id="i", delta=SOUND))
    rig.receive(wire.OutputTranscriptDelta(response_id="r", item_id="i", delta=" No."))
    rig.receive(wire.OutputAudioDone(response_id="r", item_id="i"))
    drained(rig)
    assert over(rig)["reply"] == "Yes."


MESSAGE = Item(
    id="i", type="message", role="assistant", content=[Content(type="output_audio", transcript="It is on.")]
)
PART = Content(type="audio", transcript="It is on.")
ENDS = {
    "the list at the end": lambda rig: rig.done("r", MESSAGE),
    "its item": lambda rig: rig.receive(wire.OutputItemDone(response_id="r", item=MESSAGE)),
    "its part": lambda rig: rig.receive(wire.PartDone(response_id="r", item_id="i", part=PART)),
}


@pytest.mark.parametrize("end", ENDS)
def test_words_that_only_one_end_tells_are_known_and_told_once(end: str) -> None:
    rig = asked()
    rig.receive(wire.OutputAudioDelta(response_id="r", item_id="i", delta=SOUND))
    for told in (end, *ENDS):
        ENDS[told](rig)
    rig.done("r")
    drained(rig)
    assert over(rig)["reply"] == "It is on."
    assert [words.text for words in rig.found(ev.Words)] == ["It is on."]


@pytest.mark.parametrize("wholes", [True, False])
@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_the_words_of_an_item_in_two_parts_are_those_of_both(order: tuple[int, int], wholes: bool) -> None:
    rig = asked()
    rig.receive(wire.OutputAudioDelta(response_id="r", item_id="i", delta=SOUND))
    for part in order:
        for text in ("It", " is"):
            words = wire.OutputTranscriptDelta(item_id="i", response_id="r", content_index=part, delta=text)
            rig.receive(words)
    for part in order[: 2 * wholes]:
        whole = f"It is {part}."
        rig.receive(
            wire.OutputTranscriptDone(item_id="i", response_id="r", content_index=part, transcript=whole)
        )
    rig.done("r")
    drained(rig)
    assert over(rig)["reply"] == ("It is 0. It is 1." if wholes else "It is It is")


def test_words_of_an_item_under_another_name_are_not_said_twice() -> None:
    rig = asked()
    rig.reply("r", "i", text="It is on.")
    rig.done("r", Item(id="other", type="message", content=[Content(transcript="It is on.")]))
    drained(rig)
    assert over(rig)["reply"] == "It is on."


@pytest.mark.parametrize("kind", [wire.OutputTranscriptDone, wire.OutputTextDone])
def test_all_the_words_of_an_item_under_another_name_are_not_said_twice(kind: Any) -> None:
    rig = asked()
    rig.reply("r", "i", text="It is on.")
    words = {"transcript" if kind is wire.OutputTranscriptDone else "text": "It is on."}
    rig.receive(kind(response_id="r", item_id="I", **words))
    rig.receive(kind(response_id="r", item_id="j", **dict.fromkeys(words, "So is the fan.")))
    rig.done("r")
    drained(rig)
    assert over(rig)["reply"] == "It is on. So is the fan."


def test_a_whole_that_is_empty_takes_no_words_back() -> None:
    rig = asked()
    rig.reply("r", "i", text="It is on.")
    rig.receive(wire.OutputTranscriptDone(response_id="r", item_id="i", transcript=""))
    rig.done("r")
    drained(rig)
    assert over(rig)["reply"] == "It is on."


@pytest.mark.parametrize("end", ["part", "item", "response"])
def test_a_voice_that_comes_only_with_the_end_is_heard(end: str) -> None:
    rig = asked()
    whole = Item(id="i", type="message", content=[Content(type="output_audio", audio=SOUND)])
    if end == "part":
        rig.receive(wire.PartDone(response_id="r", item_id="i", part=Content(type="audio", audio=SOUND)))
    elif end == "item":
        rig.receive(wire.OutputItemDone(response_id="r", item=whole))
    rig.done("r", whole)
    assert sum(len(played.pcm) for played in rig.found(ev.Play)) == len(SOUND)
    drained(rig)
    assert over(rig)["heard_ms"] == 1000


def test_the_voice_in_a_part_is_read_from_the_wire() -> None:
    frame = '{"type": "response.content_part.done", "part": {"type": "audio", "audio": "AQACAA=="}}'
    event = decode_server(frame)
    assert isinstance(event, wire.PartDone)
    assert event.part.audio == b"\1\0\2\0"


# ---------------------------------------------------------------- beginnings and ends


@pytest.mark.parametrize("name", ["", "r"])
def test_an_answer_without_a_beginning_can_be_cancelled(name: str) -> None:
    rig = asked(created=False)
    rig.receive(wire.OutputAudioDelta(response_id=name, item_id="i", delta=SOUND * 5))
    rig.edge(True)
    (cancel,) = rig.sent(wire.ResponseCancel)
    assert (cancel.response_id or "") == name


def test_an_end_without_a_name_is_of_the_answer_that_is_under_way() -> None:
    rig = asked()
    rig.reply("r", "i", seconds=1.0)
    rig.receive(wire.ResponseDone(response=Response()))
    drained(rig)
    assert over(rig)["heard_ms"] == 1000
    assert rig.machine.state == "idle"


def test_an_end_without_a_name_that_comes_twice_is_not_the_end_of_the_next_answer() -> None:
    rig = asked()
    rig.receive(
        wire.OutputTextDelta(response_id="r", item_id="i", delta="It is on."),
        *[wire.ResponseDone(response=Response(status="completed"))] * 2,
    )
    assert len(rig.sent(wire.ResponseCreate)) == 1, "it is asked for a voice"
    rig.reply("r2", "i2")
    assert rig.machine.state == "speaking"


def test_an_answer_that_is_nothing_but_an_end_is_one() -> None:
    rig = asked(created=False)
    rig.done("r", CALL)
    assert len(rig.found(ev.RunTool)) == 1


def test_an_item_that_is_never_said_to_end_is_ended_with_the_answer() -> None:
    rig = asked()
    rig.reply("r", "i")
    rig.receive(wire.OutputAudioDelta(response_id="r", item_id="j", delta=SOUND))
    rig.done("r")
    assert len(rig.found(ev.PlayEnd)) == 2


@pytest.mark.parametrize("kind", ["response.created", "response.done"])
def test_a_beginning_or_an_end_of_which_nothing_is_told_is_one(kind: str) -> None:
    for frame in ({"type": kind}, {"type": kind, "response": None}, {"type": kind, "response": "r"}):
        event = decode_server(json.dumps(frame))
        assert isinstance(event, wire.ResponseCreated | wire.ResponseDone)
        assert event.response == Response()


def test_why_an_answer_that_was_cut_has_failed_is_noted_and_not_told_to_the_user() -> None:
    rig = asked()
    rig.reply("r", "i")
    rig.edge(True)
    rig.clear()
    rig.done("r", status="failed")
    assert rig.found(ev.ServerNotice) == [ev.ServerNotice("The answer is failed.")]
    assert not rig.found(ev.UserAlert)
