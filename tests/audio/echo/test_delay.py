"""One sound is found in another, and nothing is found where it is not."""

from __future__ import annotations

import numpy as np
import pytest

from daemon.audio.echo.delay import find_delay
from hardware.ports import Mono
from tests.audio.echo.room import RATE_HZ, babble

SIZE, EARLY, LATE = 32_768, 1_200, 12_000


def later(sound: Mono, by: float) -> Mono:
    """The sound so many samples later, fractions too."""
    spectrum = np.fft.rfft(sound, 2 * SIZE)
    turned = spectrum * np.exp(-2j * np.pi * np.fft.rfftfreq(2 * SIZE) * by)
    return np.fft.irfft(turned, 2 * SIZE)[: len(sound)].astype(np.float32)


def found(sound: Mono, inside: Mono) -> float | None:
    return find_delay(sound, inside, EARLY, LATE, RATE_HZ)


@pytest.mark.parametrize("delay", [-1_000.0, -0.3, 0.0, 17.6, 480.25, 11_900.0])
def test_the_delay_is_found_to_a_fraction_of_a_sample(delay: float) -> None:
    voice = babble(SIZE / RATE_HZ)
    measured = found(voice, 0.1 * later(voice, delay))
    assert measured is not None
    assert abs(measured - delay) < 0.15


def test_it_is_found_below_another_voice_of_the_same_loudness() -> None:
    voice = babble(SIZE / RATE_HZ)
    measured = found(voice, later(voice, 700.0) + babble(SIZE / RATE_HZ, seed=99))
    assert measured is not None
    assert abs(measured - 700) < 0.5


@pytest.mark.parametrize("seed", range(5))
def test_in_another_voice_nothing_is_found(seed: int) -> None:
    assert found(babble(SIZE / RATE_HZ, seed), babble(SIZE / RATE_HZ, seed + 50)) is None


def test_in_silence_and_in_noise_nothing_is_found() -> None:
    voice, chance = babble(SIZE / RATE_HZ), np.random.default_rng(1)
    noise = (0.1 * chance.standard_normal(SIZE)).astype(np.float32)
    assert found(voice, np.zeros_like(voice)) is None
    assert found(np.zeros_like(voice), voice) is None
    assert found(voice, noise) is None


def test_a_lasting_tone_fits_anywhere_and_tells_nothing() -> None:
    chance = np.random.default_rng(1)
    tone = np.sin(2 * np.pi * 1_000 * np.arange(SIZE) / RATE_HZ).astype(np.float32)
    noise = (0.01 * chance.standard_normal(SIZE)).astype(np.float32)
    assert found(tone, later(tone, 100.0) + noise) is None
