"""A server whose voice detection cannot be switched off, and taps and presses before an answer has begun."""

from __future__ import annotations

import pytest

from daemon.audio.jitter_buffer import Cut
from daemon.core import events as ev
from daemon.core.response.barge_in import CANCEL_S
from daemon.core.response.exchange import MOST_KEPT_PIECES
from daemon.core.response.failures import STALLED
from daemon.core.response.rounds import MAX_ROUNDS
from daemon.core.turn.style_registry import STYLES
from daemon.realtime import events as wire
from daemon.realtime.errors import busy
from daemon.realtime.events import ErrorDetail, Item, Response
from tests.core.rig import Rig

SOUND = b"\1\0" * 24_000
CALL = Item(type="function_call", call_id="c", name="set_device", arguments="{}")


def refuse(rig: Rig, named: bool = True) -> None:
    """The server is busy with an answer of its own."""
    code = "conversation_already_has_active_response"
    rig.receive(wire.Error(error=ErrorDetail(code=code, event_id="create" if named else None, message="No.")))


def created(rig: Rig, response: str) -> None:
    rig.receive(wire.ResponseCreated(response=Response(id=response)))


@pytest.mark.parametrize("named", [True, False], ids=["named", "unnamed"])
@pytest.mark.parametrize("first", ["refusal", "answer"])
def test_an_answer_of_its_own_is_taken_for_the_one_that_was_refused(named: bool, first: str) -> None:
    rig = Rig().start()
    rig.speak()
    if first == "answer":
        created(rig, "own")
    refuse(rig, named)
    if first == "refusal":
        created(rig, "own")
    rig.clear()
    rig.receive(wire.OutputAudioDelta(response_id="own", item_id="i", delta=SOUND))
    rig.done("own", CALL)
    (run,) = rig.found(ev.RunTool)
    assert not rig.sent(), "nothing is refused, and nothing is asked again"
    rig.step(ev.ToolDone(run.key, "The lamp is on."))
    assert [event.item.output for event in rig.sent(wire.ItemCreate)] == ["The lamp is on."]
    assert len(rig.sent(wire.ResponseCreate)) == 1


@pytest.mark.parametrize("named", [True, False], ids=["named", "unnamed"])
@pytest.mark.parametrize(
    "detail",
    [
        {"message": "already active"},
        {"type": "invalid_request_error", "message": "Conversation already has an active response: resp_9."},
        {"code": "response_already_active"},
        {"code": "invalid_state", "message": "A response is already in progress"},
    ],
    ids=str,
)
def test_a_server_may_say_in_any_words_that_it_answers_already(detail: dict[str, str], named: bool) -> None:
    rig = Rig().start()
    rig.speak()
    rig.receive(wire.Error(error=ErrorDetail(event_id="create" if named else None, **detail)))
    rig.receive(wire.OutputAudioDelta(response_id="own", item_id="i", delta=SOUND))
    rig.done("own", CALL)
    assert len(rig.found(ev.RunTool)) == 1
    assert not rig.found(ev.UserAlert)


@pytest.mark.parametrize(
    "error",
    [
        ErrorDetail(
            code="response_cancel_not_active", message="Cancellation failed: no active response found"
        ),
        ErrorDetail(code="cancel_failed", message="There is no active response to cancel."),
        ErrorDetail(code="invalid_value", message="Audio content of 9250ms is already shorter than 57340ms"),
    ],
    ids=str,
)
def test_words_about_something_else_are_no_refusal_to_answer(error: ErrorDetail) -> None:
    assert not busy(error)


def test_an_answer_of_its_own_that_has_no_beginning_is_taken_too() -> None:
    rig = Rig().start()
    rig.speak()
    refuse(rig)
    rig.receive(wire.OutputAudioDelta(response_id="own", item_id="i", delta=SOUND))
    rig.done("own", CALL)
    assert len(rig.found(ev.RunTool)) == 1
    assert rig.machine.state == "speaking"


def test_what_was_refused_is_asked_again_when_nothing_begins() -> None:
    rig = Rig().start()
    rig.speak()
    refuse(rig)
    rig.clear()
    rig.done("somebody_elses")
    assert len(rig.sent(wire.ResponseCreate)) == 1


