"""The turn: from the press to the last sample heard.

    idle -> listening -> thinking -> speaking -> idle        (muted in the place of idle)

A question (an utterance or a text) is open, then closed, then posed. Posing waits for the connection, for the
speaker's word on what was heard of the answer before, and for the server to be done with that answer.
Whatever is waited for has a timer, so deadlines alone lead from any state back to idle.
"""

from __future__ import annotations

from collections import deque
from typing import Literal, TypeAlias

from msgspec import Struct

from daemon.core import events as ev
from daemon.core.effects import EffectsBuffer
from daemon.core.history.history import History
from daemon.core.history.turn import Source, Turn
from daemon.core.input.capture import CaptureControl
from daemon.core.response.barge_in import CANCEL_S
from daemon.core.response.controller import ResponseController
from daemon.core.response.speech_fallback import recital
from daemon.core.timers import Timers
from daemon.core.turn.phase import SPOKEN, TurnCause, TurnPhase
from daemon.core.turn.transcripts import Transcripts
from daemon.realtime.events import Content, Item, ItemCreate

NO_SPEECH_S = 8.0
MAX_TEXTS = 8
TOO_LATE = "The server could not be reached in time; what was said has been dropped."
DEAF = "There is no microphone to speak into; plug it in, or ask voiced doctor."
NO_SOUND = "The microphone gave no sound while the button was down; press again, or ask voiced doctor."


Style: TypeAlias = Literal["hold", "tap"]


class TurnSettings(Struct, frozen=True):
    """What the owner decides about turns."""

    style: Style = "hold"
    modality: Literal["audio", "text"] = "audio"
    max_utterance_s: float = 60.0
    max_wait_s: float = 20.0
    stall_s: float = 30.0  # a server that is there, and says nothing for so long, has stopped answering


