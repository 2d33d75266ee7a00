"""What the sound path costs, and how good it is: `python -m tests.bench.sound [--json]`.

Extra delay is the least constant delay at which the output of 20 ms chunks can be played without a gap,
the filter's own delay included, less the chunk itself.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
import soxr

from daemon.audio.pcm import to_pcm16
from daemon.audio.resampler import Resampler
from daemon.service.audio_streams import CaptureStream, PlaybackStream
from hardware.ports import Mono
from hardware.sound.sample_formats import FORMATS
from tests.service.streams import unheard

PAIRS = (
    *((48_000, 24_000), (44_100, 24_000), (32_000, 24_000), (16_000, 24_000), (96_000, 24_000)),
    *((24_000, 48_000), (24_000, 44_100), (24_000, 32_000), (24_000, 16_000), (24_000, 96_000)),
)
METHODS = ("minimum", "linear", "soxr HQ")
CHUNKS_PER_S = 50
CARD_HZ = 48_000
PERIOD = CARD_HZ // 100

Convert: TypeAlias = Callable[[Mono], Mono]


def converter(method: str, from_hz: int, to_hz: int) -> Convert:
    if method == "soxr HQ":
        reference = soxr.ResampleStream(from_hz, to_hz, 1, dtype="float32", quality="HQ")
        convert: Convert = reference.resample_chunk
        return convert
    return Resampler(from_hz, to_hz, "linear" if method == "linear" else "minimum").process


def measure_pair(method: str, from_hz: int, to_hz: int) -> dict[str, Any]:
    low_hz = min(from_hz, to_hz)
    passed = [tone_fit(method, from_hz, to_hz, part * low_hz) for part in np.linspace(0.02, 0.4375, 30)]
    if from_hz > to_hz:
        blocked_hz = np.linspace(0.5625 * to_hz, from_hz / 2 - 1, 30)
        worst = max(tone_fit(method, from_hz, to_hz, hz)[1] for hz in blocked_hz)
    else:
        worst = max(rest for _, rest in passed)
    return {
        "method": method,
        "from_hz": from_hz,
        "to_hz": to_hz,
        "extra_delay_ms": round(extra_delay_s(method, from_hz, to_hz) * 1000, 3),
        "rejection_db": round(-decibels(worst), 1),
        "ripple_db": round(max(abs(decibels(level)) for level, _ in passed), 3),
        "us_per_20_ms": round(cost_us(method, from_hz, to_hz), 1),
    }


def tone_fit(method: str, from_hz: int, to_hz: int, frequency_hz: float) -> tuple[float, float]:
    """A tone's amplitude after the conversion, and that of all else: aliases, images, noise."""
    result = stream(converter(method, from_hz, to_hz), tone(frequency_hz, from_hz, 0.4), from_hz)
    middle = np.concatenate(result).astype(np.float64)[to_hz // 20 :]
    angle = 2 * np.pi * frequency_hz / to_hz * np.arange(len(middle))
    basis = np.stack([np.sin(angle), np.cos(angle)], axis=1)
    fit = np.linalg.lstsq(basis, middle, rcond=None)[0]
    rest = middle - basis @ fit
    # Beyond the new Nyquist frequency the fitted tone is an alias itself.
    alias = float(np.hypot(*fit)) if frequency_hz > to_hz / 2 else 0.0
    return float(np.hypot(*fit)), alias + float(np.sqrt(2 * np.mean(rest**2)))


def extra_delay_s(method: str, from_hz: int, to_hz: int) -> float:
    """By a tone of 100 Hz: when its chunks can be played, and how late it sounds in them."""
    chunks = stream(converter(method, from_hz, to_hz), tone(100, from_hz, 2.0), from_hz)
    starts = np.cumsum([0, *map(len, chunks)])
    late: float = max(
        (index + 1) / CHUNKS_PER_S - start / to_hz
        for index, (start, chunk) in enumerate(zip(starts, chunks, strict=False))
        if len(chunk)
    )
    samples = np.concatenate(chunks)[to_hz // 5 : to_hz]
    times = np.arange(to_hz // 5, to_hz) / to_hz
    turns = np.angle(np.mean(samples * np.exp(-2j * np.pi * 100 * times))) / (2 * np.pi) + 0.25
    return late - 1 / CHUNKS_PER_S - float(turns) / 100


def cost_us(method: str, from_hz: int, to_hz: int) -> float:
    convert = converter(method, from_hz, to_hz)
    chunk = tone(440, from_hz, 1 / CHUNKS_PER_S)
    return fastest_us(lambda: convert(chunk))


def measure_lanes() -> dict[str, float]:
    """What one frame of 20 ms costs in this process, from the card's bytes to the wire's and back.

    Left out are ALSA itself and the websocket.
    """
    return {"microphone_us": round(microphone_us(), 1), "speaker_us": round(speaker_us(), 1)}


def microphone_us() -> float:
    lane = CaptureStream(unheard(), "minimum")
    lane.opened(CARD_HZ)
    card = FORMATS[0]
    period = card.encode(tone(440, CARD_HZ, 0.01), 1)

    def frame() -> None:
        lane.frames(card.decode(period, 1, 0))
        lane.frames(card.decode(period, 1, 0))

    return fastest_us(frame)


def speaker_us() -> float:
    lane = PlaybackStream(unheard(), "minimum")
    lane.opened(CARD_HZ)
    card = FORMATS[0]
    pcm = to_pcm16(tone(440, 24_000, 0.02))
    for _ in range(10):
        lane.play("item", pcm)

    def frame() -> None:
        lane.play("item", pcm)
        for _ in range(2):
            samples = lane.pull(PERIOD)
            assert samples is not None
            card.encode(samples, 1)
        lane.played(PERIOD)

    return fastest_us(frame)


def fastest_us(call: Callable[[], object], calls: int = 100, batches: int = 12) -> float:
    """Per call, in the quietest of some batches: the machine is shared."""
    spent = []
    for _ in range(batches):
        since = time.perf_counter()
        for _ in range(calls):
            call()
        spent.append(time.perf_counter() - since)
    return min(spent) / calls * 1e6


def stream(convert: Convert, samples: Mono, rate_hz: int) -> list[Mono]:
    return [convert(chunk) for chunk in np.split(samples, len(samples) * CHUNKS_PER_S // rate_hz)]


def tone(frequency_hz: float, rate_hz: int, seconds: float) -> Mono:
    angle = 2 * np.pi * frequency_hz / rate_hz * np.arange(round(rate_hz * seconds))
    samples: Mono = np.sin(angle).astype(np.float32)
    return samples


def decibels(ratio: float) -> float:
    return float(20 * np.log10(ratio + 1e-12))


def measure() -> dict[str, Any]:
    """Everything, as numbers."""
    pairs = [measure_pair(method, *pair) for pair in PAIRS for method in METHODS]
    return {"resampler": pairs, "lanes": measure_lanes()}


def show(figures: dict[str, Any]) -> None:
    print(f"{'':>15} {'method':>8} {'delay ms':>9} {'reject dB':>9} {'ripple dB':>9} {'us/20 ms':>9}")
    for row in figures["resampler"]:
        print(
            f"{row['from_hz']:>6} > {row['to_hz']:<6} {row['method']:>8} {row['extra_delay_ms']:>9.3f} "
            f"{row['rejection_db']:>9.1f} {row['ripple_db']:>9.3f} {row['us_per_20_ms']:>9.1f}"
        )
    lanes = figures["lanes"]
    print(f"one frame of 20 ms: microphone {lanes['microphone_us']} us, speaker {lanes['speaker_us']} us")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print numbers for other programs")
    figures = measure()
    if parser.parse_args().json:
        print(json.dumps(figures))
    else:
        show(figures)


if __name__ == "__main__":
    main()
