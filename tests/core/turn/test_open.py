"""The style `open`: a tap opens a conversation without hands; it ends by a tap, or by itself."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daemon.core import events as ev
from daemon.core.input.capture import ATTENDED_S
from daemon.core.input.utterance import BYTES_PER_S
from daemon.realtime import events as wire
from daemon.realtime.events import Item
from tests.core.rig import Rig
from tests.core.test_machine import INPUTS, play

IDLE_S = 30.0


class Room(Rig):
    """A box in the style `open`: what its microphone and its speaker do is looked at in each step."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**{"style": "open", "open_idle_s": IDLE_S, "rng": lambda: 0.5, **settings})
        self.capturing = self.open = False
        self.sounds_until = 0.0
        self.duplex = settings.get("full_duplex", False)

    def step(self, *events: ev.Input) -> None:
        for event in events:
            before = len(self.effects)
            if isinstance(event, ev.PlaybackDrained | ev.PlaybackStopped | ev.SpeakerLost):
                self.sounds_until = 0.0
            super().step(event)
            for effect in self.effects[before:]:
                self._follow(effect)
            assert self.duplex or not (self.capturing and self.now < self.sounds_until), "it hears itself"
            assert not (self.capturing and self.machine.muted)
            assert self.open or not self.capturing
            if not self.duplex:
                assert self.capturing == (self.machine.state == "listening")

    def _follow(self, effect: ev.Effect) -> None:
        match effect:
            case ev.SetCapture(on):
                self.capturing = on
            case ev.Play(_, pcm):
                self.sounds_until = max(self.now, self.sounds_until) + len(pcm) / BYTES_PER_S
            case ev.StopPlayback():
                self.sounds_until = 0.0
            case ev.HandsFreeChanged(is_open):
                assert is_open != self.open
                self.open = is_open

    def tap(self) -> None:
        """Somebody taps the button, not twice in a row."""
        self.wait(0.5)
        self.edge(True)
        self.wait(0.1)
        self.edge(False)
        self.wait(0.1)

    def say(self, seconds: float = 1.0) -> None:
        """Somebody speaks, and the server's voice detection hears the end."""
        self.capture(seconds)
        self.receive(wire.SpeechStarted(), wire.SpeechStopped(), wire.AudioCommitted(item_id="u"))

    def answer(self, response: str = "resp_1") -> None:
        """An answer, heard to its end."""
        self.reply(response, f"item_of_{response}")
        self.done(response)
        self.step(ev.PlaybackDrained((f"item_of_{response}",)))


def opened(**settings: Any) -> Room:
    room = Room(**settings)
    room.start()
    room.tap()
    room.clear()
    return room


# ------------------------------------------------------------ from one answer to the next


def test_after_a_tap_it_listens_again_after_each_answer_without_another() -> None:
    room = opened()
    for number in range(3):
        assert room.machine.state == "listening"
        room.say()
        assert room.machine.state == "thinking"
        room.answer(f"resp_{number}")
    assert [turn.turn["reply"] for turn in room.found(ev.TurnOver)] == ["Yes."] * 3
    assert not room.sent(wire.AudioCommit), "the server finds the end of what is said"
    assert not room.sent(wire.ResponseCreate)


def test_it_does_not_listen_before_its_own_answer_was_heard_to_its_end() -> None:
    room = opened()
    room.say()
    room.reply()
    room.done()
    room.wait(1.5)
    assert room.machine.state == "speaking"
    room.step(ev.PlaybackDrained(("item_1",)))
    assert room.machine.state == "listening"


def test_nothing_of_what_was_said_before_is_in_the_next_question() -> None:
    room = opened()
    room.say(2.0)
    room.answer()
    room.clear()
    room.lose()
    room.connect()
    assert not room.sent(wire.AudioAppend)


def test_a_device_is_set_by_one_question_and_the_next_is_heard() -> None:
    room = opened()
    room.say()
    room.call()
    (run,) = room.found(ev.RunTool)
    assert room.machine.state == "thinking"
    room.step(ev.ToolDone(run.key, "The lamp is on."))
    room.answer("resp_2")
    assert room.machine.state == "listening"


# ------------------------------------------------------------ how it ends


def test_a_tap_ends_it_while_it_listens() -> None:
    room = opened()
    room.tap()
    assert room.machine.state == "idle"
    assert not room.open
    room.wait(600.0)
    assert room.machine.state == "idle"


