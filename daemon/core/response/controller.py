"""The server's side of a turn: from the posed question to the last sample heard, tools included."""

from __future__ import annotations

from typing import Literal

from daemon.core import events as ev
from daemon.core.bounds import TOO_MUCH
from daemon.core.effects import EffectsBuffer
from daemon.core.history.history import History
from daemon.core.history.turn import Turn
from daemon.core.response.barge_in import BargeIn
from daemon.core.response.contents import Contents
from daemon.core.response.current_turn import CurrentTurn
from daemon.core.response.exchange import Exchange
from daemon.core.response.failures import Failures
from daemon.core.response.items import Items
from daemon.core.response.playback import PlaybackReports
from daemon.core.response.rounds import Rounds
from daemon.core.response.speech_fallback import BROKEN, SpeechFallback
from daemon.core.response.tool_calls import ToolCalls
from daemon.core.response.tracker import ResponseTracker
from daemon.core.timers import Timers
from daemon.core.turn.phase import CUT_OFF, TurnCause, TurnPhase, TurnTimer
from daemon.realtime.events import Json, ResponsePiece


class ResponseController:
    """At most one turn is being answered. Builds the parts, and decides what concerns all of them."""

    def __init__(
        self,
        modality: Literal["audio", "text"],
        stall_s: float,
        effects: EffectsBuffer,
        timers: Timers[TurnTimer],
        history: History,
    ) -> None:
        self._effects = effects
        self._timers = timers
        self._history = history
        self._items = Items(effects.keys)
        self._current = CurrentTurn(effects, self._items)
        self.responses = ResponseTracker(effects.keys)
        self.tools = ToolCalls(effects, timers, history)
        self.barge_in = BargeIn(effects, timers, history, self._items, self.responses)
        self.exchange = Exchange(
            modality, stall_s, effects, timers, self._current, self.responses, self.barge_in
        )
        self._contents = Contents(effects, timers, history, self._items, self.barge_in)
        shared = (self._current, self._items)
        self.playback = PlaybackReports(timers, *shared, self._contents, self.barge_in)
        self.rounds = Rounds(
            effects, history, *shared, self.exchange, self._contents, self.barge_in, self.tools
        )
        self.failures = Failures(effects, *shared, self.exchange, self._contents, self.barge_in)
        self.speech_fallback = SpeechFallback(
            modality, effects, timers, history, *shared, self.exchange, self._contents
        )

    @property
    def turn(self) -> Turn | None:
        """The turn that is being answered."""
        return self._current.turn

    @property
    def playing(self) -> bool:
        """Has the speaker something of it to play?"""
        return self._contents.playing

    @property
    def free(self) -> bool:
        """May a question be posed? The speaker has told what was heard, and the server is done."""
        return self.turn is None and not self.barge_in.waiting and not self.responses.busy

    @property
    def over(self) -> bool:
        """Answered, its tools have answered too, and the last sample was heard."""
        if self.turn is None or self.turn.phase in CUT_OFF or self.tools.open_for(self.turn):
            return False
        waits = self.playing or self.responses.busy or self.exchange.due is not None
        return not (waits or self.speech_fallback.unread)

    # ------------------------------------------------------------ a turn from its beginning to its end

    def pose(self, turn: Turn, now: float, response: Json | None = None) -> None:
        """The question is on the wire: ask for the answer."""
        self._current.take(turn, now)
        self.exchange.create(response or self.exchange.plain, now)

    def expect(self, turn: Turn, now: float) -> None:
        """The server's voice detection has taken the question and answers by itself."""
        self._current.take(turn, now)
        turn.ask_anew()
        self.exchange.expect("", {}, now)

    def adopt(self, turn: Turn) -> None:
        """The server has begun to speak unasked: what it says is an answer too."""
        self._current.turn = turn

    def settle(self, now: float) -> None:
        """Ask for what is due as soon as the server is there and free."""
        if self.over and self.turn is not None and self.speech_fallback.needed(self.turn):
            self.exchange.due = self.speech_fallback.remedy(self.turn, now)
        if self.exchange.due is not None and self._effects.online and not self.responses.busy:
            self.exchange.create(self.exchange.due, now)

    def hear(self, event: ResponsePiece, now: float) -> None:
        """A piece of an answer."""
        reply = self.exchange.heard(event, now)
        if reply is None or self.turn is None:
            return
        if excess := reply.excess:
            self.failures.cut(TOO_MUCH.format(excess), now)
            return
        self.exchange.hold_on(now)
        self._contents.hear(self.turn, reply, event, now)

    def interrupt(self, now: float) -> None:
        """Barge-in: whatever is being answered is over."""
        self.speech_fallback.interrupt()
        turn = self._leave()
        self.barge_in.cancel(now)
        if turn is None:
            return
        self._history.question(turn)
        turn.go(TurnCause.INTERRUPTED)
        if self.playing:
            self._contents.playing = False
            self.barge_in.silence(turn, now)
            return
        for key in turn.replies:
            if not self._items.received_ms(key):
                self._history.heard(key, 0, 1)
        self._effects.do(ev.TurnOver(turn.record(), turn.request_id))

    def finish(self) -> None:
        """The turn is over."""
        turn = self._leave()
        if turn is not None:
            self._effects.do(ev.TurnOver(turn.record(), turn.request_id))

    def give_up(self, question: Turn | None, why: str) -> None:
        """The turn, or this question that was not asked yet, has waited for too long."""
        self._current.turn = question or self.turn
        self._current.fail(why)
        self.finish()

    def _leave(self) -> Turn | None:
        turn, self._current.turn, self.exchange.due = self.turn, None, None
        self.speech_fallback.end()
        self._timers.clear(TurnTimer.STALL, TurnTimer.DRAIN, TurnTimer.WAIT)
        return turn

    # ------------------------------------------------------------ connections

    def offline(self) -> None:
        """The connection is gone: what has come is played to its end, and is the answer then."""
        turn = self.turn
        owed = self.responses.busy or self.exchange.due is not None
        if turn is not None and (owed or self.tools.open_for(turn)):
            if turn.source != "server" and (turn.phase is TurnPhase.ASKED or turn.calls):
                turn.go(TurnCause.DISCONNECTED)
            else:
                self._current.fail(BROKEN)
        self._contents.end(self._items.own)
        self._items.connection_lost()
        self.exchange.connection_lost()
        self.barge_in.connection_lost()
        self.tools.connection_lost()

    def online(self) -> Turn | None:
        """A new session knows the history. Returns the turn whose question it must be asked again."""
        self._items.tell(self._history.words_of)
        turn = self.turn
        if turn is None or turn.phase not in CUT_OFF:
            return None
        turn.go(TurnCause.RECONNECTED)
        if turn.phase is TurnPhase.WAITING:
            self._current.turn = self.exchange.due = None
            turn.taken = False
            return turn
        if not self.tools.open_for(turn):
            self.exchange.due = self.exchange.plain
        return None
