"""Whether the sound of a card keeps up with the clock.

A card without a clock (ALSA's `null`, a file) gives and takes any amount at once. One that is suspended, or
whose sound server stands still, gives and takes nothing, and reports no error.
"""

from __future__ import annotations

from typing import Final

DRIFT: Final = 0.05
"""How far a clock may be off. A crystal keeps to 0.0001; a driver may round its rate."""
FAST_S: Final = 0.5
"""No card hands over so much more than has passed: its buffer is far shorter."""
SLOW_S: Final = 2.0
"""Nobody waits longer than this for sound: a sound server wakes up in half a second."""
_LATE_S: Final = 10.0  # a card may hand over at once what is overdue
_LOOK_S: Final = 0.25  # a longer gap between two looks is a stall of the machine, not of the card


class ClockCheck:
    """Follows one card while it runs; times are seconds on the monotonic clock."""

    def __init__(self, rate_hz: int, now: float) -> None:
        self._rate_hz = rate_hz
        self._looked_at = now
        self._ahead_s = 0.0
        self._behind_s = 0.0

    @property
    def ahead_frames(self) -> int:
        """How much more it has given or taken than there was time for."""
        return max(0, int(self._ahead_s * self._rate_hz))

    @property
    def too_fast(self) -> bool:
        """Has it no clock?"""
        return self._ahead_s > FAST_S

    @property
    def too_slow(self) -> bool:
        """Does it stand still, or nearly so?"""
        return self._behind_s > SLOW_S

    def moved(self, frames: int, now: float) -> None:
        """Count the frames that it has given or taken since the last call."""
        moved_s, elapsed_s = frames / self._rate_hz, now - self._looked_at
        self._looked_at = now
        self._ahead_s = max(-_LATE_S, self._ahead_s + moved_s - (1 + DRIFT) * elapsed_s)
        seen_s = (1 - DRIFT) * min(elapsed_s, _LOOK_S)
        self._behind_s = max(0.0, self._behind_s + seen_s - moved_s)

    def excuse(self) -> None:
        """Nothing is overdue: it had nothing to play, or what it gave was lost."""
        self._behind_s = 0.0
