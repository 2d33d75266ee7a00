"""What was played lies where it was heard, whatever the card reports and whenever."""

from __future__ import annotations

import numpy as np

from daemon.audio.echo.reference import PlayedReference
from daemon.audio.resampler import Resampler
from hardware.ports import Mono

RATE_HZ = 24_000
NOW = 500.0
AT = int(NOW * RATE_HZ)
PERIOD = 240


def ramp(frames: int, first: float = 0.001) -> Mono:
    """Samples that can be told apart."""
    return (first + np.arange(frames) / 1e5).astype(np.float32)


def played(periods: int = 8, late_s: float = 0.0) -> PlayedReference:
    """A run of the speaker that began at `NOW`: so many periods are written at once, nothing is heard yet."""
    reference = PlayedReference(RATE_HZ)
    for period in np.split(ramp(periods * PERIOD), periods):
        reference.wrote(period)
    reference.held(periods * PERIOD, NOW + late_s)
    return reference


def test_what_is_written_is_heard_when_the_card_has_played_what_it_holds() -> None:
    reference = played()
    assert np.array_equal(reference.read(AT, 8 * PERIOD), ramp(8 * PERIOD))
    assert reference.run_start == AT


def test_before_and_behind_it_there_is_silence() -> None:
    reference = played()
    assert not reference.read(AT - 1000, 1000).any()
    assert not reference.read(AT + 8 * PERIOD, 1000).any()
    assert not reference.read(AT + 100 * RATE_HZ, 1000).any()
    assert not reference.read(AT - 100 * RATE_HZ, 1000).any()


def test_what_follows_lies_behind_it_without_a_gap_however_late_the_reports_come() -> None:
    reference = played(8)
    for number, late_s in enumerate((0.0, 0.004, 0.03, 0.0, 0.015, 0.001)):
        reference.wrote(ramp(PERIOD, first=0.1 * (number + 1)))
        reference.held(8 * PERIOD, NOW + 0.01 * (number + 1) + late_s)
    heard = reference.read(AT, 14 * PERIOD)
    assert np.array_equal(heard[: 8 * PERIOD], ramp(8 * PERIOD))
    for number in range(6):
        begin = (8 + number) * PERIOD
        assert np.array_equal(heard[begin : begin + PERIOD], ramp(PERIOD, first=0.1 * (number + 1)))


def test_the_earliest_of_the_first_reports_is_believed() -> None:
    reference = played(late_s=0.03)
    assert not reference.read(AT, PERIOD).any()
    reference.held(8 * PERIOD - 120, NOW + 120 / RATE_HZ)
    assert np.array_equal(reference.read(AT + 120, 7 * PERIOD), ramp(8 * PERIOD)[120 : 120 + 7 * PERIOD])


def test_a_pause_that_nobody_has_told_of_is_found_by_the_reports() -> None:
    reference = played(8)
    for step in range(1, 41):  # the card stood still for 50 ms, and has been late ever since
        reference.wrote(ramp(PERIOD, first=step))
        reference.held(8 * PERIOD, NOW + 0.05 + 0.01 * step)
    last = AT + int(0.45 * RATE_HZ) + 7 * PERIOD
    assert np.array_equal(reference.read(last, PERIOD), ramp(PERIOD, first=40))


def test_after_silence_the_next_run_begins_where_it_is_heard() -> None:
    reference = played(2)
    reference.held(0, NOW + 0.02)
    reference.wrote(ramp(PERIOD, first=5))
    reference.held(PERIOD, NOW + 2.0)
    assert np.array_equal(reference.read(AT + 2 * RATE_HZ, PERIOD), ramp(PERIOD, first=5))
    assert not reference.read(AT + 2 * PERIOD, RATE_HZ).any()
    assert reference.run_start == AT + 2 * RATE_HZ


def test_what_was_written_and_never_heard_is_silence() -> None:
    reference = played(8)
    reference.stopped(3 * PERIOD)
    assert np.array_equal(reference.read(AT, 5 * PERIOD), ramp(8 * PERIOD)[: 5 * PERIOD])
    assert not reference.read(AT + 5 * PERIOD, 3 * PERIOD).any()


def test_a_card_that_comes_back_at_another_rate_goes_on_where_it_is_heard() -> None:
    reference = played(8)
    reference.stopped(8 * PERIOD)
    reference.opened(48_000)
    tone = np.sin(2 * np.pi * 440 * np.arange(4800) / 48_000).astype(np.float32)
    reference.wrote(tone)
    reference.held(4800, NOW + 1.0)
    heard = reference.read(AT + RATE_HZ, 2400)
    wanted = np.sin(2 * np.pi * 440 * (np.arange(2400) / RATE_HZ - Resampler(48_000, RATE_HZ).delay_s))
    assert np.abs(heard - wanted)[100:].max() < 0.02


def test_what_is_long_ago_is_forgotten_and_nothing_grows() -> None:
    reference = played(1)
    for step in range(2_000):
        reference.wrote(ramp(PERIOD, first=step))
        reference.held(2 * PERIOD, NOW + 0.01 * step)
    assert not reference.read(AT, PERIOD).any()
    assert reference.read(AT + 1_995 * PERIOD, PERIOD).all()
