"""One turn at a time: from the press, or the text, to the last sample played. Its phases are in `phase.py`.

A turn is the `question` until it is posed, then it belongs to the controller. Posing waits for the
connection, for the speaker's report of what was heard of the answer before, and for the end of that answer.
"""

from __future__ import annotations

from typing import Literal, assert_never

from msgspec import Struct

from daemon.core import events as ev
from daemon.core.bounds import TOO_LONG
from daemon.core.effects import EffectsBuffer
from daemon.core.history.history import History
from daemon.core.history.turn import Source, Turn
from daemon.core.response.controller import ResponseController
from daemon.core.response.current_answer import CurrentAnswer
from daemon.core.response.speech_fallback import recital
from daemon.core.timers import Timers
from daemon.core.turn.handover import Handover
from daemon.core.turn.hands_free import HandsFree
from daemon.core.turn.listening import SpokenQuestion
from daemon.core.turn.phase import TurnCause, TurnPhase, TurnTimer
from daemon.core.turn.question import CurrentQuestion
from daemon.core.turn.text_queue import STOPPED, TextQueue
from daemon.core.turn.transcripts import Transcripts
from daemon.realtime.events import Content, Item, ItemCreate

TOO_LATE = "The server could not be reached in time; the question was dropped."
HELD_TOO_LONG = "The button was held too long; answering what was recorded."


class TurnSettings(Struct, frozen=True):
    """The owner's settings for turns."""

    style: str = "hold"  # its name in `style_registry`
    modality: Literal["audio", "text"] = "audio"
    max_utterance_s: float = 60.0
    max_wait_s: float = 20.0
    open_idle_s: float = 30.0  # so long an open conversation waits for a word
    server_answers: bool = True  # by itself, what its voice detection has heard
    full_duplex: bool = False  # the microphone may be open while the speaker plays
    stall_s: float = 30.0  # a connected server that sends nothing for so long has stopped answering


