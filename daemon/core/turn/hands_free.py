"""Listening without a hand on the button: open from the tap, or the wake word, until somebody closes it.

While it is open the microphone opens again after each answer, as soon as that was heard to its end. It closes
by itself when nobody has spoken for a while, whatever the box says meanwhile: no room is heard for ever.
"""

from __future__ import annotations

from enum import Enum
from typing import Final

from daemon.core import events as ev
from daemon.core.effects import EffectsBuffer
from daemon.core.timers import Timers
from daemon.core.transitions import TransitionTable
from daemon.core.turn.listening import SpokenQuestion
from daemon.core.turn.phase import TurnTimer
from daemon.core.turn.question import CurrentQuestion


class HandsFreePhase(Enum):
    """Its phases."""

    CLOSED = "closed"
    OPEN = "open"


class HandsFreeCause(Enum):
    """The causes of its transitions."""

    OPENED = "tapped, or called by its name"
    CLOSED = "tapped again, stopped, muted, or said goodbye to"
    UNUSED = "nobody has spoken for a while"


_P, _C = HandsFreePhase, HandsFreeCause
HANDS_FREE: Final = TransitionTable(
    {
        (_P.CLOSED, _C.OPENED): _P.OPEN,
        (_P.OPEN, _C.CLOSED): _P.CLOSED,
        (_P.OPEN, _C.UNUSED): _P.CLOSED,
    }
)


class HandsFree:
    """Whether it is open, told at each change. It closes when nobody speaks for `idle_s` (timer `speech`)."""

    def __init__(
        self,
        effects: EffectsBuffer,
        timers: Timers[TurnTimer],
        question: CurrentQuestion,
        listening: SpokenQuestion,
        idle_s: float,
    ) -> None:
        self._phase = HandsFreePhase.CLOSED
        self._effects = effects
        self._timers = timers
        self._question = question
        self._listening = listening
        self._idle_s = idle_s

    @property
    def is_open(self) -> bool:
        """Whether it listens whenever nothing else is going on."""
        return self._phase is HandsFreePhase.OPEN

    @property
    def unused(self) -> bool:
        """Whether it listens and nobody speaks: nothing would be lost if the session changed now."""
        return self.is_open and self._listening.unused

    def open(self, by: ev.Opener) -> None:
        """Listen from now on."""
        if not self.is_open:
            self._phase = HANDS_FREE.after(self._phase, HandsFreeCause.OPENED)
            self._effects.do(ev.HandsFreeChanged(True, by))

    def close(self, cause: HandsFreeCause = HandsFreeCause.CLOSED) -> None:
        """Listen no more."""
        if self.is_open:
            self._phase = HANDS_FREE.after(self._phase, cause)
            self._timers.clear(TurnTimer.SPEECH)
            why: Final = "unused" if cause is HandsFreeCause.UNUSED else "asked"
            self._effects.do(ev.HandsFreeChanged(False, why))

    def expect_speech(self, now: float) -> None:
        """The microphone is open: somebody is to speak soon."""
        self._listening.expect_speech(now, self._idle_s)

    def make_way(self) -> None:
        """A text waits: it is first, unless somebody speaks. The time for the user to speak runs on."""
        if self.unused and self._effects.online:
            self._listening.pause()

    def unheard(self, now: float) -> None:
        """The server's voice detection found no speech; without a server that means nothing."""
        silent = self.is_open and not self._listening.capture.long_enough
        self.close(HandsFreeCause.UNUSED)
        if self._question.listening and (self._effects.online or silent):
            self._listening.abandon()
        else:
            self._listening.let_go(now, now)
