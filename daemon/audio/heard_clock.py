"""The clock that tells how much of each item was heard.

Nobody tells when a sample leaves the speaker; a card tells how many it still holds of those that it was
given. So frames are counted along one line, in the order in which they were written:

                  heard                    delay              queued
    ─────────────────────────────────┬───────────────────┬ ─ ─ ─ ─ ─ ─ ─ ▶ frames
     item A: 4800         │ pause 240 │    item B: 1920   │  item B: 9600
    ─────────────────────────────────┴───────────────────┴ ─ ─ ─ ─ ─ ─ ─
                             what the user hears now     what was written

At 24 kHz: 4800 + 240 + 1920 frames were written, and the card says that it still holds 1920. So 5040 were
heard: all of A (200 ms), the pause, and of B nothing yet. `played(1440)` moves the left border by 480
frames: 20 ms of B. If the user interrupts there, that is what the server is told (`audio_end_ms` 20), and
the rest of B, whether the card held it or the queue did, was never said. The line begins at that border, as
what was heard counts in its item.

What was written less the delay was heard. The line remembers which segment carries which item until that was
heard, so that padding, pauses and earcons never count for an item.
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
    """None where the line is silent."""
    frames: int


class HeardClock:
    """`frames` are written and not heard yet."""

    def __init__(self) -> None:
        self.frames = 0
        self._segments: deque[_PlayedSegment] = deque()  # the oldest first

    def written(self, item: Hearable | None, frames: int) -> None:
        """More was written, of an item or of none."""
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
        """What the card held is never heard."""
        self._segments.clear()
        self.frames = 0
