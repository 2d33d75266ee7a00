"""Two recordings of the same sound: where one lies in the other, what is missing, where it was held up."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from hardware.ports import Mono

BLOCK_S = 0.02
REACH_S = 1.0
SAME_DB = -20.0
"""In noise, a block in which samples are missing or moved differs by far more than this."""


@dataclass
class Match:
    """How `part` lies in `whole`: block by block, in order."""

    worst_db: float = -120.0
    """How far the blocks that were found differ from what was sent, at most."""
    gaps: list[tuple[float, float]] = field(default_factory=list)
    """Where something was put in between, and how long it is: seconds of `part`, seconds."""
    missing_s: list[float] = field(default_factory=list)
    """Blocks that are nowhere: seconds of `part`."""


def match(whole: Mono, part: Mono, rate_hz: int) -> Match:
    """Follow `part` through `whole`: what comes in between is a gap, what does not come at all is missing."""
    found, frames = Match(), int(rate_hz * BLOCK_S)
    at, torn = lag(whole, part[: int(rate_hz * REACH_S)]), -1
    for start in range(0, len(part) - frames + 1, frames):
        block = part[start : start + frames]
        moved = at
        if _difference_db(whole, at, block) > SAME_DB:
            moved = at + lag(whole[max(0, at) : max(0, at) + int(rate_hz * REACH_S)], block)
        difference = _difference_db(whole, moved, block)
        if difference > SAME_DB:
            # In two halves on both sides of a gap, or lost: the block behind it will tell.
            found.missing_s.append(start / rate_hz)
            torn, at = start, at + frames
            continue
        if moved != at:
            found.gaps.append((start / rate_hz, (moved - at) / rate_hz))
            if torn == start - frames and _whole_in_halves(whole, at - frames, moved, part[torn:start]):
                found.missing_s.pop()
        found.worst_db = max(found.worst_db, difference)
        at = moved + frames
    return found


def _whole_in_halves(whole: Mono, begin: int, end: int, block: Mono) -> bool:
    """Is the first part of the block at `begin`, and the rest of it just before `end`?"""
    if begin < 0 or end > len(whole):
        return False
    first = np.cumsum((whole[begin : begin + len(block)] - block) ** 2)
    rest = np.cumsum(((whole[end - len(block) : end] - block) ** 2)[::-1])[::-1]
    least = min(float(rest[0]), float(first[-1]), float(np.min(first[:-1] + rest[1:])))
    return bool(10 * np.log10(max(least, 1e-12) / float(np.sum(block**2))) < SAME_DB)


def lag(whole: Mono, part: Mono) -> int:
    """The frame of `whole` at which `part` begins, negative if it began before."""
    size = 1 << (len(whole) + len(part)).bit_length()
    spectrum = np.fft.rfft(whole, size) * np.conj(np.fft.rfft(part, size))
    peak = int(np.argmax(np.fft.irfft(spectrum, size)))
    return peak if peak < size // 2 else peak - size


def _difference_db(whole: Mono, at: int, block: Mono) -> float:
    there = whole[max(0, at) : max(0, at + len(block))]
    there = np.pad(there, (0, len(block) - len(there)))
    error, power = float(np.mean((there - block) ** 2)), float(np.mean(block**2))
    return float(10 * np.log10(max(error, 1e-12) / max(power, 1e-12)))
