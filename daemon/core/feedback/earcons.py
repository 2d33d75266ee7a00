"""Decides by the effects of each step which earcon is due, for users who do not look at the status LED.

Each sounds once while its reason lasts. `thinking` and `offline` are for a user who waits: a connection that
is lost at night makes no sound. None sounds into an open microphone but the ticks of `woken`, and of
`listening` where the owner wants all of them. None sounds into an answer: what went wrong in it is told after
it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypeAlias

from daemon.audio.earcon_tones import LONGEST_S
from daemon.core import events as ev
from daemon.core.feedback.earcon_kinds import EARCONS, Situation

Earconed: TypeAlias = Literal["off", "on", "all"]
"""Which earcons are played; `all` includes the optional ones."""

_CARD_S = 0.5  # the longest buffer that a card may have


class Earcons:
    """Looks at the effects of each step.

    Silent until `awake`: a mute from before the start is no news.
    """

    def __init__(self, wanted: Earconed) -> None:
        self.awake = False
        self.situation = Situation()
        self._wanted: Earconed = wanted
        self._silent_at = 0.0

    @property
    def deadline(self) -> float | None:
        """When the next step is wanted, if nothing happens before."""
        return self.situation.deadline

    def after(
        self, effects: Sequence[ev.Effect], state: ev.TurnState, link: ev.LinkState, now: float
    ) -> list[ev.Effect]:
        """The earcon for a step with these effects, if any."""
        seen = self.situation
        if not self.awake or self._wanted == "off":
            seen.state = state
            return []
        seen.follow(state, link, any(isinstance(effect, ev.UserAlert) for effect in effects), now)
        for effect in effects:
            if isinstance(effect, ev.HandsFreeChanged):
                seen.unused = effect.why == "unused"
        if state == "speaking" and seen.entered:
            self._silent_at = now
        if state == "speaking" or seen.repeated:
            return []
        for kind in EARCONS.values():
            if kind.due(seen) and (self._wanted == "all" or not kind.optional):
                kind.told(seen, now)
                self._silent_at = now + LONGEST_S + _CARD_S
                return [ev.Earcon(kind.name)]
        cut_off = state == "listening" and seen.entered and now < self._silent_at
        return [ev.StopEarcon()] if cut_off else []
