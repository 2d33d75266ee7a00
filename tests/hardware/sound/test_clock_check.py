"""A card's sound against the clock: what is a fault, and what a busy machine does to a good card."""

from __future__ import annotations

import pytest

from hardware.sound.clock_check import ClockCheck

RATE_HZ = 48_000
PERIOD_S = 0.02


def run(pace: ClockCheck, speed: float, seconds: float, now: float = 0.0) -> float | None:
    """Let a card run at this speed; after how many seconds it is found out, or None."""
    for step in range(1, round(seconds / PERIOD_S) + 1):
        pace.moved(round(speed * PERIOD_S * RATE_HZ), now + step * PERIOD_S)
        if pace.too_fast or pace.too_slow:
            return step * PERIOD_S
    return None


@pytest.mark.parametrize("speed", [0.97, 0.9999, 1.0, 1.0001, 1.03])
def test_a_clock_that_drifts_is_no_fault_however_long_it_runs(speed: float) -> None:
    assert run(ClockCheck(RATE_HZ, 0.0), speed, 3600) is None


@pytest.mark.parametrize(
    ("speed", "at_most_s"), [(0.0, 3), (0.1, 3), (0.5, 5), (1.5, 2), (2.0, 1), (1000.0, 0.1)]
)
def test_a_card_without_its_clock_is_found_out(speed: float, at_most_s: float) -> None:
    found_s = run(ClockCheck(RATE_HZ, 0.0), speed, 60)
    assert found_s is not None
    assert found_s <= at_most_s


def test_a_whole_second_that_comes_late_and_at_once_is_no_fault() -> None:
    pace, now = ClockCheck(RATE_HZ, 0.0), 0.0
    for _ in range(100):
        assert run(pace, 0.0, 1.0, now) is None
        now += 1.0
        pace.moved(RATE_HZ, now)
        assert not pace.too_fast
        assert not pace.too_slow


def test_a_machine_that_stood_still_blames_no_card() -> None:
    pace = ClockCheck(RATE_HZ, 0.0)
    pace.moved(0, 60.0)
    assert not pace.too_slow
    pace.moved(3840, 60.02)  # its buffer, which has been full for long
    assert not pace.too_fast


def test_a_card_that_had_nothing_to_play_owes_nothing() -> None:
    pace, now = ClockCheck(RATE_HZ, 0.0), 0.0
    for _ in range(1000):
        now += PERIOD_S
        pace.moved(0, now)
        pace.excuse()
    assert not pace.too_slow


def test_what_is_ahead_becomes_less_as_time_passes() -> None:
    pace = ClockCheck(RATE_HZ, 0.0)
    pace.moved(4_800, 0.0)
    assert pace.ahead_frames == 4_800
    pace.moved(0, 0.05)
    assert 2_000 < pace.ahead_frames < 2_500
    pace.moved(0, 0.2)
    assert pace.ahead_frames == 0