def test_nobody_who_has_pressed_again_hears_the_answer_that_blocked_the_one_before() -> None:
    rig = Rig().start()
    rig.speak()
    refuse(rig)
    rig.edge(True)
    created(rig, "own")
    assert [event.response_id for event in rig.sent(wire.ResponseCancel)] == ["own"]
    rig.receive(wire.OutputAudioDelta(response_id="own", item_id="i", delta=SOUND))
    assert not rig.found(ev.Play)


def test_an_answer_that_was_given_up_before_it_began_is_not_taken_for_the_next() -> None:
    rig = Rig().start()
    rig.speak()
    rig.edge(True)
    rig.capture(0.5)
    rig.wait(CANCEL_S)
    rig.edge(False)
    rig.step(ev.CaptureEnded())
    rig.clear()
    refuse(rig)
    created(rig, "old")
    assert [event.response_id for event in rig.sent(wire.ResponseCancel)] == ["old"]
    rig.receive(wire.OutputAudioDelta(response_id="old", item_id="i", delta=SOUND))
    rig.done("old", CALL, status="cancelled")
    assert not rig.found(ev.Play)
    assert len(rig.sent(wire.ResponseCreate)) == 1, "now there is room"
    rig.reply("new", "j")
    assert rig.found(ev.Play)


# ------------------------------------------------------------ its answer begins before the button is let go


def holding() -> Rig:
    """The button is down, and the server has heard an end."""
    rig = Rig().start()
    rig.edge(True)
    rig.receive(wire.SpeechStarted())
    rig.capture(1.0)
    rig.wait(1.0)
    rig.receive(wire.SpeechStopped(), wire.AudioCommitted(item_id="u"))
    created(rig, "own")
    rig.receive(wire.OutputAudioDelta(response_id="own", item_id="i", delta=SOUND))
    return rig


def let_go(rig: Rig) -> None:
    rig.edge(False)
    rig.wait(0.05)
    rig.step(ev.CaptureEnded())


@pytest.mark.parametrize("over", [True, False], ids=["over", "under way"])
def test_it_is_heard_when_the_button_is_let_go_and_not_before(over: bool) -> None:
    rig = holding()
    if over:
        rig.done("own", CALL)
    assert rig.machine.state == "listening"
    assert not rig.found(ev.Play)
    assert not rig.found(ev.RunTool)
    rig.clear()
    let_go(rig)
    assert rig.found(ev.Play)
    if not over:
        rig.done("own", CALL)
    assert len(rig.found(ev.RunTool)) == 1
    assert not rig.sent(wire.ResponseCreate)
    assert not rig.sent(wire.AudioCommit)


@pytest.mark.parametrize("over", [True, False], ids=["over", "under way"])
def test_whoever_goes_on_speaking_is_not_interrupted_by_it(over: bool) -> None:
    rig = holding()
    if over:
        rig.done("own", CALL)
    rig.clear()
    rig.receive(wire.SpeechStarted())
    assert len(rig.sent(wire.ResponseCancel)) == (not over)
    if not over:
        rig.done("own", CALL)
    (output,) = [event.item.output for event in rig.sent(wire.ItemCreate)]
    assert "still speaking" in output
    assert not rig.found(ev.RunTool)
    let_go(rig)
    assert not rig.found(ev.Play)
    assert len(rig.sent(wire.AudioCommit)) == len(rig.sent(wire.ResponseCreate)) == 1


def test_one_that_was_over_early_is_waited_for_no_more_while_it_is_heard() -> None:
    rig = holding()
    rig.receive(wire.OutputAudioDelta(response_id="own", item_id="i", delta=SOUND * 60))
    rig.done("own")
    let_go(rig)
    rig.wait(50.0)
    assert rig.machine.state == "speaking"
    assert not rig.found(ev.UserAlert)


def test_it_is_gone_with_what_was_being_asked() -> None:
    for end in (ev.StopAsked(), ev.MuteAsked(True)):
        rig = holding()
        rig.step(end)
        assert [event.response_id for event in rig.sent(wire.ResponseCancel)] == ["own"]
        rig.done("own", CALL)
        assert not rig.found(ev.Play)
        assert not rig.found(ev.RunTool)


