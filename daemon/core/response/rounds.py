"""What follows a response: the end of the answer, or its tool calls and then the next response.

A model may call tools, see their outputs, and call more. Each response is a round; after `MAX_ROUNDS` it has
to speak.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from daemon.core import events as ev
from daemon.core.bounds import TOO_MUCH
from daemon.core.history.turn import Turn
from daemon.core.response.barge_in import BargeIn
from daemon.core.response.calls import Way
from daemon.core.response.contents import Contents
from daemon.core.response.current_answer import CurrentAnswer
from daemon.core.response.endings import shortfall
from daemon.core.response.exchange import EarlyAnswer, Exchange
from daemon.core.response.phase import ResponseCause
from daemon.core.response.tool_calls import (
    FORBIDDEN_OUTPUT,
    INTERRUPTED_OUTPUT,
    LATE_OUTPUT,
    UNFINISHED_OUTPUT,
    ToolCalls,
)
from daemon.core.response.tracker import Reply
from daemon.realtime.events import Item, Response

MAX_ROUNDS = 8
MOST_ROUNDS = 2 * MAX_ROUNDS
"""A model that calls tools all the same is asked so often."""
_IN_WORDS: Final = {"tool_choice": "none"}


@dataclass(eq=False)
class Rounds:
    """Counts the rounds of the turn, and sets the response that is due next."""

    _answer: CurrentAnswer
    _exchange: Exchange
    _contents: Contents
    _barge_in: BargeIn
    _tools: ToolCalls

    def done(self, response: Response, now: float) -> None:
        """A response is over: run its calls if it was completed."""
        reply = self._exchange.done(response)
        self._barge_in.put_right()
        if reply is not None:
            self._complete(reply, response, now)
        elif missing := shortfall(response):
            self._answer.effects.do(ev.ServerNotice(missing))

    def tool_done(self, key: str, output: str) -> None:
        """A tool has answered; after the last one the model goes on."""
        turn = self._tools.done(key, output)
        if turn is None or turn is not self._answer.turn or self._tools.open_for(turn):
            return
        if not all(call.stops for call in turn.calls.values()):
            # A model that goes on calling tools has to speak.
            last = _IN_WORDS if turn.rounds >= MAX_ROUNDS else {}
            self._answer.due = self._answer.plain() | last

    def tools_late(self) -> None:
        """Tools that have not answered by now never will."""
        for key in self._tools.late():
            self.tool_done(key, LATE_OUTPUT)

    # ------------------------------------------------------------ answers that the server began by itself

    @property
    def early(self) -> EarlyAnswer | None:
        """An answer that began before its question was posed, if there is one."""
        return None if self._barge_in.waiting else self._exchange.early

    def take_early(self, early: EarlyAnswer, turn: Turn, now: float) -> None:
        """It is the answer to this question: use all that has come of it."""
        self._exchange.early = None
        self._answer.take(turn, now)
        early.reply.go(ResponseCause.CHOSEN)
        self._exchange.hold_on(now)
        for piece in early.pieces:
            self._contents.hear(turn, early.reply, piece, now)
        if early.end is not None:
            self._exchange.rest()
            self._complete(early.reply, early.end, now)

    def drop_early(self, now: float) -> None:
        """The user says more, or asks nothing: it is not the answer, so drop it."""
        early = self._exchange.drop_early(now)
        if early is not None and early.end is not None:
            self._complete(early.reply, early.end, now)

    # ------------------------------------------------------------ the end of a response

    def _complete(self, reply: Reply, response: Response, now: float) -> None:
        turn, output = self._answer.turn, reply.end(response.output)
        if turn is None or not reply.wanted:
            self._pass_over(reply, response, output)
        elif response.withdrawn and turn.detected and turn.rounds < MAX_ROUNDS:
            # The server's voice detection still gets the question, and answers it by itself.
            turn.rounds += 1
            self._exchange.expect("", {}, now)
        else:
            self._finish(turn, reply, response, output, now)

    def _pass_over(self, reply: Reply, response: Response, output: list[Item]) -> None:
        """A response that nobody waits for has ended."""
        if missing := shortfall(response):
            self._answer.effects.do(ev.ServerNotice(missing))
        why = INTERRUPTED_OUTPUT if reply.asked else UNFINISHED_OUTPUT
        self._tools.refuse(reply.complete_calls(response, output), why)

    def _finish(self, turn: Turn, reply: Reply, response: Response, output: list[Item], now: float) -> None:
        """A part of the answer has ended, perhaps the last."""
        calls = reply.complete_calls(response, output)
        forbidden, calls = (calls, []) if reply.in_words else ([], calls)
        if missing := shortfall(response):
            self._answer.fail(missing)
        if reply.excess:
            self._answer.fail(TOO_MUCH.format(reply.excess))
        for index, item in enumerate(output):
            self._contents.whole(turn, reply, item, index, Way.RESPONSE_DONE, now)
        self._contents.end(self._answer.items.spoken_of(reply.key))
        self._answer.history.question(turn)
        turn.rounds += 1
        if calls:
            self._answer.due = None  # it is requested when they have answered
        self._tools.start(turn, calls, now)
        self._tools.refuse(forbidden, FORBIDDEN_OUTPUT)
        if forbidden and turn.rounds < MOST_ROUNDS and not (turn.voiced or reply.aside):
            self._answer.due = self._answer.plain() | _IN_WORDS
