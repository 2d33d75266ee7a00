"""The end of what is said behind a wake word, by loudness alone: bursts of noise stand for syllables."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from daemon.audio.speech_end import LONGEST_S, NOTHING_S, PAUSE_S, SpeechEnd, SpeechVerdict
from hardware.ports import Mono

RATE_HZ = 24_000
ROOM_DB, WORD_DB, TELEVISION_DB = -60.0, -25.0, -47.0
GOES_ON, SPOKEN, NOTHING = SpeechVerdict.GOES_ON, SpeechVerdict.SPOKEN, SpeechVerdict.NOTHING


def noise(seconds: float, level_db: float, seed: int = 0) -> Mono:
    random = np.random.default_rng(seed)
    return (random.standard_normal(int(seconds * RATE_HZ)) * 10 ** (level_db / 20)).astype(np.float32)


def syllables(seconds: float, level_db: float) -> Mono:
    """Five a second, each fading by 20 dB, with the room behind them."""
    count = int(seconds * 5)
    fading = 10 ** (-np.linspace(0, 1, RATE_HZ // 5) % 1)
    return (noise(count / 5, level_db) * np.tile(fading, count)).astype(np.float32) + noise(
        count / 5, ROOM_DB, 1
    )


def before(room_db: float = ROOM_DB, word_db: float = WORD_DB) -> Mono:
    return np.concatenate([noise(2.0, room_db, 2), syllables(0.6, word_db)])


def judged(*parts: Mono, heard: Mono | None = None) -> tuple[SpeechVerdict, float]:
    """The verdict, and when it was given."""
    end, sound = SpeechEnd(before() if heard is None else heard, RATE_HZ), np.concatenate(parts)
    step = RATE_HZ // 100
    for at in range(0, len(sound), step):
        if (verdict := end.heard(sound[at : at + step])) is not GOES_ON:
            return verdict, (at + step) / RATE_HZ
    return GOES_ON, len(sound) / RATE_HZ


@pytest.mark.parametrize("seconds", [0.6, 1.0, 3.0, 10.0])
@pytest.mark.parametrize("softer_db", [0.0, 6.0, 10.0])
def test_a_pause_ends_what_was_said(seconds: float, softer_db: float) -> None:
    verdict, at = judged(syllables(seconds, WORD_DB - softer_db), noise(3, ROOM_DB, 3))
    assert verdict is SPOKEN
    assert seconds + PAUSE_S - 0.2 <= at <= seconds + PAUSE_S + 0.05


def test_a_pause_within_a_sentence_does_not_end_it() -> None:
    parts = [syllables(0.6, WORD_DB), noise(PAUSE_S - 0.3, ROOM_DB, 3)] * 4
    verdict, at = judged(*parts, noise(3, ROOM_DB, 4))
    assert verdict is SPOKEN
    assert at > 4 * 0.6 + 3 * (PAUSE_S - 0.3)


def test_who_takes_a_breath_after_the_word_is_waited_for() -> None:
    tail = syllables(0.2, WORD_DB)
    verdict, at = judged(tail, noise(2.5, ROOM_DB, 3), syllables(1.0, WORD_DB), noise(3, ROOM_DB, 4))
    assert (verdict, at > 3.7) == (SPOKEN, True)


@pytest.mark.parametrize("tail_s", [0.0, 0.2])
def test_nothing_but_the_end_of_the_word_is_nothing(tail_s: float) -> None:
    verdict, at = judged(syllables(tail_s, WORD_DB), noise(10, ROOM_DB, 3))
    assert verdict is NOTHING
    assert at == pytest.approx(NOTHING_S, abs=0.05)


def test_a_television_in_the_background_is_nobody_who_speaks_to_the_box() -> None:
    verdict, _ = judged(syllables(20, TELEVISION_DB), heard=before(TELEVISION_DB - 6))
    assert verdict is NOTHING


def test_a_question_in_a_noisy_room_ends_too() -> None:
    room_db = WORD_DB - 12
    question = syllables(1.0, WORD_DB) + noise(1.0, room_db, 5)
    verdict, at = judged(question, noise(3, room_db, 3), heard=before(room_db))
    assert (verdict, at < 1.0 + PAUSE_S + 0.1) == (SPOKEN, True)


def test_what_never_pauses_is_dropped() -> None:
    verdict, at = judged(syllables(LONGEST_S + 5, WORD_DB))
    assert verdict is NOTHING
    assert at == pytest.approx(LONGEST_S, abs=0.05)


@pytest.mark.parametrize("pieces", [(31,), (7, 480, 1000), (24_000,)])
def test_the_verdict_does_not_hang_on_the_pieces(pieces: Sequence[int]) -> None:
    sound = np.concatenate([syllables(1.0, WORD_DB), noise(2, ROOM_DB, 3)])
    end, at = SpeechEnd(before(), RATE_HZ), 0
    verdicts: list[SpeechVerdict] = []
    while at < len(sound) and SPOKEN not in verdicts:
        size = pieces[len(verdicts) % len(pieces)]
        verdicts.append(end.heard(sound[at : at + size]))
        at += size
    assert verdicts[-1] is SPOKEN


@pytest.mark.parametrize("heard", [np.zeros(0, np.float32), np.zeros(48_000, np.float32)])
def test_without_anything_to_compare_with_it_ends_all_the_same(heard: Mono) -> None:
    silence = np.zeros(RATE_HZ * 10, np.float32)
    assert judged(silence, heard=heard)[0] is NOTHING