def test_a_tap_while_it_answers_ends_it_and_the_server_is_told_what_was_heard() -> None:
    room = opened()
    room.say()
    room.reply()
    room.edge(True)
    assert room.found(ev.StopPlayback), "in the same step"
    room.stopped(heard_ms=500)
    (truncate,) = room.sent(wire.ItemTruncate)
    assert truncate.audio_end_ms == 500
    room.done(status="cancelled")
    assert room.machine.state == "idle"


def test_it_ends_by_itself_when_nobody_speaks_and_tells_so() -> None:
    room = opened(earcons="on")
    room.wait(IDLE_S - 1.0)
    assert room.machine.state == "listening"
    room.wait(1.0)
    assert room.machine.state == "idle"
    assert room.found(ev.HandsFreeChanged) == [ev.HandsFreeChanged(False, "unused")]
    assert [earcon.kind for earcon in room.found(ev.Earcon)] == ["closed"]
    assert not room.found(ev.UserAlert)


def test_who_ends_it_hears_no_sound_of_that() -> None:
    room = opened(earcons="on")
    room.tap()
    assert not room.found(ev.Earcon)


def test_each_answer_gives_the_user_the_whole_time_again() -> None:
    room = opened()
    room.wait(IDLE_S - 1.0)
    room.say()
    room.wait(10.0)
    room.answer()
    room.wait(IDLE_S - 1.0)
    assert room.machine.state == "listening"
    room.wait(1.0)
    assert room.machine.state == "idle"


@pytest.mark.parametrize(
    "spoken", [ev.SayAsked("The door is open."), ev.TextAsked("hello")], ids=["say", "ask"]
)
def test_what_others_have_it_say_does_not_keep_it_open(spoken: ev.Input) -> None:
    room = opened()
    for number in range(4):
        room.wait(IDLE_S / 4 - 0.1)
        assert room.open
        room.step(spoken)
        assert room.sent(wire.ResponseCreate), "at once, as nobody speaks"
        room.clear()
        room.answer(f"resp_{number}")
        assert room.machine.state == "listening"
    room.wait(1.0)
    assert not room.open
    assert room.machine.state == "idle"


def test_while_somebody_speaks_a_text_waits() -> None:
    room = opened()
    room.say()
    room.answer("resp_0")
    room.capture(0.5)
    room.receive(wire.SpeechStarted())
    room.step(ev.TextAsked("hello"))
    assert room.machine.state == "listening"
    assert not room.sent(wire.ResponseCreate)
    room.receive(wire.AudioCommitted(item_id="u"))
    room.answer()
    assert len(room.sent(wire.ResponseCreate)) == 1


def test_the_word_that_opens_does_not_prolong_it_while_it_listens() -> None:
    room = opened()
    for _ in range(3):
        room.wait(IDLE_S / 3)
        room.step(ev.Opened("wake", room.now))
    room.step(ev.Opened("wake", room.now))
    assert room.machine.state == "listening", "opened anew, after it has ended by itself"
    assert [change.open for change in room.found(ev.HandsFreeChanged)] == [False, True]


def test_the_word_that_opens_cuts_an_answer_off_as_a_press_does() -> None:
    room = opened()
    room.say()
    room.reply()
    room.clear()
    room.step(ev.Opened("wake", room.now))
    assert room.found(ev.StopPlayback)
    assert room.machine.state == "listening"
    room.stopped(heard_ms=500)
    assert [event.audio_end_ms for event in room.sent(wire.ItemTruncate)] == [500]


def test_the_word_that_opens_opens() -> None:
    room = Room()
    room.start()
    room.step(ev.Opened("wake", room.now))
    assert room.machine.state == "listening"
    assert room.found(ev.HandsFreeChanged) == [ev.HandsFreeChanged(True, "wake")]


def test_a_server_whose_answer_is_the_first_sign_is_listened_to_as_well() -> None:
    room = opened()
    room.capture(1.0)
    room.answer()
    assert room.machine.state == "listening"


def test_speech_that_does_not_end_is_asked_when_it_is_as_long_as_allowed() -> None:
    room = opened(max_utterance_s=40.0)
    room.wait(IDLE_S - 1.0)
    room.receive(wire.SpeechStarted())
    room.capture(1.0)
    room.wait(39.0)
    assert room.machine.state == "listening", "it counts from the first word"
    room.wait(1.0)
    room.step(ev.CaptureEnded())
    assert room.sent(wire.AudioCommit)


