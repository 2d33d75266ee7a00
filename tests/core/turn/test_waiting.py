"""What waits, and for how long: found by the soak."""

from __future__ import annotations

from daemon.core import events as ev
from daemon.core.connection.dialer import OUTAGE_S
from daemon.realtime import events as wire
from daemon.realtime.events import ErrorDetail
from tests.core.rig import Rig


def test_connections_that_come_and_go_give_a_question_no_more_time() -> None:
    rig = Rig().start()
    rig.speak()
    asked_at = rig.now
    rig.lose()
    while not rig.found(ev.TurnOver):
        rig.wait(4.0)
        rig.connect()
        rig.wait(0.5)
        rig.lose()
        assert rig.now < asked_at + 30.0
    (over,) = rig.found(ev.TurnOver)
    assert over.turn["trouble"]
    rig.clear()
    rig.connect()
    assert not rig.sent(wire.AudioCommit), "nothing that was said long ago moves a device"


def test_a_typed_question_is_asked_as_soon_as_the_brain_steps_in() -> None:
    rig = Rig(fallback=True).start()
    rig.lose()
    rig.wait(OUTAGE_S)
    rig.conn = next(each.conn for each in rig.found(ev.Connect) if each.place == "brain")
    rig.step(ev.Connected(rig.conn))
    rig.receive(wire.SessionCreated(session={}), wire.SessionUpdated())
    rig.step(ev.TextAsked("are you there?"))
    assert rig.sent(wire.ResponseCreate)


def test_a_complaint_about_a_commit_is_nothing_to_a_typed_question() -> None:
    rig = Rig().start()
    rig.step(ev.TextAsked("what time is it"))
    rig.reply()
    rig.receive(wire.Error(error=ErrorDetail(code="input_audio_buffer_commit_empty", message="no")))
    rig.done()
    rig.step(ev.PlaybackDrained(("item_1",)))
    (over,) = rig.found(ev.TurnOver)
    assert not over.turn["trouble"]


def test_what_plays_of_an_answer_that_is_cancelled_is_ended() -> None:
    """Else the next answer waits behind it for ever, and nothing is heard any more."""
    rig = Rig().start()
    rig.speak()
    rig.reply()
    rig.receive(wire.Error(error=ErrorDetail(code="input_audio_buffer_commit_empty", message="no")))
    assert ev.PlayEnd(rig.keys["item_1"]) in rig.found(ev.PlayEnd)


def test_a_tool_that_answers_on_the_next_connection_has_the_time_of_a_tool() -> None:
    rig = Rig().start()
    rig.speak()
    rig.call()
    rig.lose()
    rig.connect()
    rig.clear()
    rig.wait(25.0)
    assert not rig.found(ev.TurnOver), "nobody waits for a connection any more"
    rig.step(ev.ToolDone("call_1", "The lamp is on."))
    assert rig.sent(wire.ResponseCreate)