def test_it_is_gone_with_the_connection_and_the_question_is_asked_whole() -> None:
    rig = holding()
    rig.lose()
    rig.clear()
    rig.connect()
    let_go(rig)
    assert sum(len(event.audio) for event in rig.sent(wire.AudioAppend)) == 48_000
    assert len(rig.sent(wire.AudioCommit)) == len(rig.sent(wire.ResponseCreate)) == 1


def test_no_more_of_it_is_kept_than_anybody_would_hear() -> None:
    rig = holding()
    for _ in range(MOST_KEPT_PIECES):
        rig.receive(wire.OutputTranscriptDelta(response_id="own", item_id="i", delta="a"))
    assert [event.response_id for event in rig.sent(wire.ResponseCancel)] == ["own"]


@pytest.mark.parametrize(("samples", "is_kept"), [(0, True), (1, False)])
def test_two_minutes_of_its_sound_are_kept_and_not_a_sample_more(samples: int, is_kept: bool) -> None:
    rig = holding()
    rig.clear()
    rest = 120 * 24_000 - len(SOUND) // 2 + samples
    rig.receive(wire.OutputAudioDelta(response_id="own", item_id="i", delta=b"\1\0" * rest))
    assert (not rig.sent(wire.ResponseCancel)) is is_kept


def test_one_whose_server_does_not_say_what_it_has_heard_is_cancelled() -> None:
    rig = Rig().start()
    rig.edge(True)
    rig.capture(1.0)
    created(rig, "own")
    assert [event.response_id for event in rig.sent(wire.ResponseCancel)] == ["own"]


# ------------------------------------------------------------ it hears late, and cancels ours


def asked_while_it_hears() -> Rig:
    """The button is let go, ours has begun, and the server has not heard the end yet."""
    rig = Rig().start()
    rig.edge(True)
    rig.receive(wire.SpeechStarted())
    rig.capture(1.0)
    rig.wait(1.0)
    let_go(rig)
    created(rig, "ours")
    rig.clear()
    return rig


def test_an_answer_that_its_voice_detection_cancels_is_no_end_its_own_is_taken() -> None:
    rig = asked_while_it_hears()
    rig.done("ours", status="cancelled")
    assert not rig.found(ev.UserAlert)
    assert not rig.found(ev.TurnOver)
    rig.receive(wire.SpeechStopped(), wire.AudioCommitted(item_id="u"))
    created(rig, "own")
    rig.done("own", CALL)
    (run,) = rig.found(ev.RunTool)
    rig.step(ev.ToolDone(run.key, "The lamp is on."))
    rig.reply("told", "j")
    rig.done("told")
    rig.step(ev.PlaybackDrained(("j",)))
    (over,) = rig.found(ev.TurnOver)
    assert (over.turn["source"], over.turn["trouble"]) == ("button", None)
    assert len(rig.sent(wire.ResponseCreate)) == 1, "for the outcome of the tool"


def test_two_presses_that_are_one_utterance_for_it_are_no_end_either() -> None:
    rig = asked_while_it_hears()
    rig.edge(True)
    rig.done("ours", status="cancelled")
    rig.capture(1.0)
    rig.wait(1.0)
    let_go(rig)
    created(rig, "second")
    rig.clear()
    rig.done("second", status="cancelled")
    assert not rig.found(ev.TurnOver)
    rig.receive(wire.AudioCommitted(item_id="u"))
    created(rig, "own")
    rig.done("own", CALL)
    assert len(rig.found(ev.RunTool)) == 1
    assert not rig.found(ev.UserAlert)


def test_the_user_is_told_when_nothing_comes_after_it() -> None:
    rig = asked_while_it_hears()
    rig.done("ours", status="cancelled")
    rig.wait(31.0)
    assert [trouble.message for trouble in rig.found(ev.UserAlert)] == [STALLED]
    assert rig.machine.state == "idle"