def test_where_the_server_is_to_answer_when_asked_it_is_asked() -> None:
    room = opened(server_answers=False)
    room.capture(1.0)
    room.receive(wire.SpeechStarted(), wire.SpeechStopped(), wire.AudioCommitted(item_id="u"))
    room.step(ev.CaptureEnded())
    assert len(room.sent(wire.ResponseCreate)) == 1
    assert not room.sent(wire.AudioCommit), "it has it already"
    room.answer()
    assert room.machine.state == "listening"


def test_goodbye_ends_it() -> None:
    room = opened()
    room.say()
    room.call(name="stop_conversation")
    (run,) = room.found(ev.RunTool)
    room.step(ev.ToolDone(run.key, "The conversation is over."))
    assert room.machine.state == "idle"
    assert not room.open


# ------------------------------------------------------------ what must not open it


def test_an_announcement_does_not_open_the_microphone() -> None:
    room = Room()
    room.start()
    room.step(ev.SayAsked("The door is open."))
    room.answer()
    assert room.machine.state == "idle"


def test_a_muted_box_is_not_opened_by_word_press_or_announcement() -> None:
    room = opened()
    room.step(ev.MuteAsked(True))
    assert not room.open
    room.step(ev.Opened("wake", room.now))
    room.tap()
    room.step(ev.SayAsked("The door is open."))
    room.answer()
    assert room.machine.state == "muted"
    room.step(ev.MuteAsked(False))
    assert room.machine.state == "idle", "to unmute is not to open"


def test_two_taps_mute() -> None:
    room = Room()
    room.start()
    for pressed in (True, False, True, False):
        room.edge(pressed)
        room.wait(0.1)
    assert room.machine.state == "muted"
    assert not room.open


# ------------------------------------------------------------ full duplex


def answering(**settings: Any) -> Room:
    """In the middle of an answer, with the own voice taken out of the microphone."""
    room = opened(full_duplex=True, **settings)
    room.say()
    room.reply()
    room.clear()
    return room


def test_who_speaks_during_an_answer_interrupts_it() -> None:
    room = answering()
    assert room.machine.state == "speaking"
    assert room.capturing
    room.capture(0.5)
    room.receive(wire.SpeechStarted())
    assert room.found(ev.StopPlayback), "in the same step"
    assert room.machine.state == "listening"
    room.stopped(heard_ms=500)
    room.done(status="cancelled")
    (truncate,) = room.sent(wire.ItemTruncate)
    assert truncate.audio_end_ms == 500
    room.receive(wire.SpeechStopped(), wire.AudioCommitted(item_id="u2"))
    assert not room.sent(wire.AudioClear), "what interrupts is the beginning of the question"
    room.answer("resp_2")
    assert [turn.turn["interrupted"] for turn in room.found(ev.TurnOver)] == [True, False]


def test_what_interrupts_is_sent_again_where_the_connection_is_lost() -> None:
    room = answering()
    room.capture(10.0)
    room.receive(wire.SpeechStarted())
    room.capture(1.0)
    room.lose()
    room.clear()
    room.connect()
    sent_s = sum(len(event.audio) for event in room.sent(wire.AudioAppend)) / BYTES_PER_S
    assert 1.0 + ATTENDED_S - 0.1 <= sent_s <= 1.0 + ATTENDED_S


def test_nobody_speaks_and_the_next_question_begins_with_what_was_heard_last() -> None:
    room = answering()
    room.done()
    room.capture(0.5)
    room.step(ev.PlaybackDrained(("item_1",)))
    assert room.machine.state == "listening"
    assert not room.found(ev.SetCapture), "it was open and stays so"
    assert not room.sent(wire.AudioClear), "somebody may have begun to speak"
    room.wait(IDLE_S)
    assert not room.capturing


def test_a_tap_during_an_answer_closes_the_microphone_too() -> None:
    room = answering()
    room.capture(0.5)
    room.edge(True)
    assert not room.capturing
    assert room.found(ev.StopPlayback)
    room.stopped()
    assert not room.open
    room.receive(wire.AudioCommitted(item_id="u2"))
    room.reply("resp_2", "item_2")
    assert not room.found(ev.Play), "what was heard before the tap is not answered"


def test_while_it_thinks_the_microphone_is_closed() -> None:
    room = opened(full_duplex=True)
    room.say()
    assert room.machine.state == "thinking"
    assert not room.capturing


def test_an_announcement_can_be_interrupted_but_does_not_keep_it_open() -> None:
    room = opened(full_duplex=True)
    room.wait(IDLE_S - 1.0)
    room.step(ev.SayAsked("The door is open."))
    room.reply(seconds=60.0)
    assert room.capturing
    room.wait(1.0)
    assert not room.capturing
    assert room.machine.state == "speaking", "to its end"


