"""What the gate passes: speech with what is around it, and next to nothing of a quiet room."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daemon.audio.voice_gate import LEARNING_S, PRE_ROLL_S, VoiceGate
from hardware.ports import Mono

RATE_HZ = 24_000
TRAILING_S = 1.0
SEED = 7


def noise(seconds: float, level_db: float = -55.0, seed: int = SEED) -> Mono:
    """A room."""
    samples = np.random.default_rng(seed).standard_normal(round(seconds * RATE_HZ))
    return (samples * 10 ** (level_db / 20)).astype(np.float32)


def vowel(seconds: float, level_db: float = -30.0) -> Mono:
    """A voice of 120 Hz whose loudness moves as syllables do."""
    t = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    tone = sum(np.sin(2 * np.pi * 120 * k * t) / k for k in range(1, 20))
    syllables = np.maximum(0.0, np.sin(2 * np.pi * 4 * t)) ** 0.5
    return (tone * syllables * 10 ** (level_db / 20)).astype(np.float32)


def hiss(seconds: float, level_db: float) -> Mono:
    """The "s" that a word begins with: weak, and all of it above 4 kHz."""
    return np.diff(noise(seconds, level_db, SEED + 1), n=3, append=[0.0, 0.0, 0.0]).astype(np.float32) / 4.5


def passed(gate: VoiceGate, sound: Mono, piece: int = 960) -> Mono:
    """All that comes through, in the pieces of the sound path."""
    pieces = [gate.process(sound[start : start + piece]) for start in range(0, len(sound), piece)]
    return np.concatenate([*pieces, gate.flush()])


def used_to(level_db: float = -55.0) -> VoiceGate:
    """A gate that knows the room."""
    gate = VoiceGate(RATE_HZ, TRAILING_S)
    passed(gate, noise(6.0, level_db))
    gate.begin()
    return gate


def place(part: Mono, whole: Mono) -> int:
    """Where one is within the other; exact, as samples are only passed or not."""
    found = np.flatnonzero(whole[: len(whole) - len(part) + 1] == part[0])
    return next(int(at) for at in found if np.array_equal(whole[at : at + len(part)], part))


@pytest.mark.parametrize("level_db", [-80.0, -55.0, -35.0])
def test_next_to_nothing_of_a_room_passes_once_it_is_known(level_db: float) -> None:
    gate = used_to(level_db)
    assert len(passed(gate, noise(60.0, level_db, SEED + 2))) <= 0.02 * 60 * RATE_HZ


@pytest.mark.parametrize("hum_db", [-70.0, -40.0])
def test_nor_of_one_that_rumbles_and_hums(hum_db: float) -> None:
    white = noise(66.0, -45.0, SEED + 9)
    rumble = np.convolve(white, np.ones(24) / 24, "same")
    hum = np.sin(2 * np.pi * 50 * np.arange(len(white)) / RATE_HZ) * 10 ** (hum_db / 20)
    room = (rumble + hum).astype(np.float32)
    gate = VoiceGate(RATE_HZ, TRAILING_S)
    passed(gate, room[: 6 * RATE_HZ])
    gate.begin()
    assert len(passed(gate, room[6 * RATE_HZ :])) <= 0.02 * len(room)


def test_digital_silence_does_not_pass() -> None:
    gate = VoiceGate(RATE_HZ, TRAILING_S)
    silence = np.zeros(10 * RATE_HZ, np.float32)
    assert len(passed(gate, silence)) <= (LEARNING_S + TRAILING_S) * RATE_HZ


@pytest.mark.parametrize("room_db", [-70.0, -55.0, -45.0])
@pytest.mark.parametrize("head", ["vowel", "hiss"])
def test_the_head_of_a_word_is_not_lost_nor_the_silence_behind_it(room_db: float, head: str) -> None:
    gate = used_to(room_db)
    word = vowel(0.6) if head == "vowel" else np.concatenate([hiss(0.15, room_db + 4.0), vowel(0.45)])
    sound = noise(6.0, room_db, SEED + 3)
    begins = 3 * RATE_HZ
    sound[begins : begins + len(word)] += word
    came = passed(gate, sound)
    first = place(came[:50], sound)
    assert first <= begins - 0.3 * RATE_HZ, "what a server wants to have before a word"
    assert np.array_equal(came, sound[first : first + len(came)]), "without a gap"
    ends = begins + len(word)
    assert TRAILING_S - 0.15 <= (first + len(came) - ends) / RATE_HZ <= TRAILING_S + 0.05


def test_speech_that_is_under_way_when_the_microphone_first_opens_is_not_lost() -> None:
    gate = VoiceGate(RATE_HZ, TRAILING_S)
    sound = np.concatenate([vowel(3.0), np.zeros(3 * RATE_HZ, np.float32)]) + noise(6.0)
    came = passed(gate, sound)
    assert np.array_equal(came[: 3 * RATE_HZ], sound[: 3 * RATE_HZ])


def test_speech_does_not_get_it_used_to_itself() -> None:
    gate = used_to()
    speech = vowel(30.0) + noise(30.0, seed=SEED + 4)
    assert len(passed(gate, speech)) >= 29.5 * RATE_HZ


def test_it_gets_used_to_a_fan() -> None:
    gate = used_to(-70.0)
    fan = noise(30.0, -40.0, SEED + 5)
    came = passed(gate, fan)
    assert 3.0 * RATE_HZ <= len(came) <= 7.0 * RATE_HZ
    assert np.array_equal(came, fan[: len(came)]) or len(came) < len(fan)


def test_a_click_does_not_open_it() -> None:
    gate = used_to()
    sound = noise(5.0, seed=SEED + 6)
    sound[2 * RATE_HZ : 2 * RATE_HZ + 60] += 0.5
    assert len(passed(gate, sound)) <= 0.02 * len(sound)


def test_nothing_of_one_utterance_is_passed_with_the_next() -> None:
    gate = used_to()
    passed(gate, noise(2.0, seed=SEED + 7))
    gate.begin()
    word = vowel(0.5) + noise(0.5, seed=SEED + 8)
    assert len(passed(gate, word)) <= len(word)


@given(st.lists(st.integers(1, 3000), max_size=60), st.integers(0, 2**32 - 1))
@settings(max_examples=60, deadline=None)
def test_pieces_of_any_size_give_the_same_and_no_sample_comes_twice(sizes: list[int], seed: int) -> None:
    sound = noise(2.0, -55.0, seed)
    sound[RATE_HZ : RATE_HZ + 9000] += vowel(9000 / RATE_HZ)
    at_once = VoiceGate(RATE_HZ, 0.3)
    in_pieces = VoiceGate(RATE_HZ, 0.3)
    cuts = [cut for cut in np.cumsum(sizes) if cut < len(sound)]
    came = [in_pieces.process(piece) for piece in np.split(sound, cuts)]
    whole = np.concatenate([at_once.process(sound), at_once.flush()])
    assert np.array_equal(np.concatenate([*came, in_pieces.flush()]), whole)
    assert len(whole) <= len(sound)


def test_the_pre_roll_is_longer_than_what_servers_want_before_a_word() -> None:
    assert PRE_ROLL_S > 0.3
