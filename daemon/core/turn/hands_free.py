"""Listening without a hand on the button: open from the tap, or the wake word, until somebody closes it.

While it is open the microphone opens again after each answer, as soon as that was heard to its end. Where the
box's own voice is taken out of it (`full_duplex`) it opens when the answer begins to sound, and who speaks
interrupts. It closes by itself when nobody has spoken for a while, whatever the box says meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable
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
    ATTENDING = "attending"


class HandsFreeCause(Enum):
    """The causes of its transitions."""

    OPENED = "tapped, or called by its name"
    ANSWERS = "it speaks, and can hear the user all the same"
    TURNED = "the user speaks, or is to speak"
    CLOSED = "tapped again, stopped, muted, or said goodbye to"
    UNUSED = "nobody has spoken for a while"


_P, _C = HandsFreePhase, HandsFreeCause
HANDS_FREE: Final = TransitionTable(
    {
        (_P.CLOSED, _C.OPENED): _P.OPEN,
        (_P.OPEN, _C.ANSWERS): _P.ATTENDING,
        (_P.OPEN, _C.CLOSED): _P.CLOSED,
        (_P.OPEN, _C.UNUSED): _P.CLOSED,
        (_P.ATTENDING, _C.TURNED): _P.OPEN,
        (_P.ATTENDING, _C.CLOSED): _P.CLOSED,
        (_P.ATTENDING, _C.UNUSED): _P.CLOSED,
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
        listen: Callable[[float | None, float], None],
        idle_s: float,
        full_duplex: bool,
    ) -> None:
        self._phase = HandsFreePhase.CLOSED
        self._effects = effects
        self._timers = timers
        self._question = question
        self._listening = listening
        self._listen = listen
        self._idle_s = idle_s
        self._full_duplex = full_duplex

    @property
    def is_open(self) -> bool:
        """Whether it listens whenever nothing else is going on."""
        return self._phase is not HandsFreePhase.CLOSED

    @property
    def attending(self) -> bool:
        """Whether the microphone is open though no question is spoken: during an answer."""
        return self._phase is HandsFreePhase.ATTENDING

    @property
    def unused(self) -> bool:
        """Whether it listens and nobody speaks: nothing would be lost if the session changed now."""
        return self.is_open and self._listening.unused

    def open(self, by: ev.Opener) -> None:
        """Listen from now on."""
        if not self.is_open:
            self._go(HandsFreeCause.OPENED)
            self._effects.do(ev.HandsFreeChanged(True, by))

    def close(self, now: float, cause: HandsFreeCause = HandsFreeCause.CLOSED) -> None:
        """Listen no more."""
        if self.attending:
            self._listening.leave(now)
        if self.is_open:
            self._go(cause)
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
        self.close(now, HandsFreeCause.UNUSED)
        if self._question.listening and (self._effects.online or silent):
            self._listening.abandon()
        else:
            self._listening.let_go(now, now)

    # ------------------------------------------------------------ during an answer

    def answers(self, now: float) -> None:
        """An answer sounds: whoever interrupts it is to be heard."""
        if self._full_duplex and self._phase is HandsFreePhase.OPEN and self._question.turn is None:
            self._go(HandsFreeCause.ANSWERS)
            self._listening.capture.attend(now)

    def turn(self) -> bool:
        """The user's turn begins. Returns whether the microphone is open already."""
        attending = self.attending
        if attending:
            self._go(HandsFreeCause.TURNED)
        return attending

    def captured(self, pcm: bytes, now: float) -> None:
        """Handle sound from the microphone."""
        if self.attending:
            self._listening.capture.attended(pcm)
        else:
            self._listening.captured(pcm, now)

    def speech_started(self, now: float) -> None:
        """The server's voice detection heard the user, perhaps in an answer: that is cut off."""
        if self.attending:
            self._listen(None, now)
        self._listening.speech_started(now)

    def _go(self, cause: HandsFreeCause) -> None:
        self._phase = HANDS_FREE.after(self._phase, cause)
