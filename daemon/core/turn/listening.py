"""A question while it is spoken: the microphone opens and closes, and there is a question or none."""

from __future__ import annotations

from daemon.core import events as ev
from daemon.core.effects import EffectsBuffer
from daemon.core.history.turn import Turn
from daemon.core.input.capture import CaptureControl
from daemon.core.response.barge_in import CANCEL_S
from daemon.core.timers import Timers
from daemon.core.turn.phase import SPOKEN, TurnCause, TurnPhase, TurnTimer
from daemon.core.turn.question import CurrentQuestion

NO_SPEECH_S = 8.0
NO_MICROPHONE = "The microphone is not available; plug it in, or run voiced doctor."
MUTED = "The microphone is muted; tap the button twice to open it."
NO_SOUND = "The microphone gave no sound while the button was held; press again, or run voiced doctor."


class SpokenQuestion:
    """The spoken question. Sets the timers `speech` and `withdrawn`, and those of `CaptureControl`.

    `continued`: the last press continued the question instead of beginning it. `detects`: on this connection
    the server's voice detection is at work.
    """

    def __init__(
        self,
        effects: EffectsBuffer,
        timers: Timers[TurnTimer],
        question: CurrentQuestion,
        max_utterance_s: float,
    ) -> None:
        self.capture = CaptureControl(effects, timers, max_utterance_s)
        self.continued = False
        self.detects = False
        self._effects = effects
        self._timers = timers
        self._question = question

    def begin(self, at: float | None, now: float, attended: bool = False) -> None:
        """Open the microphone for a new question; `at` is when the button went down, if it did.

        `attended`: it is open already, and what was heard of late is of the question.
        """
        self.continued = False
        turn = self._question.turn = self._question.new("button", TurnPhase.LISTENING)
        turn.times.pressed_at, turn.detected = at, self.detects
        if attended:
            self.capture.limit(now)
        else:
            self._open(now, anew=True)

    def go_on(self, question: Turn, now: float) -> None:
        """Open the microphone again for a question that still waits, to continue it."""
        self.continued = True
        question.go(TurnCause.CONTINUED)
        question.microphone_missing, question.waits_until = False, None
        self._open(now, anew=False)

    def _open(self, now: float, anew: bool) -> None:
        self._timers.clear(TurnTimer.WAIT)
        self.capture.start(now, anew)

    def expect_speech(self, now: float, within_s: float = NO_SPEECH_S) -> None:
        """The button is not held: close the microphone if nobody speaks, by a time that was set already."""
        self._timers.ensure(TurnTimer.SPEECH, now + within_s)

    @property
    def unused(self) -> bool:
        """Whether it listens without a hand on the button, and has heard nobody yet."""
        return self._question.listening and TurnTimer.SPEECH in self._timers

    def captured(self, pcm: bytes, now: float) -> None:
        """Add sound from the microphone: PCM16 mono 24 kHz."""
        question = self._question.turn
        if question is None or question.phase not in SPOKEN:
            return
        self.capture.captured(pcm, now)
        if question.times.first_frame_at is None:
            question.times.first_frame_at = now

    def let_go(self, at: float, now: float) -> None:
        """The user has stopped speaking: close the microphone."""
        question = self._question.turn
        if question is not None and self._question.listening:
            question.go(TurnCause.RELEASED)
            question.times.released_at = at
            self.capture.stop(now)
            self._timers.clear(TurnTimer.SPEECH)

    def ended(self) -> None:
        """The tail has come: the utterance is complete."""
        question = self._question.turn
        if question is None or question.phase is not TurnPhase.CLOSING:
            return
        self._timers.clear(TurnTimer.TAIL)
        if self.capture.long_enough:
            question.go(TurnCause.CAPTURED)
        else:
            self._miss(question)

    def _miss(self, question: Turn) -> None:
        """Tell the user why nothing was recorded: a press never ends without a sign."""
        self.abandon()
        if not question.microphone_missing:
            self._effects.do(ev.UserAlert(NO_SOUND))
        self._question.drop(question, NO_MICROPHONE if question.microphone_missing else NO_SOUND)

    def microphone_unavailable(self) -> bool:
        """The microphone is not there; False if this press has reported that already."""
        question = self._question.turn
        if question is not None and question.microphone_missing:
            return False
        if question is not None:
            question.microphone_missing = True
        self._effects.do(ev.UserAlert(NO_MICROPHONE))
        return True

    def refuse_muted(self) -> None:
        """The button was pressed while the microphone is muted."""
        self._effects.do(ev.UserAlert(MUTED))

    def untap(self) -> None:
        """The press was a tap: drop the question that it began, if any."""
        if self._question.spoken and not self.continued:
            self.abandon()

    def abandon(self) -> None:
        """A tap, or nothing was said: drop the turn."""
        self._timers.clear(TurnTimer.WAIT, TurnTimer.SPEECH)
        self.pause()

    def pause(self) -> None:
        """Drop the turn; whoever listens on has no more time for it."""
        if self._question.listening:
            self.capture.close()
        self.capture.drop()
        self._question.turn = None

    # ------------------------------------------------------------ what was withdrawn

    def withdraw(self, now: float) -> None:
        """Withdraw the question; a server that has heard it may answer all the same."""
        if self._question.turn is not None and self._question.turn.detected:
            self._timers.set(TurnTimer.WITHDRAWN, now + CANCEL_S)
        self.abandon()

    def leave(self, now: float) -> None:
        """Close the microphone that was open during an answer; a server may answer what it has heard."""
        if self.detects and self.capture.spoken:
            self._timers.set(TurnTimer.WITHDRAWN, now + CANCEL_S)
        self.capture.close()
        self.capture.drop()

    @property
    def withdrawn(self) -> bool:
        """Whether what the server commits or answers now, unasked, is a withdrawn question."""
        return TurnTimer.WITHDRAWN in self._timers

    def speech_started(self, now: float) -> None:
        """The server's voice detection found that the user began to speak, or went on."""
        self.detects = True
        if TurnTimer.SPEECH in self._timers and self._question.listening:
            self.capture.limit(now)
        self._timers.clear(TurnTimer.SPEECH, TurnTimer.WITHDRAWN)
        if self._question.turn is not None:
            self._question.turn.detected, self._question.turn.taken = True, False

    def connection_lost(self) -> None:
        """The next connection has heard nothing of it."""
        self._timers.clear(TurnTimer.WITHDRAWN)
        self.detects = False
        if self._question.turn is not None:
            self._question.turn.detected = self._question.turn.taken = False
