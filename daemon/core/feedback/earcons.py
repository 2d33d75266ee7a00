"""Decides by the effects of each step which earcon is due, for users who do not look at the status LED.

Each sounds once while its reason lasts. `thinking` and `offline` are for a user who waits: a connection that
is lost at night makes no sound. None sounds into an open microphone but the tick of `listening`, and that
only where the owner wants all of them. None sounds into an answer: what went wrong in it is told after it.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import Literal, TypeAlias

from daemon.audio.earcon_tones import LONGEST_S, EarconKind
from daemon.core import events as ev
from daemon.core.timers import Timers

Earconed: TypeAlias = Literal["off", "on", "all"]
"""Which earcons are played; `all` includes `listening`."""

LONG_S = 1.5
_CARD_S = 0.5  # the longest buffer that a card may have


_LONG = "long"  # the only timer: no answer has come for a while


class ErrorTold(Enum):
    """The error of this turn: signalled once, however many there are, and not during an answer."""

    NOTHING = "nothing"
    UNTOLD = "untold"
    TOLD = "told"


class Earcons:
    """Looks at the effects of each step.

    Silent until `awake`: a mute from before the start is no news. `no_microphone`: it was asked for, and is
    not there.
    """

    def __init__(self, wanted: Earconed) -> None:
        self.awake = self.no_microphone = False
        self._wanted: Earconed = wanted
        self._timers: Timers[str] = Timers()
        self._state: ev.TurnState = "idle"
        self._error = ErrorTold.NOTHING
        self._away = False  # signalled that the server is away, since it was last there
        self._silent_at = 0.0

    @property
    def deadline(self) -> float | None:
        """When the next step is wanted, if nothing happens before."""
        return self._timers.deadline

    def after(
        self, effects: Sequence[ev.Effect], state: ev.TurnState, link: ev.LinkState, now: float
    ) -> list[ev.Effect]:
        """The earcon for a step with these effects, if any."""
        entered, self._state = state != self._state, state
        if not self.awake or self._wanted == "off":
            return []
        if entered:
            self._enter(state, now)
        if link == "ready":
            self._away = False
        again = False
        if any(isinstance(effect, ev.UserAlert) for effect in effects):
            again = self._error is ErrorTold.TOLD
            self._error = ErrorTold.TOLD if again else ErrorTold.UNTOLD
        if state == "listening":
            return self._listening(entered, now)
        kind = self._due(entered, again, link, now)
        return [] if kind is None else self._sound(kind, now)

    def _enter(self, state: ev.TurnState, now: float) -> None:
        self._timers.clear(_LONG)
        if state == "thinking":
            self._timers.set(_LONG, now + LONG_S)
        elif state in ("listening", "muted"):
            self._error = ErrorTold.NOTHING
        elif state == "speaking":
            self._silent_at = now

    def _listening(self, entered: bool, now: float) -> list[ev.Effect]:
        """A question begins: stop an earcon that still sounds, or it would be recorded with it."""
        if self.no_microphone:
            self.no_microphone, self._error = False, ErrorTold.NOTHING
            return self._sound("error", now)
        if entered and self._wanted == "all":
            return self._sound("listening", now)
        return [ev.StopEarcon()] if entered and now < self._silent_at else []

    def _due(self, entered: bool, again: bool, link: ev.LinkState, now: float) -> EarconKind | None:
        """The earcon due while the microphone is closed; `again`: a further error in the same turn."""
        self.no_microphone = False
        long = bool(self._timers.pop_due(now))
        if self._state == "muted" and (entered or self._error is ErrorTold.UNTOLD):
            self._error = ErrorTold.NOTHING
            return "muted"
        if self._state == "speaking":
            return None
        told = ErrorTold.TOLD if self._state == "thinking" else ErrorTold.NOTHING
        if self._error is ErrorTold.UNTOLD:
            self._error = told
            return "error"
        if self._error is ErrorTold.TOLD:
            self._error = told
            if again:
                return None
        if self._state == "thinking" and link == "fallback" and not self._away:
            self._timers.set(_LONG, now + LONG_S)
            self._away = True
            return "offline"
        return self._long(link) if long else None

    def _long(self, link: ev.LinkState) -> EarconKind:
        """A user has waited for a while, for an answer or for a server."""
        if link in ("ready", "fallback"):
            return "thinking"
        self._away = True
        self._error = ErrorTold.TOLD if link == "refused" else ErrorTold.NOTHING
        return "error" if link == "refused" else "offline"

    def _sound(self, kind: EarconKind, now: float) -> list[ev.Effect]:
        self._silent_at = now + LONGEST_S + _CARD_S
        return [ev.Earcon(kind)]
