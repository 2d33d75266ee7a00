"""The echo canceller between the two audio threads.

The speaker's thread only notes what it does; the microphone's catches up before it cancels. So neither
waits for the other, and the canceller belongs to one thread.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Final

import numpy as np

from daemon.audio.echo.canceller import EchoCanceller
from daemon.audio.echo.engine_registry import open_filter
from daemon.audio.echo.reference import PlayedReference
from hardware.ports import Mono

_MOST_NOTES: Final = 1_000
"""Seconds: what was played before that is no echo any more when the microphone opens."""


class EchoPath:
    """Takes our own voice out of the microphone's sound, which comes and goes at `rate_hz`."""

    def __init__(self, engine: str, rate_hz: int, clock: Callable[[], float]) -> None:
        """Raises EchoError."""
        self._reference = reference = PlayedReference(rate_hz)
        self.canceller = EchoCanceller(open_filter(engine, rate_hz), reference, rate_hz)
        self._clock = clock
        self._notes: deque[Callable[[], None]] = deque(maxlen=_MOST_NOTES)

    # ------------------------------------------------------------ on the speaker thread

    def opened(self, rate_hz: int) -> None:
        """The speaker's card is open, at this rate."""
        self._notes.append(partial(self._reference.opened, rate_hz))
        self._notes.append(self.canceller.trust.forget)

    def wrote(self, samples: Mono) -> None:
        """These are written to the card."""
        self._notes.append(partial(self._reference.wrote, samples))

    def held(self, delay_frames: int) -> None:
        """So many frames are written and not heard."""
        self._notes.append(partial(self._reference.held, delay_frames, self._clock()))

    def stopped(self, delay_frames: int) -> None:
        """The card is silent; so many frames were written and never heard."""
        self._notes.append(partial(self._reference.stopped, delay_frames))

    # ------------------------------------------------------------ on the microphone thread

    def cancel(self, samples: Mono) -> Mono:
        """The next samples without the echo, in whole frames; silence where too much of it is left."""
        while self._notes:
            self._notes.popleft()()
        cleaned = self.canceller.process(samples, self._clock())
        return cleaned if self.canceller.trust.trusted else np.zeros_like(cleaned)

    def flush(self) -> Mono:
        """What the canceller still holds; another utterance may follow."""
        return self.canceller.flush()

    def lost(self) -> None:
        """Some of the microphone's sound was lost."""
        self.canceller.lost()
