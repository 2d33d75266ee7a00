"""Names that peers give are known only within what gave them: a connection, an answer, a turn."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable

import pytest

from daemon.audio.jitter_buffer import Cut
from daemon.core import events as ev
from daemon.core.effects import EffectsBuffer
from daemon.core.history.history import History
from daemon.core.keys import Keys
from daemon.core.response.barge_in import CANCEL_S
from daemon.core.response.calls import CallReport, Calls
from daemon.core.turn.transcripts import Transcripts
from daemon.realtime import events as wire
from daemon.realtime.codec import decode_server
from daemon.realtime.events import Content, ErrorDetail, Item, Response
from tests.core.rig import Rig

ID = "call_0"


def call(arguments: str = "{}", call_id: str = ID, item_id: str = "") -> Item:
    return Item(id=item_id, type="function_call", call_id=call_id, name="set_device", arguments=arguments)


def ran(rig: Rig) -> list[str]:
    return [effect.arguments for effect in rig.found(ev.RunTool)]


def answer_tools(rig: Rig) -> None:
    """Every tool that was asked for answers with its own arguments."""
    for each in rig.found(ev.RunTool):
        rig.step(ev.ToolDone(each.key, f"did {each.arguments}"))


def outputs(rig: Rig) -> list[tuple[str, str]]:
    items = [event.item for event in rig.sent(wire.ItemCreate)]
    return [(item.call_id, item.output) for item in items if item.type == "function_call_output"]


def history(rig: Rig) -> list[str]:
    """What a new session would be told, in order."""
    items = rig.machine.history.seed()
    return [str(item.content[0].text) if item.content else f"{item.type} {item.output}" for item in items]


# ---------------------------------------------------------------- calls


def test_the_same_call_id_in_every_turn_runs_once_in_each() -> None:
    rig = Rig().start()
    for number in range(3):
        rig.clear()
        rig.speak()
        rig.receive(wire.ResponseCreated(response=Response(id=f"r{number}")))
        rig.done(f"r{number}", call(f'{{"n": {number}}}'))
        assert ran(rig) == [f'{{"n": {number}}}']
        answer_tools(rig)
        assert outputs(rig) == [(ID, f'did {{"n": {number}}}')]
        rig.reply(f"s{number}", f"i{number}")
        rig.done(f"s{number}")
        rig.step(ev.PlaybackDrained((f"i{number}",)))
    told = [item for item in rig.machine.history.seed() if item.type == "function_call_output"]
    assert [item.output for item in told] == [f'did {{"n": {number}}}' for number in range(3)]
    assert len({item.call_id for item in told}) == 3, "a new session is told of three calls"


def test_two_calls_of_one_id_in_one_answer_both_run_and_are_answered_each() -> None:
    rig = Rig().start()
    rig.speak()
    rig.receive(wire.ResponseCreated(response=Response(id="r")))
    rig.done("r", call('{"device": "lamp"}'), call('{"device": "fan"}'))
    assert ran(rig) == ['{"device": "lamp"}', '{"device": "fan"}']
    answer_tools(rig)
    assert outputs(rig) == [(ID, 'did {"device": "lamp"}'), (ID, 'did {"device": "fan"}')]


def test_a_call_without_any_id_runs_and_is_answered() -> None:
    rig = Rig().start()
    rig.speak()
    rig.receive(wire.ResponseCreated(response=Response()))
    rig.done("", Item(type="function_call", name="set_device", arguments="{}"))
    (run,) = rig.found(ev.RunTool)
    rig.step(ev.ToolDone(run.key, "ok"))
    ((call_id, output),) = outputs(rig)
    assert call_id
    assert output == "ok"


def test_no_key_is_given_twice_by_this_process_or_another() -> None:
    one, other = Keys(lambda: 0.25), Keys(lambda: 0.75)
    keys = [keys.new("call") for keys in (one, other) for _ in range(1000)]
    assert len(set(keys)) == 2000
    assert max(map(len, keys)) <= 32
    assert not one.own(other.new("create"))
    assert not one.own(None)


# ---------------------------------------------------------------- answers


def test_answers_without_a_name_whose_pieces_have_all_the_same_are_heard() -> None:
    rig = Rig().start()
    for number in range(3):
        rig.clear()
        rig.speak()
        rig.receive(wire.ResponseCreated())
        rig.receive(wire.OutputAudioDelta(response_id="r", item_id="i", delta=b"\1\0" * 24_000))
        assert rig.found(ev.Play), number
        rig.done("")
        rig.receive(wire.OutputAudioDelta(response_id="r", item_id="i", delta=b"\1\0" * 24_000))
        assert len(rig.found(ev.Play)) == 1, "what comes after the end is late"
        rig.step(ev.PlaybackDrained(("i",)))
        assert rig.found(ev.TurnOver)


# ---------------------------------------------------------------- items


def play(rig: Rig, item: str, response: str, text: str) -> None:
    rig.reply(response, item, seconds=1.5, text=text)
    rig.done(response)


def test_items_that_are_called_the_same_are_heard_after_one_of_them_was_cut() -> None:
    rig = Rig().start()
    rig.speak()
    rig.reply("r", "item")
    rig.edge(True)
    rig.stopped("item", heard_ms=500)
    cut = rig.keys["item"]
    rig.done("r", status="cancelled")
    rig.edge(False)
    rig.wait(1)
    for _ in range(2):
        rig.clear()
        rig.speak()
        play(rig, "item", "r", "Yes.")
        assert cut not in [played.item_id for played in rig.found(ev.Play)]
        rig.step(ev.PlaybackDrained(("item",)))
        assert rig.found(ev.TurnOver)[-1].turn["heard_ms"] == 1500


def test_the_history_is_in_order_though_every_item_is_called_the_same() -> None:
    rig = Rig().start()
    for number in range(1, 4):
        rig.speak()
        rig.receive(wire.AudioCommitted(item_id="u"))
        rig.receive(wire.TranscriptionCompleted(item_id="u", transcript=f"q{number}"))
        play(rig, "a", "r", f"a{number}")
        rig.step(ev.PlaybackDrained(("a",)))
    assert history(rig) == ["q1", "a1", "q2", "a2", "q3", "a3"]


def test_items_numbered_anew_on_the_next_connection_change_nothing_of_the_past() -> None:
    rig = Rig().start()
    for number in range(1, 3):
        rig.speak()
        rig.receive(wire.AudioCommitted(item_id="item_1"))
        play(rig, "item_2", "resp_1", f"a{number}")
        rig.receive(wire.TranscriptionCompleted(item_id="item_1", transcript=f"q{number}"))
        rig.step(ev.PlaybackDrained(("item_2",)))
        rig.lose()
        rig.connect()
    assert history(rig) == ["q1", "a1", "q2", "a2"]


def test_what_was_heard_is_told_by_the_servers_name_and_only_if_it_gave_one() -> None:
    for name, told in (("item_7", ["item_7"]), ("", [])):
        rig = Rig().start()
        rig.speak()
        rig.reply("r", name, seconds=3)
        rig.edge(True)
        rig.stopped(name or rig.found(ev.Play)[0].item_id, heard_ms=700)
        assert [event.item_id for event in rig.sent(wire.ItemTruncate)] == told


def test_two_items_without_names_are_two() -> None:
    rig = Rig().start()
    rig.speak()
    rig.receive(wire.ResponseCreated(response=Response()))
    for index in (0, 1):
        rig.receive(wire.OutputAudioDelta(output_index=index, delta=b"\1\0" * 2400))
    first, second = (played.item_id for played in rig.found(ev.Play))
    assert first != second


ONE, TWO = "Good evening.", "The lamp is on."


def message(words: str, name: str) -> Item:
    return Item(id=name, type="message", content=[Content(type="output_audio", transcript=words)])


def said(rig: Rig) -> list[str]:
    return [effect.text for effect in rig.found(ev.Words) if effect.who == "assistant"]


def tell(rig: Rig, words: str, name: str, index: int, ways: str) -> None:
    """Of an item in these ways: announced, spoken, in words, the end of its voice, its own end."""
    where = {"response_id": "r", "output_index": index}
    for way in ways:
        match way:
            case "+":
                rig.receive(wire.OutputItemAdded(item=Item(id=name, type="message"), **where))  # type: ignore[arg-type]
            case "s":
                rig.receive(wire.OutputAudioDelta(item_id=name, delta=b"\1\0" * 24_000, **where))  # type: ignore[arg-type]
            case "w":
                rig.receive(wire.OutputTranscriptDone(item_id=name, transcript=words, **where))  # type: ignore[arg-type]
            case "e":
                rig.receive(wire.OutputAudioDone(item_id=name, **where))  # type: ignore[arg-type]
            case "i":
                rig.receive(wire.OutputItemDone(item=message(words, name), **where))  # type: ignore[arg-type]


@pytest.mark.parametrize("listed", [True, False], ids=["listed", "not listed"])
@pytest.mark.parametrize("names", ["xx", "xy", ["", ""]], ids=["one name", "two names", "no names"])
@pytest.mark.parametrize(
    ("ways", "second"),
    [("+swei", 1), ("+swei", 0), ("swei", 1), ("swe", 1), ("wsi", 1), ("+i", 1), ("i", 1), ("+swi", 0)],
)
def test_two_items_of_one_answer_are_two_whatever_they_are_called(
    ways: str, second: int, names: list[str], listed: bool
) -> None:
    rig = Rig().start()
    rig.speak()
    rig.receive(wire.ResponseCreated(response=Response(id="r")))
    tell(rig, ONE, names[0], 0, ways)
    tell(rig, TWO, names[1], second, ways)
    rig.done("r", *(message(ONE, names[0]), message(TWO, names[1])) if listed else ())
    played = [effect.item_id for effect in rig.found(ev.Play)]
    assert len(set(played)) == len(played) == 2 * ("s" in ways)
    assert said(rig) == [ONE, TWO]
    assert [effect.item_id for effect in rig.found(ev.PlayEnd)][:2] == played


@pytest.mark.parametrize("names", [("x", "x"), ("x", "y"), ("", "")], ids=str)
def test_two_items_of_which_only_the_end_of_the_answer_tells_are_two(names: tuple[str, str]) -> None:
    rig = Rig().start()
    rig.speak()
    rig.receive(wire.ResponseCreated(response=Response(id="r")))
    rig.done("r", message(ONE, names[0]), message(TWO, names[1]))
    assert said(rig) == [ONE, TWO]


def test_two_items_whose_names_are_made_up_anew_each_time_are_two() -> None:
    rig = Rig().start()
    rig.speak()
    rig.receive(wire.ResponseCreated(response=Response(id="r")))
    for index, words in enumerate((ONE, TWO)):
        tell(rig, words, f"a{index}", index, "sw")
        tell(rig, words, f"b{index}", index, "i")
    rig.done("r", message(ONE, "c0"), message(TWO, "c1"))
    assert said(rig) == [ONE, TWO]
    assert len(rig.found(ev.Play)) == 2


def test_an_item_that_is_told_at_another_place_at_its_end_is_one() -> None:
    rig = Rig().start()
    rig.speak()
    rig.receive(wire.ResponseCreated(response=Response(id="r")))
    tell(rig, ONE, "x", 0, "swe")
    tell(rig, ONE, "x", 1, "i")
    rig.done("r", call(), message(ONE, "x"))
    assert said(rig) == [ONE]


def test_an_item_of_ours_in_a_new_session_is_not_taken_for_the_servers() -> None:
    """A server that numbers anew says item_1 of something else than the item that it was told of."""
    rig = Rig().start()
    rig.step(ev.TextAsked("tell me a story"))
    rig.reply("resp_1", "item_1", text="Once there was a box")
    rig.done("resp_1")
    story = rig.keys["item_1"]
    rig.lose()
    rig.connect()
    rig.step(ev.PlaybackDrained(("item_1",)))
    rig.step(ev.TextAsked("go on"))
    rig.reply("resp_1", "item_1", text="And it spoke")
    rig.clear()
    rig.edge(True)
    rig.step(ev.PlaybackStopped(Cut(None, 0, (), (rig.keys["item_1"],))))
    rig.done("resp_1", status="cancelled")
    assert [event.item_id for event in rig.sent(wire.ItemDelete)] == ["item_1"]
    assert story not in [event.item_id for event in rig.sent(wire.ItemDelete)]
    assert history(rig) == ["tell me a story", "Once there was a box", "go on"]


# ---------------------------------------------------------------- answers


@pytest.mark.parametrize("name", ["resp", ""])
def test_answers_that_are_all_called_the_same_are_all_heard(name: str) -> None:
    rig = Rig().start()
    for cut in (False, True, False, False):
        rig.clear()
        rig.speak()
        rig.reply(name, "item")
        assert rig.found(ev.Play)
        if cut:
            rig.edge(True)
            rig.stopped("item")
            rig.done(name, status="cancelled")
            rig.edge(False)
            rig.wait(1)
        else:
            rig.done(name)
            rig.step(ev.PlaybackDrained(("item",)))
        assert rig.machine.state == "idle"


def piece(name: str, item: str = "item") -> wire.OutputAudioDelta:
    return wire.OutputAudioDelta(response_id=name, item_id=item, delta=b"\1\0" * 24_000)


@pytest.mark.parametrize("names", [("resp", "resp"), ("", ""), ("resp", "chat"), ("", "chat")], ids=str)
def test_answers_that_are_all_called_the_same_and_never_announced_are_all_heard(
    names: tuple[str, str],
) -> None:
    """`names` are those of the end and of the pieces."""
    rig = Rig().start()
    for cut in (False, True, False, False):
        rig.clear()
        rig.speak()
        rig.receive(piece(names[1]))
        assert rig.found(ev.Play)
        if cut:
            rig.edge(True)
            rig.stopped("item")
            rig.done(names[0], status="cancelled")
            rig.edge(False)
            rig.wait(1)
        else:
            rig.done(names[0])
            rig.receive(piece(names[1]))
            assert len(rig.found(ev.Play)) == 1, "what comes before we ask again is late"
            rig.step(ev.PlaybackDrained(("item",)))
        assert rig.machine.state == "idle"


def test_an_answer_that_was_given_up_is_late_though_none_is_ever_announced() -> None:
    rig = Rig().start()
    rig.speak()
    rig.receive(piece("resp"))
    rig.edge(True)
    rig.stopped("item")
    rig.capture(0.5)
    rig.wait(CANCEL_S)
    rig.edge(False)
    rig.step(ev.CaptureEnded())
    rig.clear()
    rig.receive(piece("resp"))
    assert not rig.found(ev.Play), "it has not ended, and may be the old one"
    rig.receive(piece("other"))
    assert rig.found(ev.Play)


@pytest.mark.parametrize("name", ["resp", ""])
@pytest.mark.parametrize("when", ["at once", "after we have asked again"])
def test_an_end_that_comes_twice_runs_its_calls_once_though_no_answer_is_ever_announced(
    name: str, when: str
) -> None:
    rig = Rig().start()
    rig.speak()
    rig.done(name, call())
    if when == "at once":
        rig.done(name, call())
    answer_tools(rig)
    rig.done(name, call())
    assert len(ran(rig)) == 1
    rig.receive(piece(name))
    assert rig.found(ev.Play)


def test_a_late_piece_of_an_announced_answer_is_late_after_we_have_asked_again() -> None:
    rig = Rig().start()
    rig.speak()
    rig.reply("resp", "item")
    rig.done("resp")
    rig.step(ev.PlaybackDrained(("item",)))
    rig.speak()
    rig.clear()
    rig.receive(piece("resp"))
    assert not rig.found(ev.Play)


def test_a_refusal_of_an_answer_of_long_ago_does_not_end_the_next_turn() -> None:
    rig = Rig().start()
    rig.step(ev.TextAsked("one"))
    (first,) = rig.sent(wire.ResponseCreate)
    rig.reply("r1", "i1")
    rig.done("r1")
    rig.step(ev.PlaybackDrained(("i1",)))
    rig.step(ev.TextAsked("two"))
    late = ErrorDetail(code="invalid_value", event_id=first.event_id, message="No.")
    rig.step(ev.Received(rig.conn, wire.Error(error=late)))
    assert rig.machine.state == "thinking"
    rig.reply("r2", "i2")
    assert rig.machine.state == "speaking"
    assert not rig.found(ev.UserAlert)


def test_a_refusal_of_an_utterance_of_long_ago_does_not_end_the_next_turn() -> None:
    rig = Rig().start()
    rig.speak()
    (first,) = rig.sent(wire.AudioCommit)
    rig.reply("r1", "i1")
    rig.done("r1")
    rig.step(ev.PlaybackDrained(("i1",)))
    rig.speak()
    late = ErrorDetail(code="invalid_value", event_id=first.event_id, message="No.")
    rig.step(ev.Received(rig.conn, wire.Error(error=late)))
    assert not rig.found(ev.UserAlert)
    assert not rig.sent(wire.ResponseCancel)


def test_no_two_events_that_can_be_refused_have_one_name() -> None:
    rig = Rig().start()
    for number in range(3):
        rig.speak()
        rig.call(response=f"r{number}")
        answer_tools(rig)
        rig.reply(f"s{number}", f"i{number}")
        rig.done(f"s{number}")
        rig.step(ev.PlaybackDrained((f"i{number}",)))
    names = [event.event_id for event in rig.sent(wire.ResponseCreate) + rig.sent(wire.AudioCommit)]
    assert len(names) == len(set(names)) == 9


# ---------------------------------------------------------------- what was said


def say(rig: Rig, committed: str | None = None) -> None:
    rig.speak()
    if committed is not None:
        rig.receive(wire.AudioCommitted(item_id=committed))


def test_words_without_a_name_are_those_of_the_last_question_alone() -> None:
    rig = Rig().start()
    for number in range(1, 4):
        say(rig, "")
        rig.receive(wire.TranscriptionCompleted(item_id="", transcript=f"q{number}"))
        play(rig, f"i{number}", f"r{number}", f"a{number}")
        rig.step(ev.PlaybackDrained((f"i{number}",)))
    assert history(rig) == ["q1", "a1", "q2", "a2", "q3", "a3"]
    assert [over.turn["heard"] for over in rig.found(ev.TurnOver)] == ["q1", "q2", "q3"]


def test_words_are_found_though_the_server_never_said_what_it_has_taken() -> None:
    rig = Rig().start()
    say(rig)
    rig.receive(wire.TranscriptionCompleted(item_id="u_17", transcript="is it on"))
    play(rig, "i", "r", "Yes.")
    rig.step(ev.PlaybackDrained(("i",)))
    assert rig.found(ev.TurnOver)[0].turn["heard"] == "is it on"
    assert history(rig) == ["is it on", "Yes."]


def test_words_that_come_late_are_those_of_the_turn_that_they_name() -> None:
    rig = Rig().start()
    for number in (1, 2):
        say(rig, f"u{number}")
        play(rig, f"i{number}", f"r{number}", f"a{number}")
        rig.step(ev.PlaybackDrained((f"i{number}",)))
    for number in (1, 2):
        rig.receive(wire.TranscriptionCompleted(item_id=f"u{number}", transcript=f"q{number}"))
    assert history(rig) == ["q1", "a1", "q2", "a2"]


@pytest.mark.parametrize("committed", [None, ""], ids=["not told what it took", "told without a name"])
@pytest.mark.parametrize("named", [True, False], ids=["named", "not named"])
@pytest.mark.parametrize("count", [2, 3])
def test_words_that_come_late_and_say_not_of_what_are_those_of_the_questions_in_order(
    count: int, named: bool, committed: str | None
) -> None:
    rig = Rig().start()
    for number in range(count):
        say(rig, committed)
        play(rig, f"i{number}", f"r{number}", f"a{number}")
        rig.step(ev.PlaybackDrained((f"i{number}",)))
    for number in range(count):
        name = f"u{number}" if named else ""
        rig.receive(wire.TranscriptionCompleted(item_id=name, transcript=f"q{number}"))
    assert history(rig) == [f"{kind}{number}" for number in range(count) for kind in "qa"]


@pytest.mark.parametrize("named", [True, False], ids=["named", "not named"])
def test_words_that_never_come_shift_no_others_into_another_turn(named: bool) -> None:
    rig = Rig().start()
    for number in range(4):
        say(rig)
        if number != 1:
            name = f"u{number}" if named else ""
            rig.receive(wire.TranscriptionCompleted(item_id=name, transcript=f"q{number}"))
        play(rig, f"i{number}", f"r{number}", f"a{number}")
        rig.step(ev.PlaybackDrained((f"i{number}",)))
    assert [over.turn["heard"] for over in rig.found(ev.TurnOver)] == ["q0", None, "q2", "q3"]
    assert [each for each in history(rig) if each[0] == "q"] == ["q0", "q2", "q3"]


def test_words_that_are_told_anew_are_those_of_the_same_question() -> None:
    rig = Rig().start()
    for number in (1, 2):
        say(rig)
        for words in ("hm", f"q{number}"):
            rig.receive(wire.TranscriptionCompleted(item_id="", transcript=words))
        play(rig, f"i{number}", f"r{number}", f"a{number}")
        rig.step(ev.PlaybackDrained((f"i{number}",)))
    assert history(rig) == ["q1", "a1", "q2", "a2"]


def test_an_acknowledgement_that_was_lost_shifts_no_words_into_another_turn() -> None:
    rig = Rig().start()
    say(rig, None)
    play(rig, "i1", "r1", "a1")
    rig.step(ev.PlaybackDrained(("i1",)))
    say(rig, "u2")
    rig.receive(wire.TranscriptionCompleted(item_id="u2", transcript="q2"))
    play(rig, "i2", "r2", "a2")
    rig.step(ev.PlaybackDrained(("i2",)))
    assert rig.found(ev.TurnOver)[1].turn["heard"] == "q2"


def test_an_acknowledgement_after_the_next_press_is_of_the_question_before() -> None:
    rig = Rig().start()
    rig.speak()
    rig.edge(True)
    rig.receive(wire.AudioCommitted(item_id="u1"))
    rig.receive(wire.TranscriptionCompleted(item_id="u1", transcript="q1"))
    rig.receive(wire.ResponseCreated(response=Response(id="r1")))
    rig.done("r1", status="cancelled")
    rig.capture(0.5)
    rig.wait(0.5)
    rig.edge(False)
    rig.step(ev.CaptureEnded())
    rig.receive(wire.AudioCommitted(item_id="u2"))
    rig.receive(wire.TranscriptionCompleted(item_id="u2", transcript="q2"))
    play(rig, "i2", "r2", "a2")
    assert history(rig) == ["q1", "q2", "a2"]


def test_a_question_that_the_server_has_cut_in_two_has_the_words_of_both() -> None:
    transcripts = Transcripts(EffectsBuffer(Keys(lambda: 0.5)), History())
    assert transcripts.taken("u1", "turn_1") == "turn_1"
    transcripts.sent("turn_1")
    assert transcripts.taken("u2", "turn_1") == "turn_1"
    assert transcripts.told("u2", "the lamp") == ("turn_1", "the lamp")
    assert transcripts.told("u1", "turn on") == ("turn_1", "turn on the lamp")


# ---------------------------------------------------------------- calls that are told in several ways


def names(calls: Iterable[CallReport]) -> list[tuple[str, str]]:
    return [(each.name, each.arguments) for each in calls]


LAMP, FAN = '{"device": "lamp"}', '{"device": "fan"}'


def told(
    calls: Calls, ways: str, arguments: str, index: int = 0, call_id: str = ID, item_id: str = ""
) -> None:
    """The server tells of a call in these ways: added, in pieces, as arguments, as an item."""
    where = {"response_id": "r", "output_index": index}
    item = call(arguments, call_id, item_id)
    ids = {"item_id": item_id, "call_id": call_id}
    for way in ways:
        match way:
            case "+":
                calls.hear(wire.OutputItemAdded(item=call("", call_id, item_id), **where))  # type: ignore[arg-type]
            case "p":
                for piece in (arguments[:5], arguments[5:]):
                    calls.hear(wire.ArgumentsDelta(delta=piece, **ids, **where))  # type: ignore[arg-type]
            case "a":
                calls.hear(wire.ArgumentsDone(arguments=arguments, **ids, **where))  # type: ignore[arg-type]
            case "i":
                calls.hear(wire.OutputItemDone(item=item, **where))  # type: ignore[arg-type]


@pytest.mark.parametrize("ways", ["+p", "+a", "i", "+pa", "+pai", "+pi", "+ii", "++pai"])
@pytest.mark.parametrize("listed", [True, False], ids=["listed", "not listed"])
@pytest.mark.parametrize(
    "ids",
    [(ID, ID, "", ""), ("c1", "c2", "i1", "i2"), ("", "", "i1", "i2"), ("", "", "", ""), (ID, ID, "i", "i")],
)
def test_two_calls_are_two_in_whatever_ways_they_are_told(
    ways: str, listed: bool, ids: tuple[str, ...]
) -> None:
    calls = Calls()
    told(calls, ways, LAMP, 0, ids[0], ids[2])
    told(calls, ways, FAN, 1, ids[1], ids[3])
    output = [call(LAMP, ids[0], ids[2]), call(FAN, ids[1], ids[3])] if listed else []
    assert sorted(names(calls.all(output))) == sorted([("set_device", LAMP), ("set_device", FAN)])


def test_a_call_that_the_list_at_the_end_leaves_out_is_run_all_the_same() -> None:
    calls = Calls()
    told(calls, "+pa", LAMP, 0, "c1", "i1")
    told(calls, "+pa", FAN, 1, "c2", "i2")
    assert names(calls.all([call(LAMP, "c1", "i1")])) == [("set_device", LAMP), ("set_device", FAN)]


def test_a_call_whose_ids_are_made_up_anew_each_time_is_one() -> None:
    calls = Calls()
    told(calls, "a", LAMP, 0, "c1", "i1")
    told(calls, "i", LAMP, 0, "c2", "i2")
    (one,) = calls.all([call(LAMP, "c3", "i3")])
    assert one.call_id == "c3"


SPELLINGS = [
    '{"device": "lamp", "state": "on"}',
    '{"device":"lamp","state":"on"}',
    '{"state":"on","device":"lamp"}',
]


@pytest.mark.parametrize("spellings", list(itertools.product([*SPELLINGS, "", "{}", "null"], repeat=3)))
def test_a_call_is_one_however_its_arguments_are_spelled_and_its_ids_made_up(
    spellings: tuple[str, str, str],
) -> None:
    said = set(spellings) & set(SPELLINGS)
    in_pieces, in_item, at_end = spellings
    calls = Calls()
    told(calls, "a", in_pieces, 0, "c1", "i1")
    told(calls, "i", in_item, 0, "c2", "i2")
    (one,) = calls.all([call(at_end, "c3", "i3")])
    assert json.loads(one.arguments or "{}") == json.loads(SPELLINGS[0] if said else "{}")


def test_what_one_way_leaves_out_another_tells() -> None:
    calls = Calls()
    calls.hear(wire.OutputItemAdded(item=Item(id="i", type="function_call", call_id="c", name="set_device")))
    calls.hear(wire.ArgumentsDone(item_id="i", arguments=LAMP))
    (one,) = calls.all([Item(id="i", type="function_call", arguments="{}")])
    assert (one.call_id, one.name, one.arguments) == ("c", "set_device", LAMP)


def test_arguments_that_are_empty_in_the_beginning_are_those_of_the_pieces() -> None:
    calls = Calls()
    begun = Item(id="i", type="function_call", call_id="c", name="set_device", arguments="{}")
    calls.hear(wire.OutputItemAdded(item=begun))
    for piece in (LAMP[:5], LAMP[5:]):
        calls.hear(wire.ArgumentsDelta(item_id="i", delta=piece))
    (one,) = calls.all()
    assert one.arguments == LAMP


def test_names_that_are_numbers_are_names() -> None:
    frame = """{"type": "response.done", "response": {"id": 7, "output": [
        {"id": 0, "type": "function_call", "call_id": 1, "name": "n", "arguments": {"id": 2}}]}}"""
    event = decode_server(frame)
    assert isinstance(event, wire.ResponseDone)
    (item,) = event.response.output
    assert (event.response.id, item.id, item.call_id, item.arguments) == ("7", "0", "1", '{"id":2}')