def test_a_server_may_cancel_so_often_and_no_more() -> None:
    rig = asked_while_it_hears()
    for number in range(MAX_ROUNDS):
        rig.done("ours" if not number else f"r{number}", status="cancelled")
        created(rig, f"r{number + 1}")
    assert not rig.found(ev.TurnOver)
    rig.done(f"r{MAX_ROUNDS}", status="cancelled")
    assert rig.found(ev.TurnOver)


def test_a_server_that_cancels_for_ever_is_given_up() -> None:
    rig = asked_while_it_hears()
    for number in range(MAX_ROUNDS + 2):
        rig.done(f"r{number}", status="cancelled")
        created(rig, f"r{number + 1}")
    assert rig.found(ev.TurnOver)


# ---------------------------------------------------------------- in the style tap


def tap(rig: Rig) -> None:
    rig.edge(True)
    rig.wait(0.1)
    rig.edge(False)
    rig.wait(0.6)


def test_a_tap_before_an_answer_has_begun_is_listened_to_and_the_answer_is_not_heard() -> None:
    rig = Rig(style="tap").start()
    rig.step(ev.TextAsked("tell me a story"))
    tap(rig)
    created(rig, "old")
    assert rig.machine.state == "listening"
    assert [event.response_id for event in rig.sent(wire.ResponseCancel)] == ["old"]
    rig.receive(wire.OutputAudioDelta(response_id="old", item_id="i", delta=SOUND))
    rig.done("old", status="cancelled")
    rig.capture(1.0)
    assert not rig.found(ev.Play)
    rig.receive(wire.SpeechStarted(), wire.AudioCommitted(item_id="u"))
    created(rig, "new")
    rig.receive(wire.OutputAudioDelta(response_id="new", item_id="j", delta=SOUND))
    assert rig.machine.state == "speaking"


def test_a_tap_and_a_quick_word_before_the_old_answer_has_begun_get_the_new_one() -> None:
    """The server takes what was said before it begins the answer that nobody wants any more."""
    rig = Rig(style="tap").start()
    rig.step(ev.TextAsked("tell me a story"))
    tap(rig)
    rig.capture(1.0)
    rig.receive(wire.SpeechStarted(), wire.AudioCommitted(item_id="u"))
    created(rig, "old")
    assert [event.response_id for event in rig.sent(wire.ResponseCancel)] == ["old"]
    rig.receive(wire.OutputAudioDelta(response_id="old", item_id="i", delta=SOUND))
    rig.done("old", status="cancelled")
    assert not rig.found(ev.Play)
    created(rig, "new")
    rig.receive(wire.OutputAudioDelta(response_id="new", item_id="j", delta=SOUND))
    rig.done("new")
    assert rig.found(ev.Play)
    assert rig.machine.state == "speaking"


def test_with_a_follow_up_under_way_it_is_the_same() -> None:
    rig = Rig(style="tap").start()
    tap(rig)
    rig.capture(1.0)
    rig.receive(wire.SpeechStarted(), wire.AudioCommitted(item_id="u"))
    created(rig, "r")
    rig.done("r", CALL)
    rig.step(ev.ToolDone("c", "The lamp is on."))
    assert len(rig.sent(wire.ResponseCreate)) == 1
    tap(rig)
    created(rig, "follow-up")
    assert rig.machine.state == "listening"
    assert [event.response_id for event in rig.sent(wire.ResponseCancel)] == ["follow-up"]


# ------------------------------------------------- what was withdrawn, and the server has taken


def withdrawn(rig: Rig) -> None:
    """Somebody taps, speaks, and taps again before the server has told that it took that."""
    tap(rig)
    rig.receive(wire.SpeechStarted())
    rig.capture(1.0)
    tap(rig)
    assert rig.machine.state == "idle"
    rig.clear()


def own_answer(rig: Rig, name: str = "own") -> None:
    created(rig, name)
    rig.receive(wire.OutputAudioDelta(response_id=name, item_id="i", delta=SOUND))
    rig.done(name, CALL)


