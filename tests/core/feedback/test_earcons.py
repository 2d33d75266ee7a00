"""Earcons: when each comes, and how it sounds."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.audio.earcon_tones import LONGEST_S, PEAK, Note
from daemon.core import events as ev
from daemon.core.feedback.earcon_kinds import EARCONS, LONG_S, EarconKind, Situation
from daemon.core.feedback.earcons import Earconed
from daemon.core.turn.style_registry import STYLES
from daemon.realtime.events import SessionCreated, SessionUpdated
from hardware.ports import Mono
from tests.core.rig import Rig
from tests.core.test_machine import INPUTS, play

RATES_HZ = (8_000, 16_000, 44_100, 48_000)


def sounded(rig: Rig) -> list[str]:
    """The earcons in order, and where one was stopped."""
    return [
        effect.kind if isinstance(effect, ev.Earcon) else "stop"
        for effect in rig.effects
        if isinstance(effect, ev.Earcon | ev.StopEarcon)
    ]


def ready(earcons: Earconed = "on", fallback: bool = False) -> Rig:
    return Rig(earcons=earcons, fallback=fallback).start()


# ---------------------------------------------------------------- when


def test_a_quick_answer_is_all_there_is_to_hear() -> None:
    rig = ready()
    rig.speak()
    rig.wait(LONG_S - 0.1)
    rig.reply()
    rig.done()
    rig.step(ev.PlaybackDrained(("item_1",)))
    rig.wait(60.0)
    assert sounded(rig) == []


def test_who_waits_for_long_is_told_once() -> None:
    rig = ready()
    rig.speak()
    rig.wait(LONG_S - 0.1)
    assert sounded(rig) == []
    rig.wait(25.0)
    assert sounded(rig) == ["thinking"]


def test_a_tool_that_takes_long_after_a_first_word_is_a_second_wait() -> None:
    rig = ready()
    rig.speak()
    rig.wait(5.0)
    rig.reply(text="One moment.")
    rig.step(ev.PlaybackDrained(("item_1",)))
    rig.wait(5.0)
    assert sounded(rig) == ["thinking", "thinking"]


def test_no_earcon_where_the_owner_wants_none() -> None:
    rig = ready("off")
    rig.speak()
    rig.wait(60.0)
    rig.step(ev.MuteAsked(True))
    assert sounded(rig) == []


def test_a_tick_at_the_press_is_only_for_who_wants_all() -> None:
    for wanted, expected in (("on", []), ("all", ["listening"])):
        rig = ready(wanted)  # type: ignore[arg-type]
        rig.edge(True)
        rig.capture(1.0)
        rig.wait(1.0)
        assert sounded(rig) == expected


def test_muted_is_told_when_it_begins_and_at_each_press_in_vain() -> None:
    rig = ready()
    rig.step(ev.MuteAsked(True))
    assert sounded(rig) == ["muted"]
    rig.wait(10.0)
    for _ in range(2):
        rig.clear()
        rig.edge(True)
        rig.wait(1.0)
        rig.edge(False)
        rig.wait(10.0)
        assert sounded(rig) == ["muted"]
    rig.clear()
    rig.step(ev.MuteAsked(False))
    assert sounded(rig) == []


def test_muted_since_before_the_start_is_no_news() -> None:
    rig = Rig(earcons="on")
    rig.step(ev.MuteAsked(True), ev.Start())
    rig.wait(60.0)
    assert sounded(rig) == []


def test_a_connection_that_is_lost_while_nobody_waits_makes_no_sound() -> None:
    rig = ready(fallback=True)
    rig.lose()
    rig.wait(8 * 3600.0)
    assert sounded(rig) == []


def test_who_waits_for_a_server_in_vain_hears_that_it_is_away_and_that_the_words_are_lost() -> None:
    rig = ready()
    rig.lose()
    rig.speak()
    rig.wait(LONG_S)
    assert sounded(rig) == ["offline"]
    rig.wait(60.0)
    assert sounded(rig) == ["offline", "error"]


def test_each_wait_for_a_server_that_is_away_is_told() -> None:
    rig = ready()
    rig.lose()
    for _ in range(2):
        rig.clear()
        rig.speak()
        rig.wait(60.0)
        assert sounded(rig) == ["offline", "error"]


def test_a_server_that_refuses_us_is_an_error_and_one_error_is_enough_for_a_turn() -> None:
    rig = ready()
    rig.lose(401)
    rig.speak()
    rig.lose(401)
    rig.wait(LONG_S)
    assert sounded(rig) == ["error"]
    rig.wait(60.0)
    assert sounded(rig) == ["error"]


def brain_steps_in(rig: Rig) -> None:
    rig.lose()
    rig.wait(2.5)
    brain = max(connect.conn for connect in rig.found(ev.Connect) if connect.place == "brain")
    rig.step(ev.Connected(brain))
    rig.conn = brain
    rig.receive(SessionCreated(), SessionUpdated())


def test_the_brain_that_steps_in_is_told_once_for_the_outage_when_the_microphone_is_closed() -> None:
    rig = ready(fallback=True)
    brain_steps_in(rig)
    for number, expected in enumerate((["offline"], [])):
        rig.clear()
        rig.edge(True)
        rig.capture(1.0)
        rig.wait(1.0)
        assert sounded(rig) == []
        rig.edge(False)
        rig.step(ev.CaptureEnded())
        assert rig.machine.link == "fallback"
        assert sounded(rig) == expected
        rig.reply(f"resp_{number}", f"item_{number}")
        rig.done(f"resp_{number}")
        rig.step(ev.PlaybackDrained((f"item_{number}",)))
        rig.wait(0.1)  # the contact rests: what is captured next is of the next press


def test_the_next_outage_is_told_anew() -> None:
    rig = ready(fallback=True)
    for number in range(2):
        rig.clear()
        brain_steps_in(rig)
        rig.speak()
        assert "offline" in sounded(rig)
        rig.reply(f"resp_{number}", f"item_{number}")
        rig.done(f"resp_{number}")
        rig.step(ev.PlaybackDrained((f"item_{number}",)))
        rig.conn = max(connect.conn for connect in rig.found(ev.Connect) if connect.place == "server")
        rig.step(ev.Connected(rig.conn))
        rig.receive(SessionCreated(), SessionUpdated())
        rig.wait(5.0)
        assert rig.machine.link == "ready"


def test_a_lost_turn_is_told_after_what_has_come_of_its_answer_was_heard() -> None:
    rig = ready()
    rig.speak()
    rig.reply(seconds=3.0)
    rig.lose()
    rig.wait(2.0)
    assert sounded(rig) == []
    rig.step(ev.PlaybackDrained(("item_1",)))
    assert sounded(rig) == ["error"]


def test_a_turn_that_goes_wrong_twice_is_one_error() -> None:
    rig = ready()
    rig.speak()
    rig.wait(31.0)
    assert sounded(rig) == ["thinking", "error"]
    rig.speak()
    rig.wait(31.0)
    assert sounded(rig)[2:].count("error") == 1


def test_a_new_question_makes_the_trouble_of_the_one_before_old_news() -> None:
    rig = ready()
    rig.speak()
    rig.reply(seconds=3.0)
    rig.lose()
    rig.edge(True)
    rig.stopped()
    rig.connect()
    rig.capture(1.0)
    rig.edge(False)
    assert sounded(rig) == []


def test_a_press_stops_what_still_sounds_and_nothing_else() -> None:
    rig = ready()
    rig.speak()
    rig.wait(LONG_S + 0.1)
    rig.edge(True)
    assert sounded(rig) == ["thinking", "stop"]


@pytest.mark.parametrize(("later_s", "stopped"), [(-0.05, ["stop"]), (0.05, [])])
def test_what_no_card_can_still_hold_is_not_stopped(later_s: float, stopped: list[str]) -> None:
    rig = ready()
    rig.speak()
    while not sounded(rig):
        rig.wait(0.01)
    longest_buffer_s = 0.5
    rig.wait(LONGEST_S + longest_buffer_s + later_s)
    rig.edge(True)
    assert sounded(rig) == ["thinking", *stopped]
    rig.wait(1.0)
    rig.edge(False)
    rig.clear()
    rig.wait(60.0)
    rig.clear()
    rig.edge(True)
    assert sounded(rig) == []


def test_a_press_without_a_microphone_is_an_error_at_once() -> None:
    rig = ready()
    rig.edge(True)
    rig.step(ev.MicrophoneUnavailable())
    assert sounded(rig) == ["error"]
    assert rig.found(ev.UserAlert)
    rig.wait(1.0)
    rig.edge(False)
    rig.wait(10.0)
    assert sounded(rig) == ["error"]


class TakenEarcon(EarconKind):
    """The microphone closes, and what was said is a question."""

    name = "taken"
    melody = (Note(600.0, 0.1),)

    def due(self, now: Situation) -> bool:
        return now.entered and now.state == "thinking"


def test_an_earcon_is_one_class(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(EARCONS, "taken", TakenEarcon())
    rig = ready()
    rig.speak()
    rig.wait(LONG_S)
    assert sounded(rig) == ["taken", "thinking"]
    assert len(EARCONS["taken"].samples(48_000)) == 4800


@given(st.lists(INPUTS, max_size=40), st.sampled_from(list(STYLES)), st.booleans())
def test_no_earcon_disturbs_and_none_is_repeated_in_its_spell(
    moves: list[tuple[str, object]], style: str, fallback: bool
) -> None:
    rig = Rig(earcons="on", style=style, fallback=fallback).start()
    rig.speak()
    play(rig, moves)
    rig.wait(300.0)
    state, spell = "idle", list[str]()
    for effect in rig.effects:
        if isinstance(effect, ev.StateChanged):
            state, spell = effect.state, []
        elif isinstance(effect, ev.Earcon):
            assert state not in ("listening", "speaking") or (state, effect.kind) == ("listening", "woken")
            assert effect.kind not in ("thinking", "offline") or state == "thinking"
            assert effect.kind in ("error", "muted") or effect.kind not in spell
            spell.append(effect.kind)
    assert "listening" not in {earcon.kind for earcon in rig.found(ev.Earcon)}


# ---------------------------------------------------------------- how


@pytest.mark.parametrize("rate_hz", RATES_HZ)
@pytest.mark.parametrize("kind", EARCONS)
def test_an_earcon_is_soft_short_and_begins_and_ends_in_silence(kind: str, rate_hz: int) -> None:
    samples = EARCONS[kind].samples(rate_hz)
    assert 0.01 < np.abs(samples).max() <= PEAK <= 0.1
    assert len(samples) <= LONGEST_S * rate_hz
    assert np.abs(samples[[0, -1]]).max() < 1e-3
    assert np.abs(np.diff(samples)).max() < PEAK * 2 * np.pi * 1800 / rate_hz  # no step in it
    assert abs(samples.mean()) < 1e-3


@pytest.mark.parametrize("rate_hz", RATES_HZ)
def test_no_two_earcons_sound_alike(rate_hz: int) -> None:
    for one, other in itertools.combinations(EARCONS.values(), 2):
        assert _likeness(one.samples(rate_hz), other.samples(rate_hz)) < 0.6


LEARNED = {
    "muted": (0.23, 125),
    "error": (0.38, 104),
    "offline": (0.38, 221),
    "thinking": (0.19, 73),
    "closed": (0.25, 112),
    "woken": (0.06, 78),
    "listening": (0.03, 53),
}
"""How long each is in seconds, and how often it swings: its notes and their lengths in two numbers."""


@pytest.mark.parametrize("kind", LEARNED)
def test_an_earcon_stays_as_people_have_learned_it(kind: str) -> None:
    samples = EARCONS[kind].samples(48_000)
    swings = np.count_nonzero(np.diff(np.signbit(samples[np.abs(samples) > 1e-6]))) / 2
    assert (len(samples) / 48_000, swings) == (LEARNED[kind][0], pytest.approx(LEARNED[kind][1], abs=1.5))


def test_the_tick_is_over_before_anybody_has_begun_to_speak() -> None:
    assert len(EARCONS["listening"].samples(48_000)) <= 0.04 * 48_000


def _likeness(one: Mono, other: Mono) -> float:
    """The largest correlation at any shift, 1.0 for the same."""
    size = 2 ** int(np.ceil(np.log2(len(one) + len(other))))
    crossed = np.fft.irfft(np.fft.rfft(one, size) * np.fft.rfft(other, size).conj(), size)
    return float(np.abs(crossed).max() / np.sqrt(np.sum(one**2) * np.sum(other**2)))
