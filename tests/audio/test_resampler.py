"""The resampler and the sample formats: what goes in comes out, however it is cut, and nothing else does."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daemon.audio.pcm import from_pcm16, to_pcm16
from daemon.audio.resampler import FilterKind, Resampler, steps
from hardware.ports import Mono
from hardware.sound.sample_formats import FORMATS, Format

RATES_HZ = (8_000, 16_000, 24_000, 32_000, 44_100, 48_000, 96_000)
PAIRS = [(hz, 24_000) for hz in RATES_HZ] + [(24_000, hz) for hz in RATES_HZ]
KINDS: tuple[FilterKind, ...] = get_args(FilterKind)


def tone(frequency_hz: float, rate_hz: int, seconds: float = 0.25) -> Mono:
    time = np.arange(int(rate_hz * seconds)) / rate_hz
    return np.sin(2 * np.pi * frequency_hz * time).astype(np.float32)


def converted(samples: Mono, from_hz: int, to_hz: int, kind: FilterKind) -> Mono:
    """Without the ends, where the tone is switched on and off."""
    result = Resampler(from_hz, to_hz, kind).process(samples)
    return result[to_hz // 50 : -to_hz // 50]


def level_db(samples: Mono) -> float:
    return float(10 * np.log10(2 * np.mean(samples.astype(np.float64) ** 2) + 1e-30))


def phase_delay_s(samples: Mono, frequency_hz: float, rate_hz: int, first: int) -> float:
    """How much later than a tone that began at zero."""
    time = (np.arange(len(samples)) + first) / rate_hz
    against = np.angle(np.mean(samples * np.exp(-2j * np.pi * frequency_hz * time)))
    turns = (-np.pi / 2 - against) / (2 * np.pi)
    return float(turns - round(turns)) / frequency_hz


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("from_hz", "to_hz"), PAIRS)
def test_a_tone_of_the_pass_band_keeps_its_level(from_hz: int, to_hz: int, kind: FilterKind) -> None:
    for part in (0.02, 0.2, 0.42):
        frequency_hz = part * min(from_hz, to_hz)
        assert abs(level_db(converted(tone(frequency_hz, from_hz), from_hz, to_hz, kind))) < 0.05


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("from_hz", "to_hz"), [pair for pair in PAIRS if pair[0] > pair[1]])
def test_what_the_lower_rate_cannot_carry_is_gone(from_hz: int, to_hz: int, kind: FilterKind) -> None:
    for frequency_hz in np.linspace(0.5625 * to_hz, from_hz / 2 - 1, 12):
        assert level_db(converted(tone(frequency_hz, from_hz), from_hz, to_hz, kind)) < -90


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("from_hz", "to_hz"), [pair for pair in PAIRS if pair[0] < pair[1]])
def test_a_higher_rate_shows_no_images(from_hz: int, to_hz: int, kind: FilterKind) -> None:
    result = converted(tone(0.4 * from_hz, from_hz), from_hz, to_hz, kind).astype(np.float64)
    spectrum = np.abs(np.fft.rfft(result * np.blackman(len(result))))
    frequencies_hz = np.fft.rfftfreq(len(result), 1 / to_hz)
    images = spectrum[frequencies_hz > 0.5625 * from_hz]
    assert 20 * np.log10(images.max() / spectrum.max()) < -85


@pytest.mark.parametrize(("from_hz", "to_hz"), PAIRS)
def test_it_delays_a_voice_by_what_it_says(from_hz: int, to_hz: int) -> None:
    for kind in KINDS:
        resampler = Resampler(from_hz, to_hz, kind)
        result = converted(tone(100, from_hz), from_hz, to_hz, kind)
        assert phase_delay_s(result, 100, to_hz, to_hz // 50) == pytest.approx(resampler.delay_s, abs=2e-5)
        if min(from_hz, to_hz) >= 16_000:
            assert resampler.delay_s < (1.1e-3 if kind == "linear" else 0.2e-3)


@settings(max_examples=60, deadline=None)
@given(
    pair=st.sampled_from(PAIRS),
    kind=st.sampled_from(KINDS),
    cuts=st.lists(st.integers(0, 6_000), max_size=12),
    seed=st.integers(0, 2**32 - 1),
)
def test_any_chunking_gives_the_samples_of_one_chunk(
    pair: tuple[int, int], kind: FilterKind, cuts: list[int], seed: int
) -> None:
    samples = np.random.default_rng(seed).uniform(-1, 1, 6_000).astype(np.float32)
    resampler = Resampler(*pair, kind)
    whole = [resampler.process(samples), resampler.flush()]
    pieces = [resampler.process(piece) for piece in np.split(samples, sorted(cuts))]
    together = np.concatenate([*pieces, resampler.flush()])
    assert len(together) == sum(map(len, whole))
    np.testing.assert_allclose(together, np.concatenate(whole), atol=2e-6)


@pytest.mark.parametrize(("from_hz", "to_hz"), PAIRS)
def test_every_output_is_given_out_with_the_input_that_it_depends_on(from_hz: int, to_hz: int) -> None:
    resampler = Resampler(from_hz, to_hz)
    outputs = 0
    for inputs in range(1, 400):
        outputs += len(resampler.process(np.ones(1, np.float32)))
        assert outputs == -(-inputs * to_hz // from_hz)


def test_a_stream_of_an_odd_rate_is_converted_too() -> None:
    assert abs(level_db(converted(tone(1_000, 22_050), 22_050, 24_000, "minimum"))) < 0.05


ODD_HZ = (
    4_000,
    5_512,
    11_024,
    22_049,
    23_999,
    24_001,
    37_799,
    44_056,
    44_099,
    47_952,
    47_999,
    48_001,
    95_999,
    191_999,
)


@settings(max_examples=500)
@given(st.integers(4_000, 768_000))
def test_no_card_has_a_rate_that_needs_a_larger_filter_than_common_ones(hz: int) -> None:
    for from_hz, to_hz in ((hz, 24_000), (24_000, hz)):
        up, down = steps(from_hz, to_hz)
        assert up * down <= 640 * 640
        assert up / down == pytest.approx(to_hz / from_hz, rel=2e-3)


@settings(max_examples=200)
@given(st.integers(1, 2**32), st.integers(1, 2**32))
def test_no_two_rates_whatever_need_more_memory_than_there_is(from_hz: int, to_hz: int) -> None:
    up, down = steps(from_hz, to_hz)
    assert 1 <= up * down <= 640 * 2304


@contextmanager
def traced() -> Iterator[Callable[[], int]]:
    """How many bytes are held that were not before."""
    tracemalloc.start()
    try:
        yield lambda: tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("hz", ODD_HZ)
def test_a_card_of_any_odd_rate_sounds_right_in_both_directions(hz: int) -> None:
    for from_hz, to_hz in ((hz, 24_000), (24_000, hz)):
        with traced() as held_bytes:
            made = Resampler(from_hz, to_hz, "minimum")
            assert held_bytes() < 4 * 2**20
            assert made.delay_s
        result = converted(tone(1_000, from_hz, 1.0), from_hz, to_hz, "minimum")
        assert abs(level_db(result)) < 0.05
        spectrum = np.abs(np.fft.rfft(result * np.hanning(len(result))))
        assert np.argmax(spectrum) * to_hz / len(result) == pytest.approx(1_000, abs=2)
        whole = Resampler(from_hz, to_hz)
        frames = len(whole.process(tone(1_000, from_hz, 4.0))) + len(whole.flush())
        assert frames == pytest.approx(4 * to_hz, rel=2e-3, abs=300)


@pytest.mark.parametrize("hz", [44_056, 47_952, 95_999])
def test_what_24_khz_cannot_carry_is_gone_at_odd_rates_too(hz: int) -> None:
    for frequency_hz in np.linspace(0.5625 * 24_000 + 50, hz / 2 - 50, 6):
        assert level_db(converted(tone(frequency_hz, hz), hz, 24_000, "minimum")) < -90


def test_pcm16_of_a_card_or_the_wire_survives_the_round_trip() -> None:
    pcm = np.arange(-32768, 32768, dtype="<i2").tobytes()
    assert to_pcm16(from_pcm16(pcm)) == pcm
    assert from_pcm16(b"\x00\x40\x7f").tolist() == [0.5]


def test_pcm16_rounds_to_the_nearest_and_clips() -> None:
    samples = np.array([1.0, 1.5, -1.0, -7.0, 0.6 / 32768, -0.6 / 32768, 0.4 / 32768], np.float32)
    assert np.frombuffer(to_pcm16(samples), "<i2").tolist() == [32767, 32767, -32768, -32768, 1, -1, 0]


@pytest.mark.parametrize("card_format", FORMATS, ids=lambda card_format: card_format.name)
@pytest.mark.parametrize("channels", [1, 2, 8])
def test_a_card_format_carries_the_same_signal_in_every_channel(card_format: Format, channels: int) -> None:
    samples = np.array([0.0, 0.5, -0.5, 0.25, -1.0, 0.999, 2.0, -2.0], np.float32)
    data = card_format.encode(samples, channels)
    assert len(data) == len(samples) * channels * card_format.width
    for channel in range(channels):
        heard = card_format.decode(data, channels, channel)
        np.testing.assert_allclose(
            heard, np.clip(samples, -1, 1), atol=2.0 ** (1 - min(card_format.bits, 24))
        )


@pytest.mark.parametrize("card_format", FORMATS, ids=lambda card_format: card_format.name)
def test_one_channel_is_picked_from_many(card_format: Format) -> None:
    left = card_format.encode(np.array([0.5, -0.5], np.float32), 1)
    right = card_format.encode(np.array([0.125, 0.25], np.float32), 1)
    width = card_format.width
    frames = left[:width] + right[:width] + left[width:] + right[width:]
    assert card_format.decode(frames, 2, 1).tolist() == [0.125, 0.25]


def test_the_byte_above_24_bits_of_signal_is_ignored() -> None:
    s24 = next(each for each in FORMATS if each.name == "S24_LE")
    assert s24.decode(b"\x00\x00\x40\x7f\x00\x00\xc0\x00", 1, 0).tolist() == [0.5, -0.5]
