"""Sample formats of sound cards, to and from float32: little-endian PCM of 16, 24 and 32 bits."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from hardware.ports import Mono


@dataclass(frozen=True)
class Format:
    """One PCM format, by its ALSA name."""

    name: str
    bits: int
    """Bits of signal, at the low end of a sample."""
    width: int
    """Bytes that a sample takes."""

    def decode(self, data: bytes, channels: int, channel: int) -> Mono:
        """One channel of interleaved frames."""
        values = self._values(data)[channel::channels]
        samples: Mono = np.multiply(values, self._step, dtype=np.float32)
        return samples

    def encode(self, samples: Mono, channels: int) -> bytes:
        """Interleaved frames, the same in every channel; what is beyond full scale is clipped."""
        scaled = samples * self._full_scale
        np.rint(scaled, out=scaled)
        np.minimum(scaled, self._highest, out=scaled)
        np.maximum(scaled, -self._full_scale, out=scaled)
        values = scaled.astype(self._dtype)
        frames = values if channels == 1 else np.repeat(values, channels)
        if self.width != 3:
            return frames.tobytes()
        return frames.view(np.uint8).reshape(-1, 4)[:, :3].tobytes()

    def _values(self, data: bytes) -> npt.NDArray[np.signedinteger]:
        """Samples of all channels, the signal moved up to the highest bit."""
        if self.width != 3:
            values = np.frombuffer(data, self._dtype)
            # Above 24 bits of signal in four bytes there may be anything.
            return values << 8 if self.bits == 24 else values
        wide = np.zeros((len(data) // 3, 4), np.uint8)
        wide[:, 1:] = np.frombuffer(data, np.uint8).reshape(-1, 3)
        return wide.reshape(-1).view(self._dtype)

    @cached_property
    def _dtype(self) -> np.dtype[Any]:
        return np.dtype("<i2" if self.width == 2 else "<i4")

    @cached_property
    def _step(self) -> np.float32:
        return np.float32(0.5 ** (8 * self._dtype.itemsize - 1))

    @cached_property
    def _full_scale(self) -> np.float32:
        return np.float32(2.0 ** (self.bits - 1))

    @cached_property
    def _highest(self) -> np.float32:
        """The highest that does not overflow when it is cut to an integer."""
        return np.float32(np.nextafter(self._full_scale, np.float32(0)))


FORMATS = (
    Format("S16_LE", bits=16, width=2),
    Format("S24_3LE", bits=24, width=3),
    Format("S24_LE", bits=24, width=4),
    Format("S32_LE", bits=32, width=4),
)
"""The formats that a card may have, preferred ones first."""
