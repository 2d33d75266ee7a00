"""The question that has not been posed yet, shared by the parts of a turn."""

from __future__ import annotations

from daemon.core import events as ev
from daemon.core.effects import EffectsBuffer
from daemon.core.history.turn import Source, Turn
from daemon.core.turn.phase import TurnPhase


class CurrentQuestion:
    """`turn` is None while nothing is being asked."""

    def __init__(self, effects: EffectsBuffer) -> None:
        self.turn: Turn | None = None
        self._turns = 0
        self._effects = effects

    @property
    def listening(self) -> bool:
        """Whether the microphone is open."""
        return self.turn is not None and self.turn.phase is TurnPhase.LISTENING

    @property
    def spoken(self) -> bool:
        """Whether the question is a spoken one."""
        return self.turn is not None and self.turn.source == "button"

    def new(self, source: Source, phase: TurnPhase) -> Turn:
        """A new turn, with a number and a key."""
        self._turns += 1
        return Turn(self._turns, self._effects.keys.new("turn"), source, phase)

    def drop(self, turn: Turn, why: str) -> None:
        """Drop the question, and tell whoever asked it."""
        turn.trouble = why
        self._effects.do(ev.TurnOver(turn.record(), turn.request_id))