class TurnManager:
    """One turn at a time: as `question` until it is posed, then as `answer.turn`.

    After each event `settle` draws the consequences. Sets the timers `wait`, `speech` and `withdrawn` (while
    the server may still take, or answer, what it has heard and nobody wants to have said).
    """

    def __init__(self, settings: TurnSettings, effects: EffectsBuffer, history: History) -> None:
        self.muted = False
        self.question: Turn | None = None
        self._settings = settings
        self._effects = effects
        self._history = history
        self._timers = Timers()
        self.answer = ResponseController(settings.modality, settings.stall_s, effects, self._timers, history)
        self._capture = CaptureControl(effects, self._timers, settings.max_utterance_s)
        self._texts: deque[Turn] = deque()
        self._transcripts = Transcripts(effects, history)
        self._continued = False
        self._detects = False
        self._turns = 0

    @property
    def state(self) -> ev.TurnState:
        """Where the turn is."""
        if self._listening:
            return "listening"
        if self.answer.playing:
            return "speaking"
        if self.turn is not None:
            return "thinking"
        return "muted" if self.muted else "idle"

    @property
    def turn(self) -> Turn | None:
        """The present turn, asked or answered."""
        return self.question or self.answer.turn

    @property
    def deadline(self) -> float | None:
        """When `tick` wants to be called."""
        return self._timers.deadline

    @property
    def idle(self) -> bool:
        """Nothing is under way and nothing waits."""
        return self.question is None and self.answer.free and not self.answer.playing and not self._texts

    # ------------------------------------------------------------ the button

    def mute(self, muted: bool, now: float) -> None:
        """Close the ears, or open them."""
        if muted:
            self.stop(now)
        self.muted = muted

    def stop(self, now: float) -> None:
        """Be silent and idle."""
        dropped = [*self._texts, *([self.question] if self.question else [])]
        self._texts.clear()
        if self._asking:
            self.withdraw(now)
        self.question = None
        self.answer.interrupt(now)
        for turn in dropped:
            self._drop(turn, "It was stopped before it was asked.")

    @property
    def style(self) -> Style:
        """Who closes the ears: the hand, or the server."""
        return self._settings.style

    @property
    def fresh(self) -> bool:
        """Is there a spoken question that was begun with the last press?"""
        return self._asking and not self._continued

    def expect_speech(self, now: float) -> None:
        """Nobody holds the ears open: if nobody speaks they close."""
        self._timers.set("speech", now + NO_SPEECH_S)

    @property
    def _listening(self) -> bool:
        """Is the microphone open?"""
        return self.question is not None and self.question.phase is TurnPhase.LISTENING

    @property
    def _asking(self) -> bool:
        """Is there a spoken question?"""
        return self.question is not None and self.question.source == "button"

    def listen(self, at: float, now: float) -> None:
        """Open the microphone. A question that still waits for the connection is continued, not lost."""
        question, anew = self.question, not self._asking
        if question is not None and question.pressed_at is not None:
            anew = now - question.pressed_at > self._settings.max_wait_s
        self._continued = not anew
        if anew:
            self._set_aside(question)
            self.answer.interrupt(now)
            self.question = self._new_turn("button", TurnPhase.LISTENING)
            self.question.pressed_at, self.question.detected = at, self._detects
        elif self.question is not None:
            self.question.go(TurnCause.CONTINUED)
            self.question.deaf, self.question.waits_until = False, None
        self._timers.clear("wait")
        self._capture.start(now, anew)

    def _set_aside(self, question: Turn | None) -> None:
        """A typed question waits until the spoken one is answered; a spoken one has waited too long."""
        if question is not None and question.source == "button":
            self._drop(question, TOO_LATE)
        elif question is not None:
            self._texts.appendleft(question)

    def _drop(self, question: Turn, why: str) -> None:
        """It will not be asked, and whoever asked is told."""
        question.trouble = why
        self._effects.do(ev.TurnOver(question.record(), question.ticket))

    def let_go(self, at: float, now: float) -> None:
        """Nobody speaks any more."""
        if self._listening and self.question is not None:
            self.question.go(TurnCause.RELEASED)
            self.question.released_at = at
            self._capture.stop(now)
            self._timers.clear("speech")

    def abandon(self) -> None:
        """A tap, or nothing was said: there was no turn."""
        if self._listening:
            self._capture.close()
        self._capture.drop()
        self._timers.clear("wait", "speech")
        self.question = None

    def withdraw(self, now: float) -> None:
        """Nobody wants to have said it; a server that has heard it may answer all the same."""
        if self.question is not None and self.question.detected:
            self._timers.set("withdrawn", now + CANCEL_S)
        self.abandon()

    @property
    def _withdrawn(self) -> bool:
        """Is what the server takes or answers now, unasked, what was withdrawn?"""
        return "withdrawn" in self._timers

    def captured(self, pcm: bytes, now: float) -> None:
        """A piece of the microphone: PCM16 mono 24 kHz."""
        question = self.question
        if question is None or question.phase not in SPOKEN or not self._capture.captured(pcm, now):
            return
        if question.first_frame_at is None:
            question.first_frame_at = now

    def capture_ended(self) -> None:
        """The tail is here: the utterance is complete."""
        if self.question is None or self.question.phase is not TurnPhase.CLOSING:
            return
        self._timers.clear("tail")
        if self._capture.long_enough:
            self.question.go(TurnCause.CAPTURED)
        else:
            self._miss(self.question)

    def deaf(self) -> bool:
        """There is no microphone to speak into; False if that was told in this press already."""
        question = self.question
        if question is not None and question.deaf:
            return False
        if question is not None:
            question.deaf = True
        self._effects.do(ev.UserAlert(DEAF))
        return True

    def _miss(self, question: Turn) -> None:
        """Somebody spoke, and there is nothing to ask: a press never ends without a word."""
        self.abandon()
        if not question.deaf:
            self._effects.do(ev.UserAlert(NO_SOUND))
        self._drop(question, DEAF if question.deaf else NO_SOUND)

    # ------------------------------------------------------------ the question

    def ask(self, text: str, source: Source, ticket: int) -> None:
        """A typed turn, or (source `say`) a text to be spoken. It waits until the present turn is over."""
        turn = self._new_turn(source, TurnPhase.WAITING)
        turn.text, turn.ticket = text, ticket
        if len(self._texts) < MAX_TEXTS:
            self._texts.append(turn)
        else:
            self._drop(turn, "Too many texts are waiting; ask again when some are answered.")

    def settle(self, now: float) -> None:
        """Draw the consequences of what has happened: end, ask, take up the next."""
        self._answered_early(now)
        self.answer.settle(now)
        if self.answer.over:
            self.answer.finish()
        if self.question is None and self._texts and self.answer.free:
            self.question = self._texts.popleft()
        if self.question is not None and self.question.phase is TurnPhase.WAITING:
            self._pose(self.question, now)

    def _answered_early(self, now: float) -> None:
        """What the server has begun by itself is the answer to what was asked, or is not."""
        question = self.question
        if question is None or not question.heard_out:
            self.answer.drop_early(now)
        elif question.phase is TurnPhase.WAITING and self.answer.early:
            self._timers.clear("wait")
            self.question = None
            self._send(question)
            self.answer.take_early(question, now)

    def _pose(self, question: Turn, now: float) -> None:
        """Ask the server if nothing stands in the way."""
        if not self._effects.online:
            self._wait(question, now)
        elif self.answer.free and not self._withdrawn:
            self._timers.clear("wait")
            self.question = None
            self._send(question)
            self.answer.pose(question, now, recital(question.text) if question.source == "say" else None)

    def _send(self, question: Turn) -> None:
        question.go(TurnCause.POSED)
        if question.source == "button":
            self._capture.flush()
            question.spoken = self._capture.spoken
            self._transcripts.commit(question)
        elif question.source == "text":
            content = [Content(type="input_text", text=question.text)]
            self._effects.send(ItemCreate(item=Item(type="message", role="user", content=content)))

    def _new_turn(self, source: Source, phase: TurnPhase) -> Turn:
        self._turns += 1
        return Turn(self._turns, self._effects.keys.new("turn"), source, phase)

    # ------------------------------------------------------------ what the server says

    def committed(self, item_id: str, now: float) -> None:
        """What was said has become an item. In the style `tap` the server's voice detection did it."""
        turn = self.turn
        spoken = turn is not None and turn.source == "button" and not self._withdrawn
        key = self._transcripts.taken(item_id, turn.key if turn is not None and spoken else "")
        if not key:
            self._disown(now)
        if turn is not None and turn.key == key:
            turn.taken = True
            self._hand_over(turn, now)

    def _disown(self, now: float) -> None:
        """The server answers what was withdrawn, if anything was."""
        if self._withdrawn:
            self._timers.clear("withdrawn")
            self.answer.disown(now)

    def _hand_over(self, turn: Turn, now: float) -> None:
        """Where the server's voice detection is asked for, what it has taken is the whole question."""
        if self._settings.style == "tap" and self._listening:
            self._capture.close()
            turn.go(TurnCause.TAKEN)
            self._timers.clear("speech")
            turn.released_at = now
            self.question = None
            self.answer.expect(turn, now)

    def commit_refused(self, event_id: str | None, reason: str, now: float) -> None:
        """The server has made no item of what was said, or had made one before."""
        if self.turn is not None:
            self._transcripts.refused(self.turn.key)
        self.answer.commit_refused(event_id, reason, now)

    def speech_started(self) -> None:
        """The server's voice detection heard the user begin, or go on."""
        self._detects = True
        self._timers.clear("speech", "withdrawn")
        if self.question is not None:
            self.question.detected, self.question.taken = True, False

    def transcribed(self, item_id: str, text: str) -> None:
        """What the user said, in words; may come late and be about an earlier turn."""
        self._transcripts.transcribed(item_id, text, self.turn)

    def begun(self, response_id: str, now: float) -> None:
        """An answer begins, asked for or not. With the server's voice detection it may be the first sign."""
        question = self.question
        if not self.answer.busy:
            self._disown(now)
        if self._listening and question is not None and not self.answer.unwelcome:
            self._hand_over(question, now)
        early = self.question is not None and self.question.heard_out
        wanted = self.answer.begun(response_id, self.question is None, early, now)
        if wanted and self.answer.turn is None:
            self.answer.turn = self._new_turn("server", TurnPhase.ASKED)

    def xrun(self) -> None:
        """A card lost frames or ran dry."""
        if self.turn is not None:
            self.turn.xruns += 1

    # ------------------------------------------------------------ connection and time

    def online(self) -> None:
        """A session is ready and knows the history; what it has not been asked is asked now."""
        self._capture.rewind()
        self._timers.clear("wait")
        again = self.answer.online()
        if again is not None and self.question is None:
            self.question = again
        if self._listening:
            self._capture.flush()

    def offline(self, now: float) -> None:
        """The connection is gone: what was asked is asked again on the next one, if it comes in time."""
        self._transcripts.connection_lost()
        self._timers.clear("withdrawn")
        self._detects = False
        if self.question is not None:
            self.question.detected = self.question.taken = False
        self.answer.offline()
        if self.turn is not None and not self._listening:
            self._wait(self.turn, now)

    def _wait(self, turn: Turn, now: float) -> None:
        """For a connection, from the first time on: one that comes and goes gives no more time."""
        if turn.waits_until is None:
            turn.waits_until = now + self._settings.max_wait_s
        self._timers.ensure("wait", turn.waits_until)

    def tick(self, now: float) -> None:
        """Something did not come in time."""
        for name in self._timers.pop_due(now):
            self._expired(name, now)

    def _expired(self, name: str, now: float) -> None:
        match name:
            case "utterance":
                self._effects.do(
                    ev.UserAlert("The button was down for too long: what was said is answered now.")
                )
                self.let_go(now, now)
            case "tail":
                self.capture_ended()
            case "speech":
                self._nothing_heard(now)
            case "wait":
                self._waited(now)
            case _:
                self.answer.expired(name, now)

    def _nothing_heard(self, now: float) -> None:
        """The server's voice detection heard nobody; without a server that means nothing."""
        if self._effects.online:
            self.abandon()
        else:
            self.let_go(now, now)

    def _waited(self, now: float) -> None:
        """Nothing that was said long ago may ever move a device."""
        if self.answer.playing:
            self._timers.set("wait", now + 1.0)
        if self._listening or self.answer.playing:
            return
        self.answer.turn = self.question or self.answer.turn
        self.question = None
        self._capture.drop()
        self.answer.fail(TOO_LATE)
        self.answer.finish()
