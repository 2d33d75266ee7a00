"""What is left of the echo is listened to only where it is faint."""

from __future__ import annotations

import numpy as np

from daemon.audio.echo.trust import Trust
from hardware.ports import Mono
from tests.audio.echo.room import RATE_HZ

PIECE = RATE_HZ // 25
CHANCE = np.random.default_rng(4)
SILENCE: Mono = np.zeros(PIECE, np.float32)


def noise(loudness: float) -> Mono:
    return (loudness * CHANCE.standard_normal(PIECE)).astype(np.float32)


def judged(heard: float, played: float, left: float, seconds: float = 1.0) -> Trust:
    """After so much of noise as loud as this at the microphone, at the speaker, behind the canceller."""
    trust = Trust(RATE_HZ)
    for _ in range(int(seconds * 25)):
        trust.judge(noise(heard), noise(played), noise(left))
    return trust


def test_while_nobody_plays_everything_is_listened_to() -> None:
    assert judged(heard=0.1, played=0.0, left=0.1).trusted


def test_an_echo_that_stays_is_not_listened_to() -> None:
    assert not judged(heard=0.1, played=0.2, left=0.08).trusted


def test_an_echo_that_is_taken_out_is_no_obstacle_and_neither_is_a_voice_over_it_then() -> None:
    trust = judged(heard=0.1, played=0.2, left=0.01)
    assert trust.trusted
    for _ in range(50):
        trust.judge(noise(0.3), noise(0.2), noise(0.3))
    assert trust.trusted


def test_where_the_speaker_is_not_heard_there_is_nothing_to_learn() -> None:
    assert judged(heard=0.0002, played=0.2, left=0.0002).trusted


def test_it_is_believed_only_after_a_while() -> None:
    assert not judged(heard=0.1, played=0.2, left=0.01, seconds=0.2).trusted


def test_a_microphone_at_full_scale_is_not_listened_to_however_little_is_left_until_it_is_quieter() -> None:
    trust = judged(heard=2.0, played=0.2, left=0.01)
    assert trust.overdriven
    assert not trust.trusted
    for _ in range(100):
        trust.judge(noise(0.1), noise(0.2), noise(0.001))
    assert trust.trusted


def test_the_room_still_sounds_when_the_speaker_has_ended() -> None:
    trust = judged(heard=0.1, played=0.2, left=0.08)
    trust.judge(noise(0.05), SILENCE, noise(0.05))
    assert not trust.trusted
    for _ in range(10):
        trust.judge(noise(0.001), SILENCE, noise(0.001))
    assert trust.trusted


def test_another_way_has_to_be_learned_anew() -> None:
    trust = judged(heard=0.1, played=0.2, left=0.01)
    trust.forget()
    trust.judge(noise(0.1), noise(0.2), noise(0.1))
    assert not trust.trusted
