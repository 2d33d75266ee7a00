"""The clock that tells how much of each item was heard.

Nobody tells when a sample leaves the speaker; a card tells how many it still holds of those that it was
given. So frames are counted along one line, in the order in which they were written:

    heard                     written
      |<------- delay ------->|
    --+-----------------------+---->  frames
    ..a a a a b b b . . . c c c       item of each segment, "." for padding

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
