"""Measures how much of each item was heard.

A card does not report when a sample leaves the speaker, only how many frames it still holds. So frames are
counted on one time axis, in the order in which they were written:

                  heard                    delay              queued
    ─────────────────────────────────┬───────────────────┬ ─ ─ ─ ─ ─ ─ ─ ▶ frames
     item A: 4800         │ pause 240 │    item B: 1920   │  item B: 9600
    ─────────────────────────────────┴───────────────────┴ ─ ─ ─ ─ ─ ─ ─
                             what the user hears now     what was written

At 24 kHz: 4800 + 240 + 1920 frames were written, and the card says that it still holds 1920. So 5040 were
heard: all of A (200 ms), the pause, and of B nothing yet. `played(1440)` moves the left border by 480 frames:
20 ms of B. If the user interrupts there, the server is told so (`audio_end_ms` 20), and the rest of B, in the
card or in the queue, counts as not said. Frames left of the border are counted in their item only.

What was written, less the delay, was heard. Each segment remembers its item until it was heard, so that
padding, pauses and earcons never count for an item.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Protocol


class Hearable(Protocol):
    """Counts its own frames that were heard."""

    heard: int


@dataclass
class _PlayedSegment:
    item: Hearable | None
    """None for frames of no item."""
    frames: int


class HeardClock:
    """`frames` are written and not heard yet."""

    def __init__(self) -> None:
        self.frames = 0
        self._segments: deque[_PlayedSegment] = deque()  # the oldest first

    def written(self, item: Hearable | None, frames: int) -> None:
        """Frames were written, of an item or of none."""
        if frames:
            self._segments.append(_PlayedSegment(item, frames))
            self.frames += frames

    def held(self, delay_frames: int) -> None:
        """The card holds this many frames: all before them have been heard."""
        frames = self.frames - delay_frames
        while frames > 0 and self._segments:
            segment = self._segments[0]
            heard = min(frames, segment.frames)
            if segment.item:
                segment.item.heard += heard
            segment.frames -= heard
            self.frames -= heard
            frames -= heard
            if not segment.frames:
                self._segments.popleft()

    def clear(self) -> None:
        """The card was stopped: what it held is never heard."""
        self._segments.clear()
        self.frames = 0
