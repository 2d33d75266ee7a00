"""Turns, as traces of what happened and what was asked for."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from daemon.core import events as ev
from daemon.core.response.barge_in import CANCEL_S
from daemon.core.response.speech_fallback import BROKEN
from daemon.realtime import events as wire
from daemon.realtime.events import ErrorDetail, Item, Response
from tests.core.rig import Rig


def kinds(events: Sequence[object]) -> list[str]:
    return [type(event).__name__ for event in events]


def test_a_turn_from_the_press_to_the_last_sample_heard() -> None:
    rig = Rig().start()
    rig.edge(True)
    assert rig.machine.state == "listening"
    assert kinds(rig.effects) == ["Send", "SetCapture", "StateChanged"]
    rig.capture(0.5)
    rig.wait(0.5)
    rig.edge(False)
    assert rig.found(ev.SetCapture)[-1] == ev.SetCapture(False)
    rig.step(ev.CaptureEnded())
    assert kinds(rig.sent()) == ["AudioClear", "AudioCommit", "ResponseCreate"]
    assert sum(len(event.audio) for event in rig.sent(wire.AudioAppend)) == 24_000
    rig.reply()
    assert rig.machine.state == "speaking"
    rig.receive(wire.TranscriptionCompleted(item_id="", transcript="is it on"))
    rig.done()
    assert rig.machine.state == "speaking"
    rig.step(ev.PlaybackDrained(("item_1",)))
    assert rig.machine.state == "idle"
    (over,) = rig.found(ev.TurnOver)
    assert over.turn["heard_ms"] == 2000
    assert over.turn["reply"] == "Yes."
    assert not over.turn["interrupted"]


def test_the_answer_is_kept_until_it_has_been_heard_not_until_it_has_come() -> None:
    rig = Rig().start()
    rig.speak()
    rig.reply()
    rig.done()
    assert not rig.found(ev.TurnOver)


def test_a_tap_is_no_turn() -> None:
    rig = Rig().start()
    rig.edge(True)
    rig.capture(0.16)
    rig.wait(0.16)
    rig.edge(False)
    rig.step(ev.CaptureEnded())
    assert kinds(rig.sent()) == ["AudioClear", "AudioClear"]
    assert rig.machine.state == "idle"


def test_two_taps_mute_and_two_more_unmute() -> None:
    rig = Rig().start()
    for state in ("muted", "idle"):
        for _ in range(2):
            rig.edge(True)
            rig.wait(0.1)
            rig.edge(False)
            rig.wait(0.1)
        assert rig.machine.state == state


def test_a_press_while_muted_opens_nothing_and_says_so() -> None:
    rig = Rig().start()
    rig.step(ev.MuteAsked(True))
    rig.clear()
    rig.edge(True)
    assert kinds(rig.effects) == ["UserAlert"]


def test_muted_in_an_answer_it_is_said_to_its_end_and_nothing_is_listened_to_any_more() -> None:
    rig = Rig().start()
    rig.speak()
    rig.call(name="mute_microphone")
    rig.step(ev.MuteAsked(True, at_once=False), ev.ToolDone("call_1", "The microphone is muted."))
    rig.reply("resp_2")
    rig.done("resp_2")
    rig.clear()
    rig.edge(True)
    rig.edge(False)
    assert kinds(rig.effects) == ["UserAlert"]
    assert rig.machine.state == "speaking"
    rig.wait(1.0)
    rig.step(ev.PlaybackDrained(("item_1",)))
    assert rig.machine.state == "muted"
    assert [over.turn["trouble"] for over in rig.found(ev.TurnOver)] == [None]


def test_muted_in_an_answer_while_somebody_speaks_again_what_is_said_is_withdrawn() -> None:
    rig = Rig().start()
    rig.speak()
    rig.call(name="mute_microphone")
    rig.edge(True)
    rig.capture(0.5)
    rig.step(ev.MuteAsked(True, at_once=False))
    assert rig.found(ev.SetCapture)[-1] == ev.SetCapture(False)
    assert rig.machine.state == "muted"
    assert not rig.sent(wire.AudioCommit)[1:]


def test_barge_in_silences_cancels_truncates_clears_and_listens_in_that_order() -> None:
    rig = Rig().start()
    rig.speak()
    rig.reply(seconds=5)
    rig.clear()
    rig.edge(True)
    assert kinds(rig.effects)[:3] == ["Send", "StopPlayback", "Send"]
    rig.stopped(heard_ms=1234)
    rig.capture(0.5)
    rig.wait(0.5)
    rig.edge(False)
    rig.step(ev.CaptureEnded())
    assert kinds(rig.sent()) == ["ResponseCancel", "AudioClear", "ItemTruncate"]
    assert rig.sent(wire.ItemTruncate)[0].audio_end_ms == 1234
    rig.done(status="cancelled")
    assert kinds(rig.sent())[-2:] == ["AudioCommit", "ResponseCreate"]
    assert rig.found(ev.TurnOver)[0].turn["interrupted"]
    assert rig.found(ev.TurnOver)[0].turn["heard_ms"] == 1234


def test_truncate_never_says_more_than_was_received() -> None:
    rig = Rig().start()
    rig.speak()
    rig.reply(seconds=1)
    rig.edge(True)
    rig.stopped(heard_ms=5000)
    assert rig.sent(wire.ItemTruncate)[0].audio_end_ms == 999


def test_what_never_sounded_is_deleted_once_the_cancelled_answer_is_done() -> None:
    rig = Rig().start()
    rig.speak()
    rig.reply(item="item_1")
    rig.receive(wire.OutputAudioDelta(response_id="resp_1", item_id="item_2", delta=b"\0\0" * 2400))
    rig.edge(True)
    rig.stopped(item="item_1", heard_ms=0, unheard=("item_2",))
    assert not rig.sent(wire.ItemDelete)
    rig.done(status="cancelled")
    assert sorted(event.item_id for event in rig.sent(wire.ItemDelete)) == ["item_1", "item_2"]


def test_what_never_sounded_of_a_server_that_names_no_answers_is_deleted_when_the_answer_is_done() -> None:
    rig = Rig().start()
    rig.speak()
    rig.reply()
    rig.receive(wire.OutputAudioDelta(item_id="item_2", delta=b"\0\0" * 2400))
    rig.edge(True)
    rig.stopped(heard_ms=500, unheard=("item_2",))
    assert not rig.sent(wire.ItemDelete)
    rig.done(status="cancelled")
    assert [event.item_id for event in rig.sent(wire.ItemDelete)] == ["item_2"]


def test_a_refusal_of_what_nobody_wants_any_more_does_not_end_the_next_answer() -> None:
    rig = Rig().start()
    rig.speak()
    rig.edge(True)
    rig.receive(wire.Error(error=ErrorDetail(code="invalid_value", event_id="create", message="No.")))
    rig.edge(False)
    rig.wait(0.5)
    rig.speak(0.5)
    rig.reply("resp_2", "item_2")
    rig.wait(CANCEL_S)
    rig.clear()
    rig.reply("resp_2", "item_2")
    assert rig.found(ev.Play)


def test_what_was_to_be_deleted_is_forgotten_with_its_connection() -> None:
    rig = Rig().start()
    rig.speak()
    rig.reply("resp_1", "item_1")
    rig.edge(True)
    rig.stopped(item="item_1", heard_ms=0)
    rig.lose()
    rig.connect()
    rig.edge(False)
    rig.wait(1)
    rig.clear()
    rig.speak()
    rig.reply("resp_1", "item_1")  # a server that numbers anew
    rig.done("resp_1")
    assert not rig.sent(wire.ItemDelete)


def test_late_audio_of_a_cancelled_answer_stays_silent() -> None:
    rig = Rig().start()
    rig.speak()
    rig.reply()
    rig.edge(True)
    rig.stopped()
    rig.clear()
    rig.receive(wire.OutputAudioDelta(response_id="resp_1", item_id="item_1", delta=b"\0\0" * 2400))
    assert not rig.found(ev.Play)


def test_a_cancel_before_the_answer_has_begun_is_remembered() -> None:
    rig = Rig().start()
    rig.speak()
    rig.edge(True)
    assert not rig.sent(wire.ResponseCancel)
    rig.receive(wire.ResponseCreated(response=Response(id="resp_9", status="in_progress")))
    assert rig.sent(wire.ResponseCancel)[0].response_id == "resp_9"


def test_a_delta_that_ends_in_the_middle_of_a_sample_is_completed_by_the_next() -> None:
    rig = Rig().start()
    rig.speak()
    rig.receive(wire.ResponseCreated(response=Response(id="r")))
    for delta in (b"\1\2\3", b"\4\5", b"\6"):
        rig.receive(wire.OutputAudioDelta(response_id="r", item_id="i", delta=delta))
    assert b"".join(play.pcm for play in rig.found(ev.Play)) == b"\1\2\3\4\5\6"
    assert all(len(play.pcm) % 2 == 0 for play in rig.found(ev.Play))


def test_parallel_calls_give_one_output_each_and_one_answer_after_the_last() -> None:
    rig = Rig().start()
    rig.speak()
    rig.receive(wire.ResponseCreated(response=Response(id="r")))
    calls = [Item(type="function_call", call_id=f"c{n}", name="set_device", arguments="{}") for n in (1, 2)]
    rig.done("r", *calls)
    rig.clear()
    rig.step(ev.ToolDone("c2", "The fan is on."))
    assert kinds(rig.sent()) == ["ItemCreate"]
    rig.step(ev.ToolDone("c2", "The fan is on."), ev.ToolDone("c1", "The lamp is on."))
    assert kinds(rig.sent()) == ["ItemCreate", "ItemCreate", "ResponseCreate"]


def test_calls_of_a_cancelled_answer_are_not_run() -> None:
    rig = Rig().start()
    rig.speak()
    rig.receive(wire.ResponseCreated(response=Response(id="r")))
    rig.done("r", Item(type="function_call", call_id="c", name="n", arguments='{"a'), status="cancelled")
    assert not rig.found(ev.RunTool)


def test_outputs_of_an_interrupted_turn_are_delivered_without_an_answer() -> None:
    rig = Rig().start()
    rig.speak()
    rig.call()
    rig.edge(True)
    rig.clear()
    rig.step(ev.ToolDone("call_1", "The lamp is on."))
    assert kinds(rig.sent()) == ["ItemCreate"]


@pytest.mark.parametrize("name", ["stop_conversation", "Stop_Conversation", "stop-conversation"])
def test_stopping_the_conversation_by_a_tool_needs_no_answer(name: str) -> None:
    rig = Rig().start()
    rig.speak()
    rig.call(name=name)
    rig.clear()
    rig.step(ev.ToolDone("call_1", "All right."))
    assert kinds(rig.sent()) == ["ItemCreate"]
    assert rig.machine.state == "idle"


def test_a_model_that_calls_for_ever_is_made_to_speak() -> None:
    rig = Rig().start()
    rig.speak()
    for n in range(10):
        rig.call(call_id=f"c{n}", response=f"r{n}")
        rig.step(ev.ToolDone(f"c{n}", "ok"))
    assert rig.sent(wire.ResponseCreate)[-1].response["tool_choice"] == "none"


def test_a_text_turn_waits_for_the_one_before() -> None:
    rig = Rig().start()
    rig.speak()
    rig.reply()
    rig.step(ev.TextAsked("what time is it", 7))
    assert not rig.sent(wire.ItemCreate)
    rig.done()
    rig.step(ev.PlaybackDrained(("item_1",)))
    assert rig.sent(wire.ItemCreate)[0].item.content[0].text == "what time is it"
    rig.reply("resp_2", "item_2")
    rig.done("resp_2")
    rig.step(ev.PlaybackDrained(("item_2",)))
    assert rig.found(ev.TurnOver)[-1].request_id == 7


def test_what_was_said_while_the_connection_was_down_is_asked_when_it_is_up() -> None:
    rig = Rig().start()
    rig.lose()
    rig.speak(1.0)
    assert not rig.sent(wire.AudioCommit)
    assert rig.machine.state == "thinking"
    rig.connect()
    assert sum(len(event.audio) for event in rig.sent(wire.AudioAppend)) == 48_000
    assert kinds(rig.sent())[-2:] == ["AudioCommit", "ResponseCreate"]


def test_a_cut_in_the_middle_of_speaking_loses_no_sample() -> None:
    rig = Rig().start()
    rig.edge(True)
    rig.capture(0.5)
    rig.lose()
    rig.capture(0.5)
    rig.wait(1.0)
    rig.clear()
    rig.connect()
    rig.edge(False)
    rig.step(ev.CaptureEnded())
    assert sum(len(event.audio) for event in rig.sent(wire.AudioAppend)) == 48_000
    assert kinds(rig.sent())[-1] == "ResponseCreate"


def test_a_cut_before_the_answer_asks_again_with_the_kept_audio() -> None:
    rig = Rig().start()
    rig.speak(1.0)
    rig.lose()
    assert rig.machine.state == "thinking"
    rig.clear()
    rig.connect()
    assert sum(len(event.audio) for event in rig.sent(wire.AudioAppend)) == 48_000
    assert kinds(rig.sent())[-2:] == ["AudioCommit", "ResponseCreate"]


def test_a_cut_in_the_middle_of_the_answer_plays_what_has_come() -> None:
    rig = Rig().start()
    rig.speak(1.0)
    rig.reply()
    rig.lose()
    assert rig.found(ev.PlayEnd)
    assert rig.machine.state == "speaking"
    rig.step(ev.PlaybackDrained(("item_1",)))
    assert rig.found(ev.TurnOver)[0].turn["heard_ms"] == 2000


def test_an_utterance_whose_calls_have_begun_is_never_sent_again() -> None:
    rig = Rig().start()
    rig.speak()
    rig.receive(
        wire.AudioCommitted(item_id="u"), wire.TranscriptionCompleted(item_id="u", transcript="lamp on")
    )
    rig.call()
    rig.lose()
    rig.step(ev.ToolDone("call_1", "The lamp is on."))
    rig.wait(1.0)
    rig.clear()
    rig.connect()
    assert not rig.sent(wire.AudioAppend)
    assert [event.item.type for event in rig.sent(wire.ItemCreate)] == [
        "message",
        "function_call",
        "function_call_output",
    ]
    assert kinds(rig.sent())[-1] == "ResponseCreate"


def test_what_waits_too_long_is_dropped_and_the_user_is_told() -> None:
    rig = Rig(max_wait_s=20.0).start()
    rig.lose()
    rig.speak()
    rig.wait(21.0)
    assert rig.machine.state == "idle"
    assert "dropped" in rig.found(ev.TurnOver)[0].turn["trouble"]


def test_a_stuck_button_is_answered_after_max_utterance_s() -> None:
    rig = Rig(max_utterance_s=60.0).start()
    rig.edge(True)
    rig.capture(1.0)
    rig.wait(60.5)
    assert rig.sent(wire.AudioCommit)
    assert rig.found(ev.UserAlert)


def test_a_server_that_falls_silent_is_given_up() -> None:
    rig = Rig().start()
    rig.speak()
    rig.wait(35.0)
    assert rig.machine.state == "idle"
    assert "stopped answering" in rig.found(ev.TurnOver)[0].turn["trouble"]


def test_a_busy_server_is_asked_again_when_its_answer_is_done() -> None:
    rig = Rig().start()
    rig.step(ev.TextAsked("hello"))
    busy = ErrorDetail(type="invalid_request_error", code="conversation_already_has_active_response")
    rig.clear()
    rig.receive(wire.Error(error=busy))
    assert not rig.sent(wire.ResponseCreate)
    rig.done("somebody_elses")
    rig.wait(30.0)
    assert len(rig.sent(wire.ResponseCreate)) == 1
    assert len(rig.sent(wire.ItemCreate)) == 0


def test_a_refused_answer_ends_the_turn() -> None:
    rig = Rig().start()
    rig.speak()
    rig.receive(wire.Error(error=ErrorDetail(code="invalid_value", message="No.", event_id="create")))
    assert rig.machine.state == "idle"
    assert rig.found(ev.TurnOver)[0].turn["trouble"] == "No."


def test_with_the_servers_voice_detection_its_commit_ends_the_listening() -> None:
    rig = Rig(style="tap").start()
    rig.edge(True)
    rig.wait(0.1)
    rig.edge(False)
    rig.receive(wire.SpeechStarted())
    rig.capture(1.0)
    rig.receive(wire.SpeechStopped(), wire.AudioCommitted(item_id="u"))
    assert rig.machine.state == "thinking"
    assert rig.found(ev.SetCapture)[-1] == ev.SetCapture(False)
    assert not rig.sent(wire.AudioCommit)
    assert not rig.sent(wire.ResponseCreate)
    rig.reply()
    assert rig.machine.state == "speaking"


def test_in_the_style_tap_silence_ends_the_listening() -> None:
    rig = Rig(style="tap").start()
    rig.edge(True)
    rig.wait(0.1)
    rig.edge(False)
    rig.wait(9.0)
    assert rig.machine.state == "idle"
    assert not rig.found(ev.TurnOver)


def test_forgetting_waits_for_the_end_of_the_turn_and_begins_a_new_session() -> None:
    rig = Rig().start()
    rig.speak()
    rig.reply()
    rig.step(ev.ForgetAsked())
    assert not rig.found(ev.Connect)
    rig.done()
    rig.step(ev.PlaybackDrained(("item_1",)))
    assert rig.found(ev.Connect)
    rig.clear()
    assert rig.machine.history.seed() == []


def test_what_a_tool_answers_after_everything_was_forgotten_is_told_to_nobody() -> None:
    rig = Rig().start()
    rig.speak()
    rig.call("c")
    rig.step(ev.StopAsked(), ev.ForgetAsked())
    assert rig.found(ev.HistoryCleared)
    rig.connect()
    rig.clear()
    rig.step(ev.ToolDone("c", "The secret."))
    assert not rig.sent()
    assert not rig.found(ev.Remember)
    rig.wait(70.0)
    assert rig.machine.state == "idle"
    assert not rig.found(ev.UserAlert)


def test_a_failed_answer_is_told() -> None:
    rig = Rig().start()
    rig.speak()
    failed = wire.StatusDetails(error={"message": "quota"})
    rig.receive(wire.ResponseCreated(response=Response(id="r")))
    rig.receive(wire.ResponseDone(response=Response(id="r", status="failed", status_details=failed)))
    assert "quota" in rig.found(ev.TurnOver)[0].turn["trouble"]
    assert rig.machine.state == "idle"


def test_a_call_under_way_at_a_loss_is_told_to_the_new_session_and_not_run_again() -> None:
    rig = Rig().start()
    rig.speak()
    rig.call()
    rig.lose()
    rig.connect()
    rig.clear()
    rig.step(ev.ToolDone("call_1", "The lamp is on."))
    assert [event.item.type for event in rig.sent(wire.ItemCreate)] == [
        "function_call",
        "function_call_output",
    ]
    assert kinds(rig.sent())[-1] == "ResponseCreate"


def test_a_call_completed_in_the_moment_of_a_barge_in_is_answered_and_not_run() -> None:
    rig = Rig().start()
    rig.speak()
    rig.receive(wire.ResponseCreated(response=Response(id="r")))
    rig.edge(True)
    rig.clear()
    rig.done("r", Item(type="function_call", call_id="c", name="set_device", arguments="{}"))
    assert not rig.found(ev.RunTool)
    assert [event.item.call_id for event in rig.sent(wire.ItemCreate)] == ["c"]


def test_a_cut_between_words_and_voice_is_told() -> None:
    rig = Rig().start()
    rig.speak()
    rig.receive(
        wire.ResponseCreated(response=Response(id="r")),
        wire.OutputTranscriptDelta(response_id="r", item_id="i", delta="I am"),
    )
    rig.lose()
    assert rig.found(ev.TurnOver)[0].turn["trouble"] == BROKEN


def test_an_answer_whose_beginning_was_never_told_ends_all_the_same() -> None:
    rig = Rig().start()
    rig.speak()
    rig.receive(wire.OutputAudioDelta(response_id="r", item_id="i", delta=b"\0\0" * 2400))
    rig.done("r")
    rig.step(ev.PlaybackDrained(("i",)))
    assert rig.machine.state == "idle"


def test_servers_without_ids_are_heard_in_every_turn() -> None:
    rig = Rig().start()
    for _ in range(3):
        rig.clear()
        rig.speak()
        rig.reply("", "item")
        rig.done("")
        assert rig.found(ev.Play)
        rig.step(ev.PlaybackDrained(("item",)))


def test_servers_that_number_their_answers_anew_are_heard_after_a_reconnect() -> None:
    rig = Rig().start()
    for _ in range(2):
        rig.clear()
        rig.speak()
        rig.reply("resp_1", "item_1")
        rig.done("resp_1")
        assert rig.found(ev.Play)
        rig.step(ev.PlaybackDrained(("item_1",)))
        rig.lose()
        rig.connect()


def test_a_server_that_stalls_is_left_for_a_new_connection() -> None:
    rig = Rig().start()
    rig.speak()
    rig.wait(31.0)
    assert rig.found(ev.Disconnect)
    assert rig.found(ev.Connect)


def test_no_answer_at_all_is_told() -> None:
    rig = Rig().start()
    rig.speak()
    rig.receive(wire.ResponseCreated(response=Response(id="r")))
    rig.done("r")
    assert "no answer" in rig.found(ev.TurnOver)[0].turn["trouble"]


def test_texts_that_are_stopped_before_they_were_asked_are_told() -> None:
    rig = Rig().start()
    rig.speak()
    rig.step(ev.TextAsked("one", 1), ev.TextAsked("two", 2), ev.StopAsked())
    assert {over.request_id for over in rig.found(ev.TurnOver)} == {0, 1, 2}


def test_the_speaker_may_tell_late_what_was_heard() -> None:
    rig = Rig().start()
    rig.speak()
    rig.reply(seconds=5)
    rig.edge(True)
    rig.wait(1.5)
    rig.stopped(heard_ms=700)
    assert rig.sent(wire.ItemTruncate)[0].audio_end_ms == 700


def test_presses_while_offline_do_not_keep_old_words_alive() -> None:
    rig = Rig(max_wait_s=20.0).start()
    rig.lose(401)
    for _ in range(4):
        rig.speak(1.0)
        rig.wait(14.0)
    rig.clear()
    rig.connect()
    seconds = sum(len(event.audio) for event in rig.sent(wire.AudioAppend)) / 48_000
    assert seconds <= 2.0


def test_an_impatient_tap_while_a_question_waits_drops_nothing() -> None:
    rig = Rig().start()
    rig.lose()
    rig.speak(1.0)
    rig.edge(True)
    rig.wait(0.1)
    rig.edge(False)
    rig.step(ev.CaptureEnded())
    rig.clear()
    rig.connect()
    assert sum(len(event.audio) for event in rig.sent(wire.AudioAppend)) == 48_000
    assert kinds(rig.sent())[-1] == "ResponseCreate"


def test_a_text_to_be_spoken_is_spoken_even_if_the_server_was_busy() -> None:
    rig = Rig().start()
    rig.step(ev.SayAsked("Dinner is ready."))
    busy = ErrorDetail(code="conversation_already_has_active_response")
    rig.receive(wire.Error(error=busy))
    rig.clear()
    rig.done("somebody_elses")
    assert rig.sent(wire.ResponseCreate)[0].response["conversation"] == "none"


def test_an_interrupted_tool_keeps_what_was_already_heard_in_the_history() -> None:
    rig = Rig().start()
    rig.speak()
    rig.receive(
        wire.AudioCommitted(item_id="u"), wire.TranscriptionCompleted(item_id="u", transcript="do it")
    )
    rig.reply(item="item_1", text="One moment.")
    rig.done("resp_1", Item(type="function_call", call_id="c", name="set_device", arguments="{}"))
    rig.step(ev.PlaybackDrained(("item_1",)))
    rig.edge(True)
    texts = [item.content[0].text for item in rig.machine.history.seed() if item.content]
    assert texts == ["do it", "One moment."]


def test_voice_detection_without_a_server_keeps_what_was_said() -> None:
    rig = Rig(style="tap").start()
    rig.lose()
    rig.edge(True)
    rig.wait(0.1)
    rig.edge(False)
    rig.capture(3.0)
    rig.wait(9.0)
    rig.step(ev.CaptureEnded())
    rig.clear()
    rig.connect()
    assert sum(len(event.audio) for event in rig.sent(wire.AudioAppend)) == 3 * 48_000


def test_a_server_whose_voice_detection_cannot_be_turned_off_may_commit_first() -> None:
    rig = Rig().start()
    rig.speak()
    rig.receive(wire.AudioCommitted(item_id="u"))
    rig.receive(wire.Error(error=ErrorDetail(code="input_audio_buffer_commit_empty")))
    rig.reply()
    assert rig.machine.state == "speaking"


def test_a_text_spoken_outside_the_conversation_is_cut_without_a_word_to_the_server() -> None:
    rig = Rig().start()
    rig.step(ev.SayAsked("dinner is ready"))
    rig.reply()
    rig.edge(True)
    rig.stopped("item_1", heard_ms=500)
    rig.done(status="cancelled")
    assert not rig.sent(wire.ItemTruncate)
    assert not rig.sent(wire.ItemDelete)


def test_what_never_sounded_is_deleted_though_the_cancelled_answer_does_not_end() -> None:
    rig = Rig().start()
    rig.step(ev.TextAsked("tell me a story"))
    rig.reply()
    rig.edge(True)
    rig.stopped(None, unheard=("item_1",))
    assert not rig.sent(wire.ItemDelete), "the answer may still be under way"
    rig.wait(CANCEL_S)
    assert rig.sent(wire.ItemDelete) == [wire.ItemDelete(item_id="item_1")]
