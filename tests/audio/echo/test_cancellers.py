"""Each canceller in a simulated loop of speaker and microphone: what is left of the echo, what of a voice."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from daemon.audio.echo.engine import AdaptiveFilter
from daemon.audio.echo.engine_registry import ENGINES, open_filter
from tests.audio.echo.room import RATE_HZ, Loop, Room, babble, reduction_db

LEAST_DB = {"aec3": 20.0, "speex": 12.0}
SECONDS = 12.0


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> str:
    """The name of each canceller."""
    return str(request.param)


def opened(engine: str) -> AdaptiveFilter:
    return open_filter(engine, RATE_HZ)


def late(mean_s: float) -> Callable[[], float]:
    """Reports that come late by chance."""
    chance = np.random.default_rng(11)
    return lambda: float(chance.exponential(mean_s))


ROOMS = {
    "at once": Loop(babble(SECONDS), Room(delay_ms=0)),
    "a loud near speaker": Loop(babble(SECONDS), Room(delay_ms=20)),
    "a sound server between": Loop(babble(SECONDS), Room(delay_ms=300, coupling_db=-20)),
    "two cards with clocks apart": Loop(babble(SECONDS), Room(delay_ms=60, coupling_db=-12), drift_ppm=50),
    "the other way round": Loop(babble(SECONDS), Room(delay_ms=60, coupling_db=-12), drift_ppm=-50),
    "a busy machine": Loop(babble(SECONDS), Room(delay_ms=40), late_s=late(0.001)),
}


@pytest.mark.parametrize("room", ROOMS)
def test_the_echo_is_taken_out(engine: str, room: str) -> None:
    loop = ROOMS[room]
    cleaned = loop.through(opened(engine))
    assert reduction_db(loop.microphone, cleaned, since_s=6.0) > LEAST_DB[engine]


def test_what_somebody_says_passes_while_the_speaker_is_silent(engine: str) -> None:
    voice = babble(4.0, seed=21)
    loop = Loop(np.zeros(4 * RATE_HZ, np.float32), near=voice)
    cleaned = loop.through(opened(engine))
    assert abs(reduction_db(loop.microphone, cleaned, 0.5)) < 1.0


def test_what_somebody_says_over_it_passes(engine: str) -> None:
    voice = np.concatenate([np.zeros(6 * RATE_HZ, np.float32), babble(6.0, seed=21)])
    loop = Loop(babble(SECONDS), Room(coupling_db=-6), near=voice)
    cleaned = loop.through(opened(engine)).astype(np.float64)
    likeness = [
        np.abs(np.corrcoef(voice[6 * RATE_HZ :], sound[6 * RATE_HZ + shift :][: 6 * RATE_HZ])[0, 1])
        for shift in range(0, 300, 1)
        for sound in (np.pad(cleaned, (0, 400)),)
    ]
    assert max(likeness) > {"aec3": 0.3, "speex": 0.9}[engine]


def test_it_hears_again_after_the_volume_was_changed_behind_the_card(engine: str) -> None:
    loop = Loop(babble(SECONDS), Room(coupling_db=-12), gain=lambda time: 1.0 if time < 6 else 2.0)
    cleaned = loop.through(opened(engine))
    assert reduction_db(loop.microphone, cleaned, since_s=9.0) > LEAST_DB[engine]


def test_it_finds_its_way_after_the_speaker_ran_dry(engine: str) -> None:
    loop = Loop(babble(SECONDS), Room(), stalled=lambda time: 5.0 < time < 5.3, late_s=late(0.0002))
    cleaned = loop.through(opened(engine))
    assert reduction_db(loop.microphone, cleaned, since_s=8.0) > LEAST_DB[engine]


@pytest.mark.parametrize("delay_ms", [100, 250])
def test_what_was_learned_the_wrong_way_is_forgotten_once_the_delay_is_found(
    engine: str, delay_ms: int
) -> None:
    loop = Loop(babble(6.0), Room(delay_ms, coupling_db=-12))
    cleaned = loop.through(opened(engine))
    assert reduction_db(loop.microphone, cleaned, since_s=3.0) > {"aec3": 15.0, "speex": 5.0}[engine]


def test_no_sample_is_lost_and_none_is_added_but_for_what_the_filter_held_back(engine: str) -> None:
    loop = Loop(babble(1.0), Room())
    adaptive_filter = opened(engine)
    added = len(loop.through(adaptive_filter)) - len(loop.microphone)
    assert 0 < added <= 2 * adaptive_filter.frames


def test_only_a_gap_in_the_microphones_sound_moves_what_it_is_compared_with() -> None:
    loop = Loop(babble(SECONDS), Room(), late_s=late(0.001))
    loop.through(opened("speex"))
    before = loop.canceller.alignment.lag
    assert abs(before - (20 - 2) * RATE_HZ / 1000) < RATE_HZ / 1000
