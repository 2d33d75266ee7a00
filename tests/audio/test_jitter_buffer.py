"""The jitter buffer and the heard clock: nothing is played twice, lost or counted as heard before it was."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.audio.jitter_buffer import Cut, JitterBuffer
from hardware.ports import Mono

RATE_HZ = 1_000  # a frame is a millisecond
PERIOD = 10
EARCON = 0.0625


def sound(frames: int, level: float = 0.5) -> Mono:
    return np.full(frames, level, np.float32)


def playing(*items: tuple[str, int], finish: bool = True) -> JitterBuffer:
    """A playout that has items of so many frames queued."""
    playout = JitterBuffer(RATE_HZ)
    for item_id, frames in items:
        playout.push(item_id, sound(frames))
        if finish:
            playout.finish(item_id)
    return playout


def pulled(playout: JitterBuffer, periods: int) -> list[Mono | None]:
    return [playout.pull(PERIOD) for _ in range(periods)]


def test_items_play_one_after_the_other_without_a_gap_and_end_in_silence() -> None:
    playout = JitterBuffer(RATE_HZ)
    for item_id, level in (("first", 0.25), ("second", 0.75)):
        playout.push(item_id, sound(13, level))
        playout.finish(item_id)
    periods = pulled(playout, 4)
    assert periods[3] is None
    everything = np.concatenate([samples for samples in periods[:3] if samples is not None])
    np.testing.assert_allclose(everything, [0.25] * 13 + [0.75] * 13 + [0.0] * 4, atol=1e-4)


def test_the_heard_clock_counts_as_its_drawing_says() -> None:
    playout = JitterBuffer(24_000)
    playout.push("A", sound(4_800))
    playout.finish("A")
    playout.pull(4_800 + 240)
    playout.push("B", sound(1_920 + 9_600))
    playout.pull(1_920)
    playout.played(1_920)
    assert (playout.take_heard_to_end(), playout.heard_ms("B")) == (["A"], 0)
    playout.played(1_440)
    assert playout.heard_ms("B") == 20
    assert playout.stopped(1_440) == Cut("B", 20, (), ())


def test_a_turn_waits_for_enough_audio() -> None:
    playout = JitterBuffer(RATE_HZ, start_ms=40)
    playout.push("item", sound(39))
    assert playout.pull(PERIOD) is None
    playout.push("item", sound(1))
    assert playout.pull(PERIOD) is not None


def test_a_finished_item_starts_at_once_however_short() -> None:
    assert playing(("item", 3)).pull(PERIOD) is not None


def test_less_than_a_period_of_an_unfinished_item_waits_for_the_rest() -> None:
    playout = playing(("item", 45), finish=False)
    assert all(samples is not None for samples in pulled(playout, 4))
    assert playout.pull(PERIOD) is None
    playout.push("item", sound(5))
    samples = playout.pull(PERIOD)
    assert samples is not None
    assert samples.all()


def test_after_an_underrun_it_waits_for_enough_audio_again() -> None:
    playout = playing(("item", 40), finish=False)
    pulled(playout, 4)
    assert playout.played(0)
    playout.push("item", sound(20))
    assert playout.pull(PERIOD) is None
    playout.push("item", sound(20))
    assert playout.pull(PERIOD) is not None


def test_the_end_of_a_turn_is_no_underrun() -> None:
    playout = playing(("item", 40))
    pulled(playout, 4)
    assert not playout.played(0)
    assert playout.take_heard_to_end() == ["item"]


def test_a_later_item_waits_until_the_one_before_is_finished() -> None:
    playout = playing(("first", 40), ("second", 40), finish=False)
    assert [samples is not None for samples in pulled(playout, 5)] == [True] * 4 + [False]
    playout.finish("first")
    assert playout.pull(PERIOD) is not None


def test_heard_is_what_was_written_less_what_the_card_holds() -> None:
    playout = playing(("item", 100))
    pulled(playout, 5)
    playout.played(50)
    assert playout.heard_ms("item") == 0
    playout.played(20)
    assert playout.heard_ms("item") == 30
    playout.played(25)  # a card may count back a little: what was heard was heard
    assert playout.heard_ms("item") == 30


def test_speaking_ends_when_the_last_sample_was_heard() -> None:
    playout = playing(("item", 25))
    pulled(playout, 3)
    playout.played(6)
    assert not playout.idle
    assert playout.take_heard_to_end() == []
    playout.played(5)  # only padding is left
    assert playout.idle
    assert playout.take_heard_to_end() == ["item"]
    assert playout.take_heard_to_end() == []


def test_an_item_that_is_finished_after_it_was_heard_ends_then() -> None:
    playout = playing(("item", 40), finish=False)
    pulled(playout, 4)
    playout.played(0)
    assert not playout.idle
    playout.finish("item")
    assert playout.take_heard_to_end() == ["item"]


def test_an_item_begins_once_when_its_first_sample_is_written() -> None:
    playout = playing(("first", 15), ("second", 15))
    assert playout.take_begun() == []
    playout.pull(PERIOD)
    assert playout.take_begun() == ["first"]
    playout.pull(PERIOD)
    assert playout.take_begun() == ["second"]
    playout.pull(PERIOD)
    assert playout.take_begun() == []


@pytest.mark.parametrize(
    ("periods", "delay", "cut"),
    [
        (0, 0, Cut(None, 0, (), ("first", "second"))),
        (3, 30, Cut(None, 0, (), ("first", "second"))),
        (3, 18, Cut("first", 12, (), ("second",))),
        (3, 5, Cut(None, 0, ("first",), ("second",))),
        (4, 8, Cut("second", 7, ("first",), ())),
        (5, 0, Cut(None, 0, ("first", "second"), ())),
    ],
    ids=["nothing-written", "nothing-heard", "in-the-first", "between", "in-the-second", "all-heard"],
)
def test_a_cut_tells_what_was_heard(periods: int, delay: int, cut: Cut) -> None:
    playout = playing(("first", 25), ("second", 25))
    pulled(playout, periods)
    assert playout.stopped(delay) == cut
    assert playout.idle
    assert playout.pull(PERIOD) is None


def test_an_unfinished_item_is_cut_even_if_all_that_came_was_heard() -> None:
    playout = playing(("item", 40), finish=False)
    pulled(playout, 4)
    assert playout.stopped(0) == Cut("item", 40, (), ())


def test_late_audio_of_a_cut_item_is_refused_and_new_items_play() -> None:
    playout = playing(("old", 100))
    pulled(playout, 1)
    playout.stopped(0)
    playout.push("old", sound(100))
    assert playout.idle
    playout.push("new", sound(100))
    assert playout.pull(PERIOD) is not None


def test_more_than_the_bound_is_dropped_and_counted() -> None:
    playout = JitterBuffer(RATE_HZ, max_queue_s=0.1)
    assert playout.push("item", sound(90)) == 0
    assert playout.push("item", sound(30)) == 20
    playout.finish("item")
    assert [samples is not None for samples in pulled(playout, 11)] == [True] * 10 + [False]


def test_a_change_of_volume_is_spread_over_one_pull() -> None:
    playout = playing(("item", 100))
    playout.pull(PERIOD)
    playout.gain.level = 0.5
    ramp, after = playout.pull(PERIOD), playout.pull(PERIOD)
    assert ramp is not None
    assert after is not None
    assert np.all(np.diff(ramp) < 0)
    assert ramp[0] == pytest.approx(0.5)
    np.testing.assert_allclose(after, 0.25, atol=1e-4)


def test_an_earcon_is_played_as_it_is_and_then_nothing() -> None:
    playout = JitterBuffer(RATE_HZ)
    playout.play_earcon(sound(13, EARCON))
    first, second, third = pulled(playout, 3)
    assert first is not None
    assert second is not None
    assert third is None
    assert [*first, *second] == [EARCON] * 13 + [0.0] * 7


def test_the_volume_is_that_of_everything_else() -> None:
    playout = JitterBuffer(RATE_HZ)
    playout.gain.level = 0.5
    playout.play_earcon(sound(20, EARCON))
    _, after = pulled(playout, 2)
    assert after is not None
    assert set(after) == {np.float32(EARCON / 2)}


def test_an_item_is_not_delayed_by_an_earcon_which_fades_under_its_first_period() -> None:
    playout = JitterBuffer(RATE_HZ)
    playout.play_earcon(sound(100, EARCON))
    pulled(playout, 1)
    playout.push("item", sound(40, 0.5))
    playout.finish("item")
    first, second = pulled(playout, 2)
    assert first is not None
    assert second is not None
    np.testing.assert_allclose(first, 0.5 + EARCON * np.linspace(1, 0, PERIOD), atol=1e-4)
    np.testing.assert_allclose(second, 0.5, atol=1e-4)


def test_an_earcon_is_never_heard_of_an_item() -> None:
    playout = JitterBuffer(RATE_HZ)
    playout.play_earcon(sound(30, EARCON))
    pulled(playout, 3)
    playout.push("item", sound(40))
    playout.finish("item")
    pulled(playout, 2)
    playout.played(20)
    assert playout.heard_ms("item") == 0
    playout.played(5)
    assert playout.stopped(5) == Cut("item", 15, (), ())


def test_where_an_item_is_played_or_waits_an_earcon_is_not() -> None:
    playout = JitterBuffer(RATE_HZ)
    playout.push("item", sound(5))
    playout.play_earcon(sound(30, EARCON))
    assert playout.pull(PERIOD) is None


def test_an_earcon_is_stopped_and_it_is_told_whether_the_card_holds_some_of_it() -> None:
    playout = JitterBuffer(RATE_HZ)
    playout.play_earcon(sound(30, EARCON))
    assert not playout.stop_earcon()
    assert playout.pull(PERIOD) is None
    playout.play_earcon(sound(30, EARCON))
    pulled(playout, 2)
    playout.played(10)
    assert playout.stop_earcon()
    playout.played(0)
    assert not playout.stop_earcon()
    assert playout.pull(PERIOD) is None


@dataclass
class Story:
    """What a test has done to a playout, and what must hold of it whatever comes next."""

    playout: JitterBuffer = field(default_factory=lambda: JitterBuffer(RATE_HZ, start_ms=20))
    pushed: Counter[str] = field(default_factory=Counter)
    heard: Counter[str] = field(default_factory=Counter)
    finished: set[str] = field(default_factory=set)
    ended: list[str] = field(default_factory=list)
    cut: set[str] = field(default_factory=set)
    given: int = 0

    def push(self, item_id: str, frames: int) -> None:
        """Of items that are over, the playout ignores it; only those heard to the end begin anew."""
        if item_id not in self.ended:
            self.pushed[item_id] += 0 if item_id in self.finished | self.cut else frames
            self.playout.push(item_id, sound(frames))

    def play_earcon(self, frames: int) -> None:
        self.playout.play_earcon(sound(frames, EARCON))

    def finish(self, item_id: str) -> None:
        if item_id in self.pushed:
            self.finished.add(item_id)
        self.playout.finish(item_id)

    def pull(self, frames: int) -> bool:
        samples = self.playout.pull(frames)
        if samples is None:
            return False
        assert len(samples) == frames
        assert samples.any()
        self.given += int(np.count_nonzero(samples > EARCON))
        return True

    def look(self) -> None:
        whole = self.playout.take_heard_to_end()
        self.ended += whole
        for item_id in whole:
            self.heard[item_id] = self.pushed[item_id]
        for item_id in set(self.pushed) - set(self.ended) - self.cut:
            heard = self.playout.heard_ms(item_id)
            assert self.heard[item_id] <= heard <= self.pushed[item_id]
            self.heard[item_id] = heard
        assert self.heard.total() <= self.given <= self.pushed.total()

    def stopped(self, delay: int) -> None:
        cut = self.playout.stopped(delay)
        self.ended += cut.whole
        for item_id in cut.whole:
            self.heard[item_id] = self.pushed[item_id]
        if cut.item_id:
            assert self.heard[cut.item_id] <= cut.heard_ms <= self.pushed[cut.item_id]
            self.heard[cut.item_id] = cut.heard_ms
        assert all(self.heard[item_id] == 0 for item_id in cut.unheard)
        gone = {*cut.unheard, *([cut.item_id] if cut.item_id else [])}
        assert gone == set(self.pushed) - set(self.ended) - self.cut
        self.cut |= gone
        assert self.playout.idle

    def let_end(self) -> None:
        """Everything is finished and the speaker plays on: all of it is heard."""
        for item_id in self.pushed:
            self.finish(item_id)
        while not self.playout.idle:
            while self.pull(PERIOD):
                pass
            self.playout.played(0)
        self.look()
        assert set(self.ended) | self.cut == set(self.pushed)
        assert len(self.ended) == len(set(self.ended))


ITEMS = st.sampled_from("abc")
STEPS = st.one_of(
    st.tuples(st.just("push"), ITEMS, st.integers(0, 60)),
    st.tuples(st.just("finish"), ITEMS),
    st.tuples(st.just("pull"), st.integers(1, 20)),
    st.tuples(st.just("played"), st.integers(0, 80)),
    st.tuples(st.just("stopped"), st.integers(0, 80)),
    st.tuples(st.just("play_earcon"), st.integers(1, 60)),
    st.tuples(st.just("stop_earcon")),
)


@given(steps=st.lists(STEPS, max_size=60))
def test_whatever_happens_heard_only_grows_and_never_exceeds_what_came(steps: list[tuple[str, ...]]) -> None:
    story = Story()
    for name, *arguments in steps:
        owner = story if hasattr(story, name) else story.playout
        getattr(owner, name)(*arguments)
        story.look()
    story.let_end()


def test_what_a_lost_card_held_was_never_heard() -> None:
    playout = JitterBuffer(1000, start_ms=0)
    playout.push("a", np.ones(100, np.float32))
    playout.finish("a")
    playout.push("b", np.ones(100, np.float32))
    playout.pull(150)
    playout.played(130)  # 20 of them have been heard
    assert playout.lost() == Cut("a", 20, (), ("b",))
    assert playout.idle
