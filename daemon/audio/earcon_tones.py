"""The sounds of the earcons: short and soft, told apart by the number of notes and their direction."""

from __future__ import annotations

from functools import cache
from typing import Literal, NamedTuple, TypeAlias

import numpy as np

from hardware.ports import Mono

LONGEST_S = 0.45
PEAK = 0.08
"""Of full scale, which is -22 dBFS; the tick is quieter, since the microphone is open then."""

_TICK_PEAK = 0.03
_EDGE_S = 0.01


EarconKind: TypeAlias = Literal["listening", "thinking", "offline", "error", "muted"]


class _Note(NamedTuple):
    hz: float  # 0 is a rest
    seconds: float


_REST = _Note(0.0, 0.05)
_MELODIES: dict[EarconKind, tuple[_Note, ...]] = {
    "listening": (_Note(1760.0, 0.03),),
    "thinking": (_Note(523.0, 0.07), _REST, _Note(523.0, 0.07)),
    "muted": (_Note(784.0, 0.09), _Note(392.0, 0.14)),
    "offline": (_Note(784.0, 0.11), _Note(587.0, 0.11), _Note(440.0, 0.16)),
    "error": (_Note(370.0, 0.08), _REST, _Note(370.0, 0.08), _REST, _Note(370.0, 0.12)),
}
"""No note is below 350 Hz, where the speakers of small boards fall silent."""


@cache
def tone(kind: EarconKind, rate_hz: int) -> Mono:
    """An earcon at the card's rate; the same read-only samples each time."""
    samples: Mono = np.concatenate([_played(note, rate_hz) for note in _MELODIES[kind]])
    samples *= _TICK_PEAK if kind == "listening" else PEAK
    samples.flags.writeable = False
    return samples


def _played(note: _Note, rate_hz: int) -> Mono:
    """A sine that swells and fades by half a cosine: an edge without one would be heard as a click."""
    frames, edge_frames = round(note.seconds * rate_hz), round(_EDGE_S * rate_hz)
    samples: Mono = np.sin(2 * np.pi * note.hz / rate_hz * np.arange(frames)).astype(np.float32)
    edge = 0.5 - 0.5 * np.cos(np.pi * np.arange(edge_frames) / edge_frames)
    samples[:edge_frames] *= edge
    samples[frames - edge_frames :] *= edge[::-1]
    return samples
