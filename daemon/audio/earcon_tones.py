"""The sounds of the earcons: short and soft, told apart by the number of notes and their direction."""

from __future__ import annotations

from functools import cache
from typing import Final, NamedTuple

import numpy as np

from hardware.ports import Mono

LONGEST_S: Final = 0.45
PEAK: Final = 0.08
"""Of full scale, which is -22 dBFS."""

_EDGE_S: Final = 0.01


class Note(NamedTuple):
    """A sine; none is below 350 Hz, where the speakers of small boards fall silent."""

    hz: float
    seconds: float


REST: Final = Note(0.0, 0.05)


@cache
def tone(melody: tuple[Note, ...], peak: float, rate_hz: int) -> Mono:
    """A melody at the card's rate; the same read-only samples each time."""
    samples: Mono = np.concatenate([_played(note, rate_hz) for note in melody])
    samples *= peak
    samples.flags.writeable = False
    return samples


def _played(note: Note, rate_hz: int) -> Mono:
    """A sine that swells and fades by half a cosine: an edge without one would be heard as a click."""
    frames, edge_frames = round(note.seconds * rate_hz), round(_EDGE_S * rate_hz)
    samples: Mono = np.sin(2 * np.pi * note.hz / rate_hz * np.arange(frames)).astype(np.float32)
    edge = 0.5 - 0.5 * np.cos(np.pi * np.arange(edge_frames) / edge_frames)
    samples[:edge_frames] *= edge
    samples[frames - edge_frames :] *= edge[::-1]
    return samples
