"""Streaming sample rate conversion: a polyphase filter as one matrix product per call.

The input is cut into blocks, and each block, together with the inputs before it that the filter still
reaches, becomes one row of a matrix. Its product with a small constant matrix is a block of outputs. An
output is given out as soon as the last input that it depends on is there, so chunks may have any size.

Every pair of rates shares one prototype low-pass filter, whose time unit is a sample of the lower rate:
flat to 0.4375 of that rate (within 0.03 dB), 100 dB down from 0.5625 on, 35 units long.

Why not soxr: its streams hold back much. At high quality it delays by 38 ms, in bursts of 830 samples and
then none; medium quality is as slow, low quality takes 20 ms, and the quickest lets aliases through. This
filter delays a voice by 0.1 ms, and whatever a chunk decides comes out with that chunk. A turn waits for
sound on its way in and on its way out, so soxr would cost it that much twice. The tests compare the two.

The matrix grows with the square of the numbers that the ratio of the rates is made of. Where they are large,
as of a card at 44,056 Hz, the nearest ratio of small ones is taken: off by 0.2 % at most, which is inaudible.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cache, lru_cache
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from hardware.ports import Mono

FilterKind: TypeAlias = Literal["minimum", "linear"]
"""Where the lower rate is 24 kHz, minimum phase delays a voice by 0.1 ms; linear phase delays every frequency
by 0.73 ms."""

_Filter: TypeAlias = npt.NDArray[np.float64]

# The equiripple prototype h(u) = sum of a[k] cos(pi (2k + 1) u / 35), found by linear programming:
# the least stop band that a ripple of 0.026 dB allows. A Kaiser window of this quality delays half as
# much again.
_LENGTH = 35
_COSINES = (
    0.05718159, 0.05703524, 0.05729687, 0.05697142, 0.05730361, 0.05701460, 0.05722470, 0.05711347,
    0.05712025, 0.05721194, 0.05703609, 0.05727669, 0.05699344, 0.05729509, 0.05702483, 0.05622159,
    0.04056006, 0.01445155, 0.00166181, 0.00001139, -0.00000019, 0.00000051, -0.00000020,
)  # fmt: skip

_DENSITY = 8  # samples per unit in which the prototype is tabulated
_PERIOD = 64  # units after which the tabulated prototype repeats: its length and room for the interpolation
_CEPSTRUM = 16_384  # points, enough that the cepstrum does not wrap around
_FLOOR = 1e-6  # far below the stop band: where the logarithm of the magnitude is cut off

_MOST_STEPS = 640  # as for 11,025 to 48,000 Hz; the matrix has 2 MB at most
_MOST_RATIO = 32  # 768 kHz; what no card has is not told apart from it
_NEAR_STEPS = 256  # where the ratio is rounded anyway
_MOST_BANKS = 16
_PIECE_FRAMES = 2_048  # longer chunks are converted in pieces of this size: the work buffers stay small


class Resampler:
    """Converts a stream of one channel between two rates in Hz; equal rates pass through.

    Splitting the stream into other chunks changes no sample beyond float32 rounding. Not thread safe.
    """

    def __init__(self, from_hz: int, to_hz: int, kind: FilterKind = "minimum") -> None:
        self._bank = None if from_hz == to_hz else _bank(from_hz, to_hz, kind)
        self.delay_s = 0.0 if self._bank is None else self._bank.delay_s
        if self._bank is not None:
            self._allocate(self._bank)

    def process(self, samples: Mono) -> Mono:
        """All outputs that depend on nothing later than `samples`; a fresh array."""
        if self._bank is None:
            return samples.copy()
        if len(samples) <= _PIECE_FRAMES:
            return self._convert(self._bank, samples)
        pieces = range(0, len(samples), _PIECE_FRAMES)
        return np.concatenate([self._convert(self._bank, samples[i : i + _PIECE_FRAMES]) for i in pieces])

    def whole(self, samples: Mono) -> Mono:
        """All of a sound that ends here."""
        return np.concatenate([self.process(samples), self.flush()])

    def flush(self) -> Mono:
        """What the filter still holds, as if silence followed; then it is as new."""
        if self._bank is None:
            return np.zeros(0, np.float32)
        tail = self.process(np.zeros(self._bank.history, np.float32))
        self._inputs.fill(0.0)
        self._pending = 0
        return tail

    def _allocate(self, bank: _Bank) -> None:
        most_rows = -(-_PIECE_FRAMES // bank.advance) + 1
        window, outputs = bank.weights.shape
        self._inputs = np.zeros(window + most_rows * bank.advance, np.float32)
        step = self._inputs.itemsize
        self._windows: Mono = np.ndarray(
            (most_rows, window), np.float32, self._inputs.data, strides=(bank.advance * step, step)
        )
        self._rows: Mono = np.empty((most_rows, window), np.float32)
        self._outputs: Mono = np.empty((most_rows, outputs), np.float32)
        self._pending = 0  # inputs of the block that is not full yet; its first outputs have been given out

    def _convert(self, bank: _Bank, samples: Mono) -> Mono:
        inputs = self._inputs
        filled = bank.history + self._pending
        inputs[filled : filled + len(samples)] = samples
        first, pending = bank.ready(self._pending), self._pending + len(samples)
        last = bank.ready(pending)
        rows = -(-last // bank.weights.shape[1])
        # BLAS takes no overlapping rows: they are laid out one after the other.
        np.copyto(self._rows[:rows], self._windows[:rows])
        np.dot(self._rows[:rows], bank.weights, out=self._outputs[:rows])
        converted: Mono = self._outputs.reshape(-1)[first:last].copy()

        used = pending // bank.advance * bank.advance
        self._pending = pending - used
        keep = bank.history + self._pending
        inputs[:keep] = inputs[used : used + keep]
        return converted


@dataclass(frozen=True)
class _Bank:
    """The filter for one pair of rates, reduced to `up` outputs for `down` inputs."""

    up: int
    down: int
    weights: Mono
    """Shape (inputs that a block reaches, outputs of a block)."""
    history: int
    """Inputs before a block that its outputs depend on."""
    advance: int
    """Inputs from one block to the next."""
    delay_s: float

    def ready(self, inputs: int) -> int:
        """Outputs of a block that can be computed from its first `inputs` inputs."""
        return -(-inputs * self.up // self.down)


@lru_cache(_MOST_BANKS)
def _bank(from_hz: int, to_hz: int, kind: FilterKind) -> _Bank:
    up, down = steps(from_hz, to_hz)
    impulse = _impulse_response(kind, max(up, down)) * up
    history = -(-len(impulse) // up) - 1
    repeats = max(1, history // (2 * down))  # blocks about half as long as the filter cost the least
    return _Bank(
        up=up,
        down=down,
        weights=_weights(impulse, up, down, repeats * up, history),
        history=history,
        advance=repeats * down,
        delay_s=_low_delay(impulse) / (from_hz * up),
    )


def steps(from_hz: int, to_hz: int) -> tuple[int, int]:
    """The ratio of the rates as (outputs, inputs): exact, or the nearest ratio of small numbers."""
    lower, higher = sorted((from_hz, to_hz))
    part = Fraction(lower, higher)
    if part.denominator > _MOST_STEPS:
        part = part.limit_denominator(_NEAR_STEPS * (1 + min(higher // lower, _MOST_RATIO) // 4))
    few, many = max(1, part.numerator), part.denominator
    return (few, many) if to_hz == lower else (many, few)


def _weights(impulse: _Filter, up: int, down: int, outputs: int, history: int) -> Mono:
    """The filter at the distance of each output, at tick j * down, from each input, at tick i * up."""
    reach = (outputs - 1) * down // up + 1
    inputs = np.arange(-history, reach)[:, None]
    distance = np.arange(outputs)[None, :] * down - inputs * up
    inside = (distance >= 0) & (distance < len(impulse))
    return np.where(inside, impulse[np.where(inside, distance, 0)], 0.0).astype(np.float32)


def _low_delay(impulse: _Filter) -> float:
    """Group delay at frequency zero, in ticks."""
    return float(np.arange(len(impulse)) @ impulse / impulse.sum())


def _impulse_response(kind: FilterKind, ticks_per_unit: int) -> _Filter:
    """The prototype with this many ticks per unit, by interpolation over the spectrum."""
    spectrum = np.fft.rfft(_tabulated(kind), _PERIOD * _DENSITY)
    ticks = _PERIOD * ticks_per_unit
    return np.fft.irfft(spectrum[: ticks // 2 + 1], ticks)[: _LENGTH * ticks_per_unit + 1]


@cache
def _tabulated(kind: FilterKind) -> _Filter:
    middle = _LENGTH * _DENSITY // 2
    time = (np.arange(2 * middle) - middle) / _DENSITY
    waves = np.pi / _LENGTH * (2 * np.arange(len(_COSINES)) + 1)
    linear = np.cos(np.outer(time, waves)) @ np.array(_COSINES) / _DENSITY
    return linear if kind == "linear" else _minimum_phase(linear)


def _minimum_phase(linear: _Filter) -> _Filter:
    """The causal filter of the same magnitude with the least delay, by folding the real cepstrum.

    Oppenheim and Schafer, Discrete-Time Signal Processing, section 13.5.
    """
    magnitude = np.abs(np.fft.rfft(linear, _CEPSTRUM))
    cepstrum = np.fft.irfft(np.log(np.maximum(magnitude, _FLOOR)))
    cepstrum[1 : _CEPSTRUM // 2] *= 2.0
    cepstrum[_CEPSTRUM // 2 + 1 :] = 0.0
    return np.fft.irfft(np.exp(np.fft.rfft(cepstrum)))[: len(linear)]
