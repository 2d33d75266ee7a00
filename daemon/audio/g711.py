"""G.711, the codec of telephony: each byte is a sample at 8 kHz on a logarithmic scale (ITU-T G.711).

Both laws are a table of the 256 values of a byte, and one of the bytes for all 65,536 values of 16 bits.
"""

from __future__ import annotations

from functools import cache
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from daemon.audio.pcm import Pcm16

Law: TypeAlias = Literal["mu", "a"]
Bytes: TypeAlias = npt.NDArray[np.uint8]
Wide: TypeAlias = npt.NDArray[np.int64]

RATE_HZ = 8_000
_MU_BIAS = 33
_MU_LOUDEST = 8_158
_A_INVERTED = 0x55


def expand(coded: bytes, law: Law) -> Pcm16:
    """The 16 bit values that these bytes stand for."""
    expanded: Pcm16 = _values(law)[np.frombuffer(coded, np.uint8)]
    return expanded


def compress(values: Pcm16, law: Law) -> bytes:
    """A byte for each 16 bit value."""
    return _codes(law)[values.astype(np.uint16)].tobytes()


@cache
def _values(law: Law) -> Pcm16:
    codes = np.arange(256)
    return (_mu_values(codes ^ 0xFF) if law == "mu" else _a_values(codes ^ _A_INVERTED)).astype(np.int16)


def _mu_values(codes: Wide) -> Wide:
    segment, step = codes >> 4 & 7, codes & 15
    magnitude = ((2 * step + 33) << segment) - _MU_BIAS << 2
    return np.where(codes & 0x80, -magnitude, magnitude)


def _a_values(codes: Wide) -> Wide:
    segment, step = codes >> 4 & 7, codes & 15
    magnitude = np.where(segment, (2 * step + 33) << (np.maximum(segment, 1) + 2), (2 * step + 1) << 3)
    return np.where(codes & 0x80, magnitude, -magnitude)


@cache
def _codes(law: Law) -> Bytes:
    """By the value as an unsigned number of 16 bits."""
    values = np.arange(65_536).astype(np.uint16).astype(np.int16).astype(np.int64)
    return (_mu_codes(values) if law == "mu" else _a_codes(values)).astype(np.uint8)


def _mu_codes(values: Wide) -> Wide:
    # The law is one of 14 bits.
    magnitude = np.minimum(np.abs(values >> 2), _MU_LOUDEST) + _MU_BIAS
    segment = np.floor(np.log2(magnitude)).astype(np.int64) - 5
    step = magnitude >> (segment + 1) & 15
    code: Wide = np.where(values < 0, 0x80, 0) | segment << 4 | step
    return code ^ 0xFF


def _a_codes(values: Wide) -> Wide:
    # A negative number of 13 bits is one less than its magnitude: -1 and 0 are neighbours, not the same.
    magnitude = np.where(values < 0, ~values, values)
    segment = np.maximum(np.floor(np.log2(np.maximum(magnitude, 1))).astype(np.int64) - 7, 0)
    step = magnitude >> (np.maximum(segment, 1) + 3) & 15
    code: Wide = np.where(values < 0, 0, 0x80) | segment << 4 | step
    return code ^ _A_INVERTED