@pytest.mark.parametrize("told", [True, False], ids=["told that it took it", "not told"])
def test_what_was_withdrawn_is_neither_heard_nor_carried_out(told: bool) -> None:
    rig = Rig(style="tap").start()
    withdrawn(rig)
    if told:
        rig.receive(wire.SpeechStopped(), wire.AudioCommitted(item_id="u"))
        rig.wait(CANCEL_S - 0.1)
    own_answer(rig)
    assert [event.response_id for event in rig.sent(wire.ResponseCancel)] == ["own"]
    assert not rig.found(ev.Play)
    assert not rig.found(ev.RunTool)
    assert len(rig.sent(wire.ItemCreate)) == 1, "the model is told that its call was not run"
    assert not rig.found(ev.TurnOver)


def test_nor_is_it_where_the_server_never_told_that_it_had_the_question_before() -> None:
    rig = Rig(style="tap", max_utterance_s=5.0).start()
    tap(rig)
    rig.capture(1.0)
    rig.wait(5.0)
    rig.step(ev.CaptureEnded())
    assert rig.sent(wire.AudioCommit), "it was too long, and is asked for"
    tap(rig)
    rig.capture(0.1)
    rig.wait(CANCEL_S)
    rig.receive(wire.SpeechStarted())
    tap(rig)
    rig.receive(wire.AudioCommitted(item_id="u"))
    rig.wait(CANCEL_S - 0.1)
    rig.clear()
    own_answer(rig)
    assert not rig.found(ev.Play)
    assert not rig.found(ev.RunTool)


@pytest.mark.parametrize("end", [ev.StopAsked(), ev.MuteAsked(True)], ids=["stop", "mute"])
@pytest.mark.parametrize("style", STYLES)
def test_nor_is_what_was_stopped(style: str, end: ev.Input) -> None:
    rig = Rig(style=style).start()
    rig.edge(True)
    rig.receive(wire.SpeechStarted())
    rig.capture(1.0)
    rig.wait(1.0)
    rig.step(end)
    rig.receive(wire.AudioCommitted(item_id="u"))
    rig.clear()
    own_answer(rig)
    assert not rig.found(ev.Play)
    assert not rig.found(ev.RunTool)


def test_what_is_said_after_it_is_answered_though_the_server_takes_the_one_before_first() -> None:
    rig = Rig(style="tap").start()
    withdrawn(rig)
    tap(rig)
    rig.receive(wire.AudioCommitted(item_id="u1"))
    created(rig, "old")
    assert rig.machine.state == "listening"
    rig.done("old", CALL, status="cancelled")
    rig.receive(wire.SpeechStarted())
    rig.capture(1.0)
    rig.receive(wire.AudioCommitted(item_id="u2"))
    own_answer(rig, "new")
    assert [event.response_id for event in rig.sent(wire.ResponseCancel)] == ["old"]
    assert len(rig.found(ev.RunTool)) == 1


def test_what_is_said_at_once_after_it_is_answered_where_the_server_has_forgotten_the_one_before() -> None:
    rig = Rig(style="tap").start()
    withdrawn(rig)
    tap(rig)
    rig.receive(wire.SpeechStarted())
    rig.capture(0.3)
    rig.receive(wire.AudioCommitted(item_id="u"))
    own_answer(rig)
    assert not rig.sent(wire.ResponseCancel)
    assert len(rig.found(ev.RunTool)) == 1


def test_an_answer_that_begins_long_after_it_is_one_of_the_servers_own() -> None:
    rig = Rig(style="tap").start()
    withdrawn(rig)
    rig.wait(CANCEL_S + 0.1)
    own_answer(rig)
    assert rig.found(ev.Play)
    assert len(rig.found(ev.RunTool)) == 1


@pytest.mark.parametrize("heard", [True, False], ids=["heard", "not heard"])
def test_a_text_after_it_is_answered(heard: bool) -> None:
    """At once where the server says nothing of having taken it, else when that is over, or not to be seen."""
    rig = Rig(style="tap").start()
    withdrawn(rig)
    if heard:
        rig.receive(wire.AudioCommitted(item_id="u"))
    rig.step(ev.TextAsked("is it on"))
    rig.wait(CANCEL_S)
    assert len(rig.sent(wire.ResponseCreate)) == 1
    own_answer(rig, "ours")
    assert rig.found(ev.Play)
    assert not rig.sent(wire.ResponseCancel)


