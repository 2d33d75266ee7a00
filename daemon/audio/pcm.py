"""Samples to and from the wire's PCM16."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from hardware.ports import Mono

Pcm16: TypeAlias = npt.NDArray[np.int16]

_FULL_SCALE = np.float32(32768.0)
_LOWEST, _HIGHEST = np.float32(-32768.0), np.float32(32767.0)


def quantised(samples: Mono) -> Pcm16:
    """Round to the nearest 16 bit value; what is beyond full scale is clipped."""
    scaled = samples * _FULL_SCALE
    np.rint(scaled, out=scaled)
    np.minimum(scaled, _HIGHEST, out=scaled)
    np.maximum(scaled, _LOWEST, out=scaled)
    return scaled.astype("<i2")


def to_pcm16(samples: Mono) -> bytes:
    """Little-endian 16 bit audio of `samples`."""
    return quantised(samples).tobytes()


def from_pcm16(pcm: bytes) -> Mono:
    """Samples of little-endian 16 bit audio; half a sample at the end is dropped."""
    samples = np.frombuffer(pcm, "<i2", count=len(pcm) // 2).astype(np.float32)
    samples /= _FULL_SCALE
    return samples
