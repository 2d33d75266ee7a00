"""Drives the status lamps: one pattern at a time, redrawn while it changes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from daemon.core.events import LinkState, TurnState
from daemon.core.feedback.status_led import TROUBLE_S, Colour, LedPattern, frame, next_frame_s


class StatusLed:
    """Shows state, connection, faults and alerts; `draw` gets each new colour."""

    def __init__(self, draw: Callable[[Colour], None], clock: Callable[[], float] = time.monotonic) -> None:
        self._draw = draw
        self._clock = clock
        self._state: TurnState = "idle"
        self._hears = False
        self._link: LinkState = "connecting"
        self._faulty = self._standing_by = False
        self._alert_until = 0.0
        self._pattern: LedPattern = "idle"
        self._since = self._clock()
        self._drawn: Colour | None = None
        self._timer: asyncio.TimerHandle | None = None

    def state(self, state: TurnState) -> None:
        """The state of the turn has changed."""
        self._state = state
        self.refresh()

    def microphone(self, on: bool) -> None:
        """The microphone opens or closes; the state of the turn that follows from it is shown with it."""
        self._hears = on
        if not on:
            self.refresh()

    def link(self, link: LinkState) -> None:
        """The state of the connection has changed."""
        self._link = link
        self.refresh()

    def fault(self, faulty: bool) -> None:
        """Set whether some part has a fault."""
        self._faulty = faulty
        self.refresh()

    def stand_by(self, on: bool) -> None:
        """Set whether the microphone is heard for the wake word."""
        self._standing_by = on
        self.refresh()

    def alert(self) -> None:
        """Show the error pattern for a moment."""
        self._alert_until = self._clock() + TROUBLE_S
        self.refresh()

    def redraw(self) -> None:
        """Draw even without a change: the lamps were opened anew."""
        self._drawn = None
        self.refresh()

    def refresh(self) -> None:
        """Draw now, and again as long as the pattern changes."""
        now = self._clock()
        pattern = self._choose(now)
        if pattern != self._pattern:
            self._pattern, self._since = pattern, now
        colour = frame(pattern, now - self._since)
        if colour != self._drawn:
            self._drawn = colour
            self._draw(colour)
        self._again(next_frame_s(pattern, now - self._since))

    def _choose(self, now: float) -> LedPattern:
        if now < self._alert_until:
            return "trouble"
        if self._hears and self._state in ("thinking", "speaking"):
            return "attending"
        if self._state != "idle":
            return self._state
        if self._faulty:
            return "fault"
        if self._link == "refused":
            return "refused"
        if self._link == "fallback":
            return "fallback"
        if self._link == "waiting":
            return "offline"
        return "standby" if self._standing_by else "idle"

    def _again(self, in_s: float | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(in_s, self.refresh) if in_s is not None else None