def test_what_was_withdrawn_is_forgotten_with_the_connection() -> None:
    rig = Rig(style="tap").start()
    withdrawn(rig)
    rig.lose()
    rig.connect()
    own_answer(rig)
    assert rig.found(ev.Play)


def test_an_answer_that_was_given_up_and_never_begins_does_not_cost_the_next_one_its_own() -> None:
    rig = Rig(style="tap").start()
    rig.step(ev.TextAsked("tell me a story"))
    tap(rig)
    rig.receive(wire.SpeechStarted())
    rig.capture(0.5)
    rig.receive(wire.AudioCommitted(item_id="u"))
    rig.wait(CANCEL_S)
    assert rig.machine.state == "thinking"
    own_answer(rig)
    assert len(rig.found(ev.RunTool)) == 1
    rig.step(ev.ToolDone("c", "The lamp is on."))
    assert not rig.found(ev.UserAlert)


def answer_of_its_own_before_the_speaker_has_told() -> Rig:
    """An answer was interrupted by a tap, which the server had heard something in, and answers by itself."""
    rig = Rig().start()
    rig.edge(True)
    rig.capture(1.0)
    rig.receive(wire.SpeechStarted())
    rig.wait(1.0)
    rig.edge(False)
    rig.wait(0.6)
    rig.step(ev.CaptureEnded())
    created(rig, "old")
    rig.receive(wire.OutputAudioDelta(response_id="old", item_id="i", delta=SOUND))
    rig.edge(True)
    rig.receive(wire.AudioCommitted(item_id="u"))
    rig.wait(0.1)
    rig.edge(False)
    rig.done("old", status="cancelled")
    created(rig, "own")
    rig.receive(wire.OutputAudioDelta(response_id="own", item_id="j", delta=SOUND))
    return rig


def ended(rig: Rig) -> list[int]:
    return [each.turn["number"] for each in rig.found(ev.TurnOver)]


def test_the_turn_that_waits_for_the_speaker_is_told_though_the_next_answer_is_interrupted_too() -> None:
    rig = answer_of_its_own_before_the_speaker_has_told()
    assert ended(rig) == []
    rig.wait(0.5)
    rig.edge(True)
    assert ended(rig) == [1]
    rig.step(ev.PlaybackStopped(Cut("i", 300, (), ("j",))))
    assert len(ended(rig)) == 2


def test_a_speaker_that_fails_instead_of_telling_ends_what_it_was_to_play_as_well() -> None:
    rig = answer_of_its_own_before_the_speaker_has_told()
    rig.step(ev.SpeakerLost(Cut("i", 300, (), ("j",))))
    assert ended(rig) == [1]
    rig.done("own")
    assert len(ended(rig)) == 2
    rig.wait(10.0)
    assert rig.machine.state == "idle"
    rig.clear()
    rig.step(ev.PlaybackDrained(()))
    assert not rig.effects


@pytest.mark.parametrize("report", [ev.PlaybackStopped, ev.SpeakerLost])
@pytest.mark.parametrize("moved", [False, True], ids=["the same session", "another one"])
def test_what_was_cut_is_told_though_the_server_takes_the_next_question_before_the_speaker_reports(
    report: type[ev.PlaybackStopped | ev.SpeakerLost], moved: bool
) -> None:
    rig = Rig(style="tap").start()
    rig.edge(True)
    rig.receive(wire.SpeechStarted(), wire.AudioCommitted(item_id="u"))
    rig.wait(0.3)
    rig.edge(False)
    rig.reply("first", "i", seconds=1.0, text="one two three four")
    rig.done("first")
    rig.wait(0.5)
    if moved:
        rig.lose()
    rig.edge(True)
    assert rig.found(ev.StopPlayback)
    if moved:
        rig.connect()
    rig.capture(1.0)
    rig.receive(wire.SpeechStarted(), wire.AudioCommitted(item_id="v"))
    assert rig.machine.state == "thinking"
    rig.clear()
    rig.step(report(Cut("i", 300, (), ())))
    if moved:
        assert rig.sent(wire.ItemDelete), "it was told all of it"
    else:
        assert [each.audio_end_ms for each in rig.sent(wire.ItemTruncate)] == [300]