def test_without_it_a_closed_box_does_not_listen_while_it_speaks() -> None:
    room = Room(full_duplex=True)
    room.start()
    room.step(ev.SayAsked("The door is open."))
    room.answer()
    assert not room.found(ev.SetCapture)


# ------------------------------------------------------------ connections


def test_what_is_said_while_the_server_is_away_is_heard_by_the_next_session() -> None:
    room = opened()
    room.lose()
    room.capture(1.0)
    room.clear()
    room.connect()
    assert sum(len(event.audio) for event in room.sent(wire.AudioAppend)) == 48_000
    room.say(0.5)
    room.answer()
    assert room.machine.state == "listening"


@pytest.mark.parametrize("seconds", [0.0, 1.0])
def test_without_a_server_silence_ends_it_and_words_are_asked(seconds: float) -> None:
    room = Room(earcons="on")
    room.step(ev.Start())
    room.tap()
    room.capture(seconds)
    room.wait(IDLE_S)
    room.step(ev.CaptureEnded())
    assert not room.open
    assert room.machine.state == ("thinking" if seconds else "idle")
    if seconds:
        room.connect()
        assert len(room.sent(wire.AudioCommit)) == len(room.sent(wire.ResponseCreate)) == 1
    else:
        assert not room.found(ev.UserAlert)


def test_a_new_session_takes_over_while_nobody_speaks() -> None:
    room = Room(max_session_s=600.0)
    room.start()
    room.wait(530.0)
    room.tap()
    room.say()
    room.reply(seconds=60.0)
    room.done()
    room.wait(20.0)
    assert room.conn == 2
    room.step(ev.Connected(2))
    room.receive(wire.SessionCreated(), wire.SessionUpdated())
    room.step(ev.PlaybackDrained(("item_1",)))
    assert not room.found(ev.Disconnect)
    room.capture(0.1)
    room.clear()
    room.receive(*[wire.ItemAdded(item=Item())] * room.machine.history.last)
    assert [each.conn for each in room.found(ev.Disconnect)] == [1]
    assert room.machine.state == "listening"
    assert [len(event.audio) for event in room.sent(wire.AudioAppend)] == [4800], "all that it has heard"
    assert {each.conn for each in room.found(ev.Send)} == {2}


def test_no_session_takes_over_before_the_old_one_knows_what_was_heard() -> None:
    room = Room(max_session_s=600.0)
    room.start()
    room.wait(530.0)
    room.tap()
    room.say()
    room.reply()
    room.wait(20.0)
    room.step(ev.Connected(2))
    for event in (wire.SessionCreated(), wire.SessionUpdated()):
        room.step(ev.Received(2, event))
    room.step(ev.Opened("wake", room.now))
    room.step(*[ev.Received(2, wire.ItemAdded(item=Item()))] * room.machine.history.last)
    assert not room.found(ev.Disconnect)
    room.clear()
    room.conn = 1
    room.done(status="cancelled")
    room.stopped(heard_ms=500)
    told = [(each.conn, each.event) for each in room.found(ev.Send)]
    assert (1, wire.ItemTruncate(item_id="item_1", content_index=0, audio_end_ms=500)) in told


# ------------------------------------------------------------ any order


OPENED = st.just(("event", ev.Opened("wake", 0.0)))


@given(st.lists(INPUTS | OPENED, max_size=40), st.booleans(), st.booleans())
@settings(max_examples=150, deadline=None)
def test_in_any_order_it_never_hears_itself_nor_listens_for_ever(
    moves: list[tuple[str, object]], fallback: bool, full_duplex: bool
) -> None:
    room = Room(fallback=fallback, full_duplex=full_duplex)
    room.step(ev.Start())
    room.tap()
    play(room, moves)
    room.edge(False)
    room.wait(3000.0)
    assert not room.open
    assert not room.capturing


@pytest.mark.parametrize("duplex", [False, True])
def test_muted_in_an_answer_it_does_not_listen_again_after_it(duplex: bool) -> None:
    room = opened(full_duplex=duplex)
    room.say()
    room.reply()
    room.step(ev.MuteAsked(True, at_once=False))
    room.done()
    room.step(ev.PlaybackDrained(("item_1",)))
    room.wait(5.0)
    assert (room.machine.state, room.capturing, room.open) == ("muted", False, False)
