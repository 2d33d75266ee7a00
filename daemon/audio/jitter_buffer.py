"""The jitter buffer in front of the speaker.

An answer comes faster than it is spoken, in pieces of any size, with pauses of any length between them. At
the start of a turn, and after a pause, it waits for `start_ms` of audio: long enough to bridge the usual gap
between two pieces, too short to be noticed. What it holds later is how far the server is ahead of the voice.

Not thread safe: the loop pushes and the speaker thread pulls, under a lock that belongs to the shell.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

import numpy as np

from daemon.audio.heard_clock import HeardClock
from daemon.audio.overlay import Gain, Overlay
from daemon.audio.pcm import Pcm16, quantised
from hardware.ports import Mono

_REFUSED_ITEMS = 64  # audio of a cancelled response ends within a round trip: the last few ids are enough
_INT16 = np.float32(1 / 32768)


@dataclass(frozen=True)
class Cut:
    """How much was heard of the items that `stopped` discarded; each is in one of the fields."""

    item_id: str | None
    """The item of which a part was heard, or None if the cut fell between items."""
    heard_ms: int
    """How much of that item was heard, rounded down; never more than was pushed of it."""
    whole: tuple[str, ...]
    """Items heard to their end that `take_heard_to_end` has not returned yet."""
    unheard: tuple[str, ...]
    """Items of which nothing was heard."""


class JitterBuffer:
    """Plays items one after the other, in the order of their first push, at the card's rate.

    At the start of a turn and after an underrun it waits until `start_ms` of audio are there. Every item
    must be finished at the latest when its response ends or the link is lost: the next one waits for that.
    """

    def __init__(self, rate_hz: int, start_ms: int = 40, max_queue_s: float = 600.0) -> None:
        self.gain = Gain()
        self._rate_hz = rate_hz
        self._start_frames = rate_hz * start_ms // 1000
        self._max_frames = int(rate_hz * max_queue_s)
        self._items: dict[str, _Item] = {}  # in the order of playing, until heard to the end
        self._clock = HeardClock()
        self._waiting = True
        self._earcon = Overlay()
        self._begun: list[str] = []
        self._heard_to_end: list[str] = []
        self._refused: deque[str] = deque(maxlen=_REFUSED_ITEMS)

    # ------------------------------------------------------------ called on the event loop

    def push(self, item_id: str, samples: Mono) -> int:
        """Queue audio of an item, at the card's rate; ignored if the item was cut or is finished.

        Returns how many frames found no room.
        """
        if item_id in self._refused:
            return 0
        item = self._items.setdefault(item_id, _Item(item_id))
        if item.finished:
            return 0
        free = max(0, self._max_frames - sum(other.queued for other in self._items.values()))
        dropped = max(0, len(samples) - free)
        item.put(quantised(samples[:free]))
        return dropped

    def finish(self, item_id: str) -> None:
        """No more audio will come for this item."""
        if item := self._items.get(item_id):
            item.finished = True
            self._retire()

    def heard_ms(self, item_id: str) -> int:
        """How much of an item was heard, rounded down; 0 unless it is being played."""
        item = self._items.get(item_id)
        return item.heard_ms(self._rate_hz) if item else 0

    def play_earcon(self, samples: Mono) -> None:
        """Play this where there is no item to play; the first item that can be played fades it out."""
        if self.idle:
            self._earcon.rest = samples

    def stop_earcon(self) -> bool:
        """Stop the earcon; True if the card may still hold some of it."""
        self._earcon.clear()
        return self.idle and self._clock.frames > 0

    def take_begun(self) -> list[str]:
        """Items whose first sample was written since the last call."""
        begun, self._begun = self._begun, []
        return begun

    def take_heard_to_end(self) -> list[str]:
        """Items whose last sample was heard since the last call."""
        whole, self._heard_to_end = self._heard_to_end, []
        return whole

    @property
    def idle(self) -> bool:
        """Whether every item was heard to its end."""
        return not self._items

    # ------------------------------------------------------------ called on the speaker thread

    def pull(self, frames: int) -> Mono | None:
        """Exactly `frames` samples, padded with silence after the last item, or None: nothing to play now."""
        playable, complete = self._playable()
        plays = self._may_play(playable, complete, frames)
        if not plays and not len(self._earcon.rest):
            return None
        samples, written = np.zeros(frames, np.float32), 0
        if plays:
            self._waiting = complete and playable <= frames
            written = self._write(samples)
        self._clock.written(None, frames - written)
        if len(self._earcon.rest):
            self._earcon.add(samples, fade=plays)
        self.gain.apply(samples)
        return samples

    def played(self, delay_frames: int) -> bool:
        """Update the clock: the card still holds `delay_frames` of what was pulled; True if it ran dry."""
        self._clock.held(delay_frames)
        self._retire()
        dry = delay_frames <= 0 and bool(self._items) and not self._waiting
        self._waiting |= dry
        return dry

    def stopped(self, delay_frames: int) -> Cut:
        """The card is silent and `delay_frames` were never heard: discard all audio and ignore its items."""
        self._clock.held(delay_frames)
        self._retire()
        items = list(self._items.values())
        heard = items.pop(0) if items and items[0].heard else None
        self._refused.extend(self._items)
        self._items.clear()
        self._earcon.clear()
        self._clock.clear()
        self._waiting = True
        return Cut(
            item_id=heard.item_id if heard else None,
            heard_ms=heard.heard_ms(self._rate_hz) if heard else 0,
            whole=tuple(self.take_heard_to_end()),
            unheard=tuple(item.item_id for item in items),
        )

    def lost(self) -> Cut:
        """The card has gone: what it has not reported as heard is lost."""
        return self.stopped(self._clock.frames)

    # ------------------------------------------------------------ parts

    def _playable(self) -> tuple[int, bool]:
        """Frames that can be played in order, and whether nothing more is to come."""
        playable = 0
        for item in self._items.values():
            playable += item.queued
            if not item.finished:
                return playable, False
        return playable, True

    def _may_play(self, playable: int, complete: bool, frames: int) -> bool:
        if not playable:
            return False
        if complete or playable >= max(frames, self._start_frames if self._waiting else 0):
            return True
        # The end of a finished item need not wait for the beginning of the next one.
        return self._waiting and next(item for item in self._items.values() if item.queued).finished

    def _write(self, samples: Mono) -> int:
        """Fill `samples` from the queues; how many frames there were."""
        written = 0
        for item in self._items.values():
            if item.queued and not item.written:
                self._begun.append(item.item_id)
            frames = item.take(samples[written:])
            self._clock.written(item, frames)
            written += frames
            if written == len(samples) or not item.finished:
                break
        return written

    def _retire(self) -> None:
        while self._items and (item := next(iter(self._items.values()))).heard_to_end:
            del self._items[item.item_id]
            self._heard_to_end.append(item.item_id)


@dataclass
class _Item:
    item_id: str
    queue: deque[Pcm16] = field(default_factory=deque)  # at the card's rate, in half of float32's memory
    queued: int = 0  # frames
    written: int = 0
    heard: int = 0
    finished: bool = False

    @property
    def heard_to_end(self) -> bool:
        return self.finished and not self.queued and self.heard == self.written

    def heard_ms(self, rate_hz: int) -> int:
        return self.heard * 1000 // rate_hz

    def put(self, chunk: Pcm16) -> None:
        if len(chunk):
            self.queue.append(chunk)
            self.queued += len(chunk)

    def take(self, samples: Mono) -> int:
        """Move as much of the queue as there is, and as fits, into `samples`; how many frames that were."""
        taken = 0
        while self.queue and taken < len(samples):
            chunk = self.queue.popleft()
            part = chunk[: len(samples) - taken]
            np.multiply(part, _INT16, out=samples[taken : taken + len(part)])
            taken += len(part)
            if len(part) < len(chunk):
                self.queue.appendleft(chunk[len(part) :])
        self.queued -= taken
        self.written += taken
        return taken