class TurnManager:
    """Builds the parts of a turn, routes events to them, and settles them after each event.

    `by_server`: the server's voice detection ends what is said.
    """

    def __init__(
        self, settings: TurnSettings, by_server: bool, effects: EffectsBuffer, history: History
    ) -> None:
        self.settings = settings
        self.muted = False
        self._effects = effects
        self._timers: Timers[TurnTimer] = Timers()
        self._question = CurrentQuestion(effects)
        self._texts = TextQueue(self._question)
        self.transcripts = Transcripts(effects, history)
        self.listening = SpokenQuestion(effects, self._timers, self._question, settings.max_utterance_s)
        idle_s = min(settings.open_idle_s, settings.max_utterance_s)
        self.hands_free = HandsFree(
            effects,
            self._timers,
            self._question,
            self.listening,
            self.listen,
            idle_s,
            settings.full_duplex,
        )
        answer = CurrentAnswer(settings.modality, effects, self._timers, history)
        self.answer = ResponseController(answer, settings.stall_s)
        self.handover = Handover(
            by_server,
            settings.server_answers,
            self._timers,
            self._question,
            self.listening,
            self.transcripts,
            self.answer,
        )

    @property
    def state(self) -> ev.TurnState:
        """The state of the turn, as the user sees it."""
        if self._question.listening:
            return "listening"
        if self.answer.playing:
            return "speaking"
        if self.turn is not None:
            return "thinking"
        return "muted" if self.muted else "idle"

    @property
    def turn(self) -> Turn | None:
        """The present turn, asked or answered."""
        return self._question.turn or self.answer.turn

    @property
    def deadline(self) -> float | None:
        """When the next `tick` is due."""
        return self._timers.deadline

    @property
    def idle(self) -> bool:
        """Whether nothing is under way and nothing waits."""
        quiet = self.answer.free and not self.answer.playing
        return self._question.turn is None and quiet and not self._texts.texts

    # ------------------------------------------------------------ requests of the user

    def mute(self, muted: bool, now: float, at_once: bool = True) -> None:
        """Close the microphone until it is unmuted, or unmute it; else than `at_once` an answer goes on."""
        if muted and at_once:
            self.stop(now)
        elif muted:
            self.hands_free.close(now)
        if muted != self.muted:
            self.muted = muted
            self._effects.do(ev.MuteChanged(muted))

    def stop(self, now: float) -> None:
        """Be silent and idle."""
        self.hands_free.close(now)
        question = self._question.turn
        if self._question.spoken:
            self.listening.withdraw(now)
        self._question.turn = None
        self.answer.interrupt(now)
        self._texts.clear()
        if question is not None:
            self._question.drop(question, STOPPED)

    def open(self, by: ev.Opener, at: float, now: float) -> None:
        """Listen until `stop`, or until nobody speaks for a while; an answer is cut off by this."""
        self.hands_free.open(by)
        if not self._question.listening:
            self._timers.clear(TurnTimer.SPEECH)
            self.listen(at, now)
            self.hands_free.expect_speech(now)

    def listen(self, at: float | None, now: float) -> None:
        """Open the microphone. A spoken question that still waits for a connection is continued."""
        question = self._question.turn
        if question is not None and question.source == "button":
            if (
                question.times.pressed_at is None
                or now - question.times.pressed_at <= self.settings.max_wait_s
            ):
                self.listening.go_on(question, now)
                return
            self._question.drop(question, TOO_LATE)
        elif question is not None:
            self._texts.put_back(question)
        self.answer.interrupt(now)
        self.listening.begin(at, now, attended=self.hands_free.turn())

    def ask(self, text: str, source: Source, request_id: int) -> None:
        """A typed turn, or (source `say`) a text to be spoken. It waits until the present turn is over."""
        turn = self._question.new(source, TurnPhase.WAITING)
        turn.text, turn.request_id = text, request_id
        self._texts.add(turn)

    # ------------------------------------------------------------ from question to answer

    def settle(self, now: float) -> None:
        """Decide what follows from an event: end the turn, ask, or begin the next."""
        if self._texts.texts:
            self.hands_free.make_way()
        elif self.idle and self.hands_free.is_open:
            self.listen(None, now)
            self.hands_free.expect_speech(now)
        if self.answer.playing:
            self.hands_free.answers(now)
        self._answered_early(now)
        self.answer.settle(now)
        if self.answer.over and self.answer.turn is not None:
            if any(call.stops for call in self.answer.turn.calls.values()):
                self.hands_free.close(now)
            self.answer.finish()
        if self._question.turn is None and self.answer.free:
            self._texts.take_next()
        if (question := self._question.turn) is not None and question.phase is TurnPhase.WAITING:
            self._pose(question, now)

    def _answered_early(self, now: float) -> None:
        """Decide whether an answer that the server began by itself is the answer to this question."""
        question = self._question.turn
        if question is None or not question.heard_out:
            self.answer.rounds.drop_early(now)
        elif question.phase is TurnPhase.WAITING and (early := self.answer.rounds.early):
            self._send(question)
            self.answer.rounds.take_early(early, question, now)

    def _pose(self, question: Turn, now: float) -> None:
        """Pose the question to the server, unless something still has to be waited for."""
        if not self._effects.online:
            self._wait(question, now)
        elif self.answer.free and not self.listening.withdrawn:
            self._send(question)
            self.answer.pose(question, now, recital(question.text) if question.source == "say" else None)

    def _send(self, question: Turn) -> None:
        self._timers.clear(TurnTimer.WAIT)
        self._question.turn = None
        question.go(TurnCause.POSED)
        if question.source == "button":
            self.listening.capture.flush()
            question.spoken = self.listening.capture.spoken
            self.transcripts.commit(question)
        elif question.source == "text":
            content = [Content(type="input_text", text=question.text)]
            self._effects.send(ItemCreate(item=Item(type="message", role="user", content=content)))

    # ------------------------------------------------------------ connection and time

    def online(self) -> None:
        """A session is ready and has the history: ask it what is still open."""
        self.listening.capture.rewind()
        self._timers.clear(TurnTimer.WAIT)
        again = self.answer.online()
        if again is not None and self._question.turn is None:
            self._question.turn = again
        if self._question.listening:
            self.listening.capture.flush()

    def offline(self, now: float) -> None:
        """The connection is lost: the question is asked again on the next one, if that comes in time."""
        self.transcripts.connection_lost()
        self.listening.connection_lost()
        self.answer.offline()
        if self.turn is not None and not self._question.listening:
            self._wait(self.turn, now)

    def _wait(self, turn: Turn, now: float) -> None:
        """Wait for a connection; the time limit runs on when one comes and goes."""
        if turn.waits_until is None:
            turn.waits_until = now + self.settings.max_wait_s
        self._timers.ensure(TurnTimer.WAIT, turn.waits_until)

    def _waited(self, now: float) -> None:
        """The time is up: an old question must never set a device."""
        if self.answer.playing:
            self._timers.set(TurnTimer.WAIT, now + 1.0)
        elif not self._question.listening:
            question, self._question.turn = self._question.turn, None
            self.listening.capture.drop()
            self.answer.give_up(question, TOO_LATE)

    def tick(self, now: float) -> None:
        """Handle the timers that are due."""
        answer = self.answer
        for timer in self._timers.pop_due(now):
            match timer:
                case TurnTimer.UTTERANCE:
                    if self._question.listening:
                        self._effects.do(ev.UserAlert(HELD_TOO_LONG))
                        self.listening.let_go(now, now)
                case TurnTimer.TAIL:
                    self.listening.ended()
                case TurnTimer.SPEECH:
                    self.hands_free.unheard(now)
                case TurnTimer.WITHDRAWN:
                    pass  # the server has not heard the withdrawn question
                case TurnTimer.WAIT:
                    self._waited(now)
                case TurnTimer.STALL:
                    answer.failures.stalled()
                case TurnTimer.LONG:
                    answer.failures.cut(TOO_LONG, now)
                case TurnTimer.CANCEL:
                    answer.exchange.give_up()
                    answer.barge_in.put_right()
                case TurnTimer.TOOLS:
                    answer.rounds.tools_late()
                case TurnTimer.TTS:
                    answer.speech_fallback.read_over(whole=False)
                case TurnTimer.DRAIN:
                    answer.playback.drained(())
                case TurnTimer.CUT:
                    answer.barge_in.untold()
                case _:
                    assert_never(timer)
