"""The answer side of a turn: from the posed question to the last sample played, tools included."""

from __future__ import annotations

from daemon.core import events as ev
from daemon.core.bounds import TOO_MUCH
from daemon.core.history.turn import Turn
from daemon.core.response.barge_in import BargeIn
from daemon.core.response.contents import Contents
from daemon.core.response.current_answer import CurrentAnswer
from daemon.core.response.exchange import Exchange
from daemon.core.response.failures import Failures
from daemon.core.response.playback import PlaybackReports
from daemon.core.response.rounds import Rounds
from daemon.core.response.speech_fallback import BROKEN, SpeechFallback
from daemon.core.response.tool_calls import ToolCalls
from daemon.core.turn.phase import CUT_OFF, TurnCause, TurnPhase, TurnTimer
from daemon.realtime.events import Json, ResponsePiece


class ResponseController:
    """Answers at most one turn. Builds the parts, and decides what concerns all of them."""

    def __init__(self, answer: CurrentAnswer, stall_s: float) -> None:
        self._answer = answer
        self.responses = answer.responses
        self.tools = ToolCalls(answer)
        self.barge_in = BargeIn(answer)
        self.exchange = Exchange(answer, self.barge_in, stall_s)
        self._contents = Contents(answer, self.barge_in)
        self.playback = PlaybackReports(answer, self.barge_in)
        self.rounds = Rounds(answer, self.exchange, self._contents, self.barge_in, self.tools)
        self.failures = Failures(answer, self.exchange, self._contents, self.barge_in)
        self.speech_fallback = SpeechFallback(answer, self._contents)

    @property
    def turn(self) -> Turn | None:
        """The turn that is being answered, if any."""
        return self._answer.turn

    @property
    def playing(self) -> bool:
        """Whether the speaker has some of the answer to play."""
        return self._answer.playing

    @property
    def free(self) -> bool:
        """Whether a question may be posed: the speaker has reported, and the server is done."""
        return self.turn is None and not self.barge_in.waiting and not self.responses.busy

    @property
    def over(self) -> bool:
        """Whether the turn is answered, its tools included, and the last sample was played."""
        if self.turn is None or self.turn.phase in CUT_OFF or self.tools.open_for(self.turn):
            return False
        waits = self.playing or self.responses.busy or self._answer.due is not None
        return not (waits or self.speech_fallback.unread)

    # ------------------------------------------------------------ a turn from beginning to end

    def pose(self, turn: Turn, now: float, response: Json | None = None) -> None:
        """The question was sent: request the answer."""
        self._answer.take(turn, now)
        self.exchange.create(response or self._answer.plain(), now)

    def expect(self, turn: Turn, now: float) -> None:
        """The server's voice detection has committed the question and answers by itself."""
        self._answer.take(turn, now, keep_items=self.barge_in.waiting)
        self.exchange.expect("", {}, now)

    def adopt(self, turn: Turn) -> None:
        """The server has begun to speak unasked: treat it as an answer."""
        self._answer.turn = turn

    def settle(self, now: float) -> None:
        """Send the response that is due as soon as the server is there and free."""
        if self.over and self.turn is not None and self.speech_fallback.needed(self.turn):
            self._answer.due = self.speech_fallback.remedy(self.turn, now)
        if self._answer.due is not None and self._answer.effects.online and not self.responses.busy:
            self.exchange.create(self._answer.due, now)

    def hear(self, event: ResponsePiece, now: float) -> None:
        """Handle an event of an answer."""
        reply = self.exchange.heard(event, now)
        if reply is None or self.turn is None:
            return
        if excess := reply.excess:
            self.failures.cut(TOO_MUCH.format(excess), now)
            return
        self.exchange.hold_on(now)
        self._contents.hear(self.turn, reply, event, now)

    def interrupt(self, now: float) -> None:
        """Barge-in: end the present answer."""
        self.speech_fallback.interrupt()
        turn = self._leave()
        self.barge_in.cancel(now)
        if turn is None:
            return
        self._answer.history.question(turn)
        turn.go(TurnCause.INTERRUPTED)
        if self.playing:
            self._answer.playing = False
            self.barge_in.silence(turn, now)
            return
        for key in turn.replies:
            if not self._answer.items.received_ms(key):
                self._answer.history.heard(key, 0, 1)
        self._answer.effects.do(ev.TurnOver(turn.record(), turn.request_id))

    def finish(self) -> None:
        """End the turn."""
        turn = self._leave()
        if turn is not None:
            self._answer.effects.do(ev.TurnOver(turn.record(), turn.request_id))

    def give_up(self, question: Turn | None, why: str) -> None:
        """The turn, or this unasked question, has waited for too long."""
        self._answer.turn = question or self.turn
        self._answer.fail(why)
        self.finish()

    def _leave(self) -> Turn | None:
        turn, self._answer.turn, self._answer.due = self.turn, None, None
        self.speech_fallback.end()
        self._answer.timers.clear(TurnTimer.STALL, TurnTimer.DRAIN, TurnTimer.WAIT)
        return turn

    # ------------------------------------------------------------ connections

    def offline(self) -> None:
        """The connection is lost: play what has come to its end as the whole answer."""
        turn = self.turn
        owed = self.responses.busy or self._answer.due is not None
        if turn is not None and (owed or self.tools.open_for(turn)):
            if turn.source != "server" and (turn.phase is TurnPhase.ASKED or turn.calls):
                turn.go(TurnCause.DISCONNECTED)
            else:
                self._answer.fail(BROKEN)
        self._contents.end(self._answer.items.own)
        self._answer.items.connection_lost()
        self.exchange.connection_lost()
        self.tools.connection_lost()

    def online(self) -> Turn | None:
        """A new session has the history. Returns the turn whose question must be asked again."""
        self._answer.items.tell(self._answer.history.words_of)
        turn = self.turn
        if turn is None or turn.phase not in CUT_OFF:
            return None
        turn.go(TurnCause.RECONNECTED)
        if turn.phase is TurnPhase.WAITING:
            self._answer.turn = self._answer.due = None
            turn.taken = False
            return turn
        if not self.tools.open_for(turn):
            self._answer.due = self._answer.plain()
        return None
