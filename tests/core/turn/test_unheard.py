"""Nothing that was said or answered vanishes without a word when a sound card does not do its part."""

from __future__ import annotations

import pytest

from daemon.audio.jitter_buffer import Cut
from daemon.core import events as ev
from daemon.core.response.barge_in import UNHEARD
from daemon.core.turn.listening import NO_MICROPHONE, NO_SOUND
from daemon.realtime import events as wire
from daemon.realtime.events import Item
from tests.core.rig import Rig
from tests.core.turn.test_turns import kinds


def troubles(rig: Rig) -> list[str]:
    return [each.message for each in rig.found(ev.UserAlert)]


def pressed(rig: Rig, *, held_s: float, captured_s: float) -> None:
    rig.edge(True)
    rig.capture(captured_s)
    rig.wait(held_s)
    rig.edge(False)
    rig.wait(0.05)
    rig.step(ev.CaptureEnded())


# ---------------------------------------------------------------- the microphone


@pytest.mark.parametrize("captured_s", [0.0, 0.02, 0.08])
def test_a_press_whose_microphone_gave_too_little_is_told_by_record_lamp_and_earcon(
    captured_s: float,
) -> None:
    rig = Rig(earcons="on").start()
    pressed(rig, held_s=1.0, captured_s=captured_s)
    assert troubles(rig) == [NO_SOUND]
    assert [each.kind for each in rig.found(ev.Earcon)] == ["error"]
    (over,) = rig.found(ev.TurnOver)
    assert over.turn["trouble"] == NO_SOUND
    assert not rig.sent(wire.AudioCommit)
    assert rig.machine.state == "idle"


def test_a_microphone_that_never_ends_its_press_is_told_when_the_tail_is_due() -> None:
    rig = Rig(earcons="on").start()
    rig.edge(True)
    rig.wait(1.0)
    rig.edge(False)
    rig.wait(1.0)
    assert troubles(rig) == [NO_SOUND]


def test_a_tap_is_no_press_and_is_not_told() -> None:
    rig = Rig(earcons="on").start()
    pressed(rig, held_s=0.1, captured_s=0.02)
    rig.wait(5.0)
    assert not troubles(rig)
    assert not rig.found(ev.TurnOver)


def test_a_press_without_a_microphone_is_told_once() -> None:
    rig = Rig(earcons="on").start()
    rig.edge(True)
    rig.step(ev.MicrophoneUnavailable(), ev.MicrophoneUnavailable())
    rig.wait(1.0)
    rig.edge(False)
    rig.step(ev.CaptureEnded())
    assert troubles(rig) == [NO_MICROPHONE]
    assert [each.turn["trouble"] for each in rig.found(ev.TurnOver)] == [NO_MICROPHONE]
    rig.edge(True)
    rig.step(ev.MicrophoneUnavailable())
    assert troubles(rig) == [NO_MICROPHONE, NO_MICROPHONE]


# ---------------------------------------------------------------- the speaker


def test_an_answer_whose_speaker_fails_is_cut_at_the_server_when_it_is_done() -> None:
    rig = Rig(earcons="on").start()
    rig.speak()
    rig.reply(seconds=2.0, text="One two")
    rig.clear()
    rig.step(ev.SpeakerLost(Cut("item_1", 500, (), ())))
    assert troubles(rig) == [UNHEARD]
    assert not rig.sent()  # the item still grows at the server
    rig.receive(
        wire.OutputTranscriptDone(response_id="resp_1", item_id="item_1", transcript="One two three four")
    )
    rig.done()
    (truncate,) = rig.sent(wire.ItemTruncate)
    assert (truncate.item_id, truncate.audio_end_ms) == ("item_1", 500)
    assert rig.machine.history.words_of(rig.keys["item_1"]) == "One"
    (over,) = rig.found(ev.TurnOver)
    assert (over.turn["heard_ms"], over.turn["trouble"]) == (500, UNHEARD)
    assert rig.machine.state == "idle"


def test_what_comes_after_the_speaker_has_failed_is_deleted_and_told_once() -> None:
    rig = Rig().start()
    rig.speak()
    rig.reply()
    rig.step(ev.SpeakerLost(Cut(None, 0, (), ("item_1",))))
    for _ in range(3):
        rig.receive(wire.OutputAudioDelta(response_id="resp_1", item_id="item_2", delta=b"\0\0" * 2400))
        rig.step(ev.Unplayed("item_2"))
    rig.done()
    assert [event.item_id for event in rig.sent(wire.ItemDelete)] == ["item_1", "item_2"]
    assert troubles(rig) == [UNHEARD]
    assert rig.machine.state == "idle"


def test_a_failed_speaker_stops_no_tool() -> None:
    rig = Rig().start()
    rig.speak()
    rig.reply()
    rig.step(ev.SpeakerLost(Cut("item_1", 100, (), ())))
    rig.done("resp_1", Item(type="function_call", call_id="c", name="set_device", arguments="{}"))
    assert [call.name for call in rig.found(ev.RunTool)] == ["set_device"]
    assert not rig.sent(wire.ResponseCancel)


def test_an_answer_in_parts_keeps_what_was_heard_before_the_speaker_failed() -> None:
    rig = Rig().start()
    rig.speak()
    rig.reply(seconds=1.0)
    rig.receive(wire.OutputAudioDelta(response_id="resp_1", item_id="item_2", delta=b"\0\0" * 24_000))
    rig.step(ev.SpeakerLost(Cut("item_2", 250, ("item_1",), ())))
    rig.done()
    assert [event.item_id for event in rig.sent(wire.ItemTruncate)] == ["item_2"]
    assert rig.found(ev.TurnOver)[0].turn["heard_ms"] == 1250


def test_what_was_asked_in_writing_is_read_where_there_is_no_speaker() -> None:
    rig = Rig().start()
    rig.step(ev.TextAsked("is it on"))
    rig.reply()
    rig.step(ev.Unplayed("item_1"))
    rig.done()
    assert not troubles(rig)
    assert not rig.sent(wire.ItemDelete)


def test_a_speaker_that_fails_while_it_is_silenced_has_told_what_was_heard() -> None:
    rig = Rig().start()
    rig.speak()
    rig.reply(seconds=5.0)
    rig.edge(True)
    rig.step(ev.SpeakerLost(Cut("item_1", 700, (), ())))
    assert rig.sent(wire.ItemTruncate)[0].audio_end_ms == 700
    assert rig.found(ev.TurnOver)[0].turn["interrupted"]
    assert not troubles(rig)


def test_a_speaker_that_fails_while_nothing_is_played_is_no_business_of_the_turn() -> None:
    rig = Rig().start()
    rig.speak()
    rig.step(ev.SpeakerLost(Cut(None, 0, (), ())))
    assert not troubles(rig)
    assert rig.machine.state == "thinking"
    assert kinds(rig.sent())[-1] == "ResponseCreate"


def test_an_answer_that_is_stopped_after_the_speaker_failed_is_put_right_at_once() -> None:
    rig = Rig().start()
    rig.speak()
    rig.reply(seconds=2.0)
    rig.step(ev.SpeakerLost(Cut("item_1", 500, (), ())))
    rig.clear()
    rig.edge(True)
    assert kinds(rig.sent())[:2] == ["ResponseCancel", "ItemTruncate"]
