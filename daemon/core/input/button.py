"""Turns the edges of a bouncing button into gestures, acting on the first edge.

After an accepted edge the contact is ignored for the debounce time; its level at the end of that time counts.
So a press costs no latency, and neither a bounce nor a glitch is taken for a second press.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

from daemon.core.timers import earliest

Gesture: TypeAlias = Literal["press", "release", "tap", "double_tap"]

TAP_S = 0.25
DOUBLE_TAP_S = 0.40


class Gestures:
    """One button. A short press gives press, release, tap; a second one soon after gives double_tap too.

    `stuck` is true from `stuck_s` after a press until the release.
    """

    def __init__(self, debounce_s: float = 0.03, stuck_s: float = 60.0) -> None:
        self.stuck = False
        self._debounce_s = debounce_s
        self._stuck_s = stuck_s
        self._stuck_at: float | None = None
        self._level = False
        self._accepted = False
        self._quiet_until: float | None = None
        self._pressed_at = float("-inf")
        self._tapped_at = float("-inf")

    @property
    def deadline(self) -> float | None:
        """When the next `tick` is due."""
        return earliest(self._quiet_until, self._stuck_at)

    def edge(self, pressed: bool, now: float) -> list[Gesture]:
        """Handle a raw edge."""
        gestures = self.tick(now)
        self._level = pressed
        return gestures if self._quiet_until is not None else gestures + self._settle(now)

    def tick(self, now: float) -> list[Gesture]:
        """Read the contact again once it must have stopped bouncing."""
        if self._stuck_at is not None and now >= self._stuck_at:
            self.stuck, self._stuck_at = True, None
        if self._quiet_until is None or now < self._quiet_until:
            return []
        self._quiet_until = None
        return self._settle(now)

    def _settle(self, now: float) -> list[Gesture]:
        if self._level == self._accepted:
            return []
        self._accepted = self._level
        self._quiet_until = now + self._debounce_s
        return self._press(now) if self._accepted else self._release(now)

    def _press(self, now: float) -> list[Gesture]:
        self._pressed_at = now
        self._stuck_at = now + self._stuck_s
        return ["press"]

    def _release(self, now: float) -> list[Gesture]:
        self.stuck, self._stuck_at = False, None
        if now - self._pressed_at >= TAP_S:
            return ["release"]
        second = self._pressed_at - self._tapped_at <= DOUBLE_TAP_S
        self._tapped_at = float("-inf") if second else now
        return ["release", "tap", "double_tap"] if second else ["release", "tap"]
