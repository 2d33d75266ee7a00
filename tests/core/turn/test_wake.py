"""The wake word in the styles of the button: it opens as a press does, and a pause ends what is said."""

from __future__ import annotations

import pytest

from daemon.core import events as ev
from daemon.core.feedback.earcons import Earconed
from daemon.core.turn.listening import NO_MICROPHONE, NO_SPEECH_S
from daemon.core.turn.style_registry import STYLES
from daemon.realtime import events as wire
from tests.core.rig import Rig


def ready(style: str = "hold", earcons: Earconed = "off") -> Rig:
    return Rig(style=style, earcons=earcons).start()


def woken(style: str = "hold", earcons: Earconed = "off") -> Rig:
    rig = ready(style, earcons)
    rig.step(ev.Opened("wake", rig.now))
    return rig


def captures(rig: Rig) -> list[bool]:
    return [effect.on for effect in rig.found(ev.SetCapture)]


def pause(rig: Rig, spoken: bool = True) -> None:
    rig.step(ev.SpeechEnded(spoken), ev.CaptureEnded())


@pytest.mark.parametrize("style", STYLES)
def test_the_wake_word_opens_the_microphone_in_every_style(style: str) -> None:
    rig = woken(style)
    assert (rig.machine.state, captures(rig)) == ("listening", [True])


@pytest.mark.parametrize("style", STYLES)
def test_nothing_is_sent_before_the_wake_word(style: str) -> None:
    rig = ready(style)
    rig.capture(1.0)
    assert (rig.sent(wire.AudioAppend), captures(rig)) == ([], [])


@pytest.mark.parametrize("style", STYLES)
def test_a_muted_box_has_no_wake_word_and_says_nothing(style: str) -> None:
    rig = ready(style, "all")
    rig.step(ev.MuteAsked(True))
    rig.clear()
    rig.step(ev.Opened("wake", rig.now))
    assert (rig.machine.state, rig.effects) == ("muted", [])


@pytest.mark.parametrize("style", STYLES)
def test_muting_is_told_at_once_even_while_an_answer_is_said_to_its_end(style: str) -> None:
    rig = ready(style)
    rig.step(ev.SayAsked("hello"))
    rig.reply()
    rig.clear()
    rig.step(ev.MuteAsked(True, at_once=False))
    assert rig.found(ev.MuteChanged) == [ev.MuteChanged(True)]
    rig.step(ev.MuteAsked(False))
    assert rig.found(ev.MuteChanged)[1:] == [ev.MuteChanged(False)]


def test_a_pause_ends_what_is_said_and_poses_it() -> None:
    rig = woken()
    rig.capture(1.0)
    pause(rig)
    assert [type(event) for event in rig.sent()] == [wire.AudioClear, wire.AudioCommit, wire.ResponseCreate]
    assert captures(rig) == [True, False]


def test_who_calls_and_says_nothing_hears_nothing_and_costs_nothing() -> None:
    rig = woken(earcons="on")
    rig.capture(5.0)
    pause(rig, spoken=False)
    rig.wait(60.0)
    assert (rig.machine.state, captures(rig)) == ("idle", [True, False])
    assert [type(event) for event in rig.sent()] == [wire.AudioClear, wire.AudioClear]
    assert [effect.kind for effect in rig.found(ev.Earcon)] == ["woken"]


@pytest.mark.parametrize("style", STYLES)
def test_the_word_said_again_while_it_listens_changes_nothing(style: str) -> None:
    rig = woken(style)
    rig.capture(1.0)
    deadline = rig.machine.deadline
    rig.clear()
    rig.step(ev.Opened("wake", rig.now))
    assert (rig.effects, rig.machine.deadline) == ([], deadline)


@pytest.mark.parametrize("style", ["hold", "tap"])
def test_it_never_listens_for_ever_though_nobody_tells_of_a_pause(style: str) -> None:
    rig = woken(style)
    rig.step(ev.Opened("wake", rig.now))
    rig.wait(3.0)
    rig.step(ev.Opened("wake", rig.now))
    rig.wait(61.0)
    assert captures(rig) == [True, False]


