"""Where the jitter buffer's limits lie, to the frame and the item."""

from __future__ import annotations

import numpy as np
import pytest

from daemon.audio.jitter_buffer import Cut, JitterBuffer
from hardware.ports import Mono

PERIOD = 10


def sound(frames: int, level: float = 0.5) -> Mono:
    return np.full(frames, level, np.float32)


def test_it_starts_with_forty_milliseconds_and_holds_ten_minutes() -> None:
    playout = JitterBuffer(100)
    playout.push("item", sound(3))
    assert playout.pull(1) is None
    playout.push("item", sound(1))
    assert playout.pull(1) is not None
    assert playout.push("item", sound(100 * 600 - 3)) == 0
    assert playout.push("item", sound(1)) == 1


@pytest.mark.parametrize(("later", "is_refused"), [(63, True), (64, False)])
def test_the_last_sixty_four_items_that_were_cut_are_refused(later: int, is_refused: bool) -> None:
    playout = JitterBuffer(1000)
    for number in range(later + 1):
        playout.push(f"item {number}", sound(1))
        playout.stopped(0)
    playout.push("item 0", sound(100))
    assert playout.idle is is_refused


def test_a_pause_counts_for_no_item() -> None:
    playout = JitterBuffer(1000, start_ms=0)
    playout.push("first", sound(5))
    playout.finish("first")
    playout.pull(PERIOD)
    playout.push("second", sound(PERIOD))
    playout.pull(PERIOD)
    playout.played(PERIOD)
    assert playout.take_heard_to_end() == ["first"]
    playout.played(4)
    assert playout.heard_ms("second") == 6
    assert playout.heard_ms("nobody") == 0


def test_what_was_heard_is_rounded_down_to_milliseconds() -> None:
    playout = JitterBuffer(24_000, start_ms=0)
    playout.push("item", sound(4800))
    playout.pull(4800)
    playout.played(4800 - 47)
    assert playout.heard_ms("item") == 1
    playout.played(4800 - 48)
    assert playout.heard_ms("item") == 2


def test_an_underrun_counts_once_and_only_while_an_item_is_played() -> None:
    playout = JitterBuffer(1000, start_ms=0)
    assert not playout.played(0)
    playout.push("item", sound(PERIOD))
    assert not playout.played(0)
    playout.pull(PERIOD)
    assert not playout.played(1)
    assert [playout.played(0) for _ in range(2)] == [True, False]


def test_full_volume_changes_no_sample_and_half_halves_each() -> None:
    playout = JitterBuffer(1000, start_ms=0)
    playout.push("item", sound(4 * PERIOD, 0.25))
    first = playout.pull(PERIOD)
    playout.gain.level = 0.5
    playout.pull(PERIOD)
    after = playout.pull(PERIOD)
    assert first is not None
    assert after is not None
    assert set(first) == {np.float32(0.25)}
    assert set(after) == {np.float32(0.125)}


def test_an_item_that_is_finished_takes_no_more_sound() -> None:
    playout = JitterBuffer(1000)
    playout.push("item", sound(5))
    playout.finish("item")
    playout.push("item", sound(5))
    playout.pull(PERIOD)
    assert playout.stopped(5) == Cut(None, 0, ("item",), ())


def test_ten_seconds_that_were_heard_are_ten_thousand_milliseconds() -> None:
    playout = JitterBuffer(24_000, start_ms=0)
    playout.push("item", sound(240_000))
    playout.pull(240_000)
    playout.played(0)
    assert playout.heard_ms("item") == 10_000


@pytest.mark.parametrize(("delay", "holds_some"), [(1, True), (0, False)])
def test_a_single_frame_of_an_earcon_may_still_be_heard(delay: int, holds_some: bool) -> None:
    playout = JitterBuffer(1000)
    playout.play_earcon(sound(PERIOD, 0.1))
    playout.pull(PERIOD)
    playout.played(delay)
    assert playout.stop_earcon() is holds_some
