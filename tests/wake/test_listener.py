"""Where an utterance begins behind a wake word, and when a word does not count."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from daemon.wake.detector import RATE_HZ, Detection
from daemon.wake.listener import AROUND_S, ECHO_S, KEPT_S, WakeListener
from hardware.ports import Mono

PERIOD_S = 0.01
SURE_S = 0.15
CARDS_HZ = [8_000, 16_000, 44_100, 48_000]


class MockDetector:
    """Is sure of its word a while after its end, and wrong about that by `off_s`."""

    def __init__(self, end_s: float, off_s: float = 0.0) -> None:
        self.resets = 0
        self._end = int((end_s + off_s) * RATE_HZ)
        self._fires = int((end_s + SURE_S) * RATE_HZ)
        self._heard = 0

    def detect(self, samples: Mono) -> Detection | None:
        before, self._heard = self._heard, self._heard + len(samples)
        return Detection("word", self._end) if before <= self._fires < self._heard else None

    def reset(self) -> None:
        self.resets += 1


def counted(seconds: float, rate_hz: int, quiet_s: float | None = None) -> Mono:
    """Samples that tell their number, loud but for 40 ms around `quiet_s`."""
    numbers = np.arange(int(seconds * rate_hz))
    samples = 0.5 + numbers / 1e7
    if quiet_s is not None:
        near = np.abs(numbers / rate_hz - quiet_s) < 0.02
        samples = np.where(near, numbers / 1e7, samples)
    return samples.astype(np.float32)


def number(sample: np.float32) -> int:
    return round(float(sample % 0.5) * 1e7)


def fed(listener: WakeListener, sound: Mono, rate_hz: int, deaf: bool = False) -> list[str]:
    step = int(PERIOD_S * rate_hz)
    pieces = (listener.hear(sound[at : at + step], rate_hz, deaf) for at in range(0, len(sound), step))
    return [word for word in pieces if word]


@pytest.mark.parametrize("rate_hz", CARDS_HZ)
@pytest.mark.parametrize("off_s", [-0.09, 0.0, 0.09])
def test_the_utterance_begins_where_it_was_quietest_around_the_end_of_the_word(
    rate_hz: int, off_s: float
) -> None:
    listener = WakeListener([MockDetector(end_s=1.5, off_s=off_s)])
    assert fed(listener, counted(2.0, rate_hz, quiet_s=1.5), rate_hz) == ["word"]
    beginning = listener.take()
    assert beginning.by_word
    assert number(beginning.belongs[0]) / rate_hz == pytest.approx(1.5, abs=0.03)


@pytest.mark.parametrize("rate_hz", CARDS_HZ)
def test_no_sample_is_lost_or_doubled_from_there_on(rate_hz: int) -> None:
    listener = WakeListener([MockDetector(end_s=1.0)])
    fed(listener, counted(1.8, rate_hz), rate_hz)
    before, belongs, _ = listener.take()
    numbers = [number(sample) for sample in np.concatenate([before, belongs])]
    assert all(1 <= later - earlier <= 2 for earlier, later in pairwise(numbers))  # as fine as float32 tells
    assert len(belongs) / rate_hz == pytest.approx(0.8, abs=AROUND_S + 0.02)


def test_what_is_kept_has_a_bound_and_an_old_word_is_none() -> None:
    listener = WakeListener([MockDetector(end_s=1.0)], pre_roll_s=0.3)
    fed(listener, counted(1.5 + KEPT_S, 16_000), 16_000)
    beginning = listener.take()
    assert len(beginning.before) + len(beginning.belongs) <= KEPT_S * 16_000
    assert (beginning.by_word, len(beginning.belongs)) == (False, 4_800)


def test_without_a_word_the_pre_roll_belongs_to_the_utterance_and_is_given_once() -> None:
    listener = WakeListener([MockDetector(end_s=100)], pre_roll_s=0.3)
    fed(listener, counted(1.0, 16_000), 16_000)
    assert len(listener.take().belongs) == 4_800
    assert len(listener.take().belongs) == 0


def test_a_word_is_no_word_while_the_speaker_plays_and_until_the_room_is_quiet() -> None:
    playing = [True]
    listener = WakeListener([MockDetector(end_s=0.5), MockDetector(end_s=1.2)], lambda: playing[0])
    assert fed(listener, counted(1.0, 16_000), 16_000) == []
    playing[0] = False
    assert fed(listener, counted(ECHO_S - 0.05, 16_000), 16_000) == []
    assert not listener.take().by_word


def test_a_word_after_the_room_is_quiet_counts() -> None:
    playing = [True]
    listener = WakeListener([MockDetector(end_s=2.0)], lambda: playing[0])
    fed(listener, counted(1.0, 16_000), 16_000)
    playing[0] = False
    assert fed(listener, counted(1.5, 16_000), 16_000) == ["word"]


def test_a_word_in_an_utterance_does_not_count() -> None:
    listener = WakeListener([MockDetector(end_s=0.5)])
    assert fed(listener, counted(1.0, 16_000), 16_000, deaf=True) == []
    assert not listener.take().by_word


def test_what_was_heard_before_a_gap_belongs_to_no_utterance_after_it() -> None:
    listener = WakeListener([MockDetector(end_s=1.0)], pre_roll_s=0.3)
    assert fed(listener, counted(1.5, 16_000), 16_000) == ["word"]
    listener.interrupted = True
    beginning = listener.take()
    assert (len(beginning.before), len(beginning.belongs), beginning.by_word) == (0, 0, False)


def test_after_a_gap_or_with_another_card_the_detectors_begin_anew() -> None:
    detector = MockDetector(end_s=100)
    listener = WakeListener([detector])
    fed(listener, counted(1.0, 16_000), 16_000)
    assert detector.resets == 0
    listener.interrupted = True
    fed(listener, counted(1.0, 16_000), 16_000)
    assert detector.resets == 1
    assert len(listener.take().before) == 16_000
    fed(listener, counted(1.0, 48_000), 48_000)
    assert detector.resets == 2