def test_with_the_servers_voice_detection_the_local_pause_counts_for_nothing() -> None:
    rig = woken("tap")
    rig.capture(1.0)
    rig.step(ev.SpeechEnded(True), ev.SpeechEnded(False))
    assert rig.machine.state == "listening"
    rig.wait(NO_SPEECH_S)
    assert rig.machine.state == "idle"


@pytest.mark.parametrize("style", STYLES)
def test_the_wake_word_interrupts_an_answer_as_a_press_does(style: str) -> None:
    rig = ready(style)
    rig.step(ev.SayAsked("a long story"))
    rig.reply()
    assert rig.machine.state == "speaking"
    rig.clear()
    rig.step(ev.Opened("wake", rig.now))
    assert rig.machine.state == "listening"
    assert rig.found(ev.StopPlayback)


def test_a_press_while_it_listens_takes_over_from_the_pause() -> None:
    rig = woken()
    rig.capture(1.0)
    rig.edge(True)
    rig.step(ev.SpeechEnded(True), ev.SpeechEnded(False))
    rig.wait(1.0)
    assert (rig.machine.state, captures(rig)) == ("listening", [True])
    rig.edge(False)
    rig.step(ev.CaptureEnded())
    assert wire.ResponseCreate in map(type, rig.sent())


def test_a_tap_while_it_listens_withdraws() -> None:
    rig = woken()
    rig.capture(1.0)
    rig.edge(True)
    rig.wait(0.1)
    rig.edge(False)
    rig.step(ev.CaptureEnded())
    rig.wait(1.0)
    assert (rig.machine.state, rig.sent(wire.ResponseCreate)) == ("idle", [])


def test_a_button_that_was_let_go_while_muted_is_not_held_for_ever() -> None:
    rig = ready()
    rig.edge(True)
    rig.step(ev.MuteAsked(True))
    rig.wait(1.0)
    rig.edge(False)
    rig.wait(1.0)
    rig.step(ev.MuteAsked(False), ev.Opened("wake", rig.now))
    rig.capture(1.0)
    pause(rig)
    assert rig.machine.state == "thinking"


def test_a_word_and_nothing_behind_it_takes_back_no_question_that_waits() -> None:
    rig = ready()
    rig.lose()
    rig.speak()
    rig.step(ev.Opened("wake", rig.now))
    assert rig.machine.state == "listening"
    pause(rig, spoken=False)
    assert rig.machine.state == "thinking"


def test_a_pause_that_is_told_late_takes_back_no_text() -> None:
    rig = ready()
    rig.lose()
    rig.step(ev.TextAsked("hello", 7), ev.SpeechEnded(False), ev.SpeechEnded(True))
    rig.wait(30.0)
    assert [effect.request_id for effect in rig.found(ev.TurnOver)] == [7]


def test_without_a_microphone_the_word_opens_nothing_for_long() -> None:
    rig = woken(earcons="on")
    rig.step(ev.MicrophoneUnavailable(), ev.CaptureEnded())
    rig.wait(1.0)
    assert rig.machine.state == "idle"
    assert [effect.turn["trouble"] for effect in rig.found(ev.TurnOver)] == [NO_MICROPHONE]
    assert [effect.kind for effect in rig.found(ev.Earcon)] == ["woken", "error"]


def test_the_word_has_an_earcon_of_its_own_and_the_press_has_not() -> None:
    wanted: tuple[Earconed, ...] = ("off", "on", "all")
    kinds = [[effect.kind for effect in woken(earcons=each).found(ev.Earcon)] for each in wanted]
    assert kinds == [[], ["woken"], ["woken"]]
    rig = ready(earcons="on")
    rig.speak()
    assert rig.found(ev.Earcon) == []
