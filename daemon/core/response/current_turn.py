"""The turn that is being answered: the one place where all parts of the room look for it."""

from __future__ import annotations

from daemon.core import events as ev
from daemon.core.effects import EffectsBuffer
from daemon.core.history.turn import Turn
from daemon.core.response.items import Items


class CurrentTurn:
    """`turn` is None while nothing is being answered."""

    def __init__(self, effects: EffectsBuffer, items: Items) -> None:
        self.turn: Turn | None = None
        self._effects = effects
        self._items = items

    def take(self, turn: Turn, now: float) -> None:
        """This one is answered from now on."""
        self._items.forget()
        self.turn, turn.times.committed_at = turn, now

    def fail(self, reason: str) -> None:
        """There will be no answer, or not all of it."""
        if self.turn is not None:
            self.turn.trouble = reason
        unasked = self.turn is not None and self.turn.unasked
        self._effects.do(ev.ServerNotice(reason) if unasked else ev.UserAlert(reason))
