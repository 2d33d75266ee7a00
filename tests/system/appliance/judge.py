"""What was seen and heard, judged: levels of lines over time, moods of the lamp, loudness. Pure."""

from __future__ import annotations

import wave
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from io import BytesIO
from itertools import groupby
from typing import Final, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

Mood: TypeAlias = Literal["idle", "listening", "thinking", "speaking", "muted", "other"]
Colour: TypeAlias = tuple[float, float, float]

FRAME_S: Final = 0.02
SPOKEN_LEVEL: Final = 0.01
"""Of full scale, root of the mean square: speech in a loop without noise is far above, dither far below."""
MOOD_S: Final = 0.4


@dataclass(frozen=True)
class Trace:
    """Levels of some lines at some times, in seconds of the machine's monotonic clock; -1: no such line."""

    lines: tuple[int, ...]
    times: NDArray[np.float64]
    levels: NDArray[np.int8]  # (times, lines)

    def of(self, line: int) -> NDArray[np.int8]:
        """The levels of one line."""
        levels: NDArray[np.int8] = self.levels[:, self.lines.index(line)]
        return levels

    def since(self, start_s: float, end_s: float = float("inf")) -> Trace:
        """The part of it from a time on, up to another."""
        inside = (self.times >= start_s) & (self.times < end_s)
        return Trace(self.lines, self.times[inside], self.levels[inside])

    def first(self, line: int, level: int) -> float | None:
        """When a line first had this level."""
        found = np.flatnonzero(self.of(line) == level)
        return float(self.times[found[0]]) if len(found) else None

    def settled(self, line: int, level: int) -> float | None:
        """From when on a line kept this level until the end; None if it ends otherwise."""
        other = np.flatnonzero(self.of(line) != level)
        if not len(other):
            return float(self.times[0]) if len(self.times) else None
        return float(self.times[other[-1] + 1]) if other[-1] + 1 < len(self.times) else None

    def means(self, lines: Sequence[int]) -> tuple[float, ...]:
        """The mean level of each of these lines: the duty cycle of one that pulses."""
        return tuple(float(np.mean(self.of(line))) for line in lines)


def trace(rows: str, lines: Sequence[int]) -> Trace:
    """What guest/lines.py wrote. A last row that is torn is left out."""
    pairs = [row.split() for row in rows.splitlines()]
    whole = [(pair[0], pair[1]) for pair in pairs if len(pair) == 2 and len(pair[1]) == len(lines)]
    levels = [[-1 if sign == "-" else int(sign) for sign in signs] for _, signs in whole]
    shape = (len(whole), len(lines))
    times = np.array([float(time) for time, _ in whole])
    return Trace(tuple(lines), times, np.array(levels, dtype=np.int8).reshape(shape))


def mood(colour: Colour) -> Mood:
    """Which mood of the status lamp has this colour, averaged over some tenths of a second."""
    red, green, blue = colour
    if max(red, blue) < 0.05 and green < 0.25:
        return "idle"  # dark, but for a moment every few seconds
    if red < 0.05 and max(green, blue) > 0.5:
        return "listening" if blue > green else "speaking"
    if min(red, blue) > 0.2:
        return "thinking"
    return "muted" if green < 0.05 and red > 0.35 else "other"


def moods(seen: Trace, lamp: tuple[int, int, int]) -> list[Mood]:
    """The moods that a lamp showed, each once for as long as it lasted."""
    if not len(seen.times):
        return []
    windows = np.floor((seen.times - seen.times[0]) / MOOD_S)
    shown = []
    for window in np.unique(windows):
        part = Trace(seen.lines, seen.times[windows == window], seen.levels[windows == window])
        red, green, blue = part.means(lamp)
        shown.append(mood((red, green, blue)))
    return [each for each, _ in groupby(shown)]


def in_order(wanted: Iterable[str], seen: Iterable[str]) -> bool:
    """Do these come in this order, whatever is between them?"""
    rest = iter(seen)
    return all(each in rest for each in wanted)


def loudness(recording: bytes) -> NDArray[np.float64]:
    """The level of each FRAME_S of a WAV file of 16 bits, 0 to 1; a file whose end is missing will do."""
    with wave.open(BytesIO(_with_length(recording))) as sound:
        frame = int(sound.getframerate() * FRAME_S) * sound.getnchannels()
        samples = np.frombuffer(sound.readframes(sound.getnframes()), dtype="<i2") / 32768
    frames = samples[: len(samples) // frame * frame].reshape(-1, frame)
    levels: NDArray[np.float64] = np.sqrt(np.mean(frames**2, axis=1))
    return levels


def spoken_s(recording: bytes) -> float:
    """For how long there was sound."""
    return round(float(np.sum(loudness(recording) > SPOKEN_LEVEL)) * FRAME_S, 2)


def _with_length(recording: bytes) -> bytes:
    """A recorder that was stopped by force has not written how long its file is."""
    start = recording.index(b"data") + 8
    length = (len(recording) - start).to_bytes(4, "little")
    return recording[: start - 4] + length + recording[start:]
