"""Tool calls, from the model's request to the delivery of their outputs, each once."""

from __future__ import annotations

from daemon.core import events as ev
from daemon.core.history.turn import ToolCall, Turn
from daemon.core.response.calls import CallReport
from daemon.core.response.current_answer import CurrentAnswer
from daemon.core.turn.phase import TurnTimer
from daemon.realtime.events import Item, ItemCreate

TOOLS_S = 60.0
INTERRUPTED_OUTPUT = "Error: the user interrupted before the tool was run."
UNFINISHED_OUTPUT = "Error: not run, the user was still speaking; call it again if that is still wanted."
FORBIDDEN_OUTPUT = "Error: not run, an answer in words was asked for."
LATE_OUTPUT = "Error: the tool did not answer in time."


class ToolCalls:
    """Runs the calls of an answer and sends each output. Sets the timer `tools`."""

    def __init__(self, answer: CurrentAnswer) -> None:
        self._open: dict[str, tuple[Turn, ToolCall]] = {}
        self._stale: set[str] = set()
        self._answer = answer

    def open_for(self, turn: Turn) -> bool:
        """Whether this turn waits for a tool."""
        return any(owner is turn for owner, _ in self._open.values())

    def start(self, turn: Turn, calls: list[CallReport], now: float) -> None:
        """Run the calls of a completed answer, each under a unique key."""
        for each in calls:
            key = self._answer.effects.keys.new("call")
            call = ToolCall(each.call_id or each.item_id or key, each.name, each.arguments or "{}")
            turn.calls[key] = call
            self._open[key] = (turn, call)
            self._answer.history.called(key, call.name, call.arguments)
            self._answer.effects.do(ev.RunTool(key, call.name, call.arguments))
        if calls:
            self._answer.timers.set(TurnTimer.TOOLS, now + TOOLS_S)

    def refuse(self, calls: list[CallReport], why: str) -> None:
        """Answer the calls of an answer that nobody waits for, without running them."""
        for call in calls:
            self._hand_in(call.call_id or call.item_id, why)

    def done(self, key: str, output: str) -> Turn | None:
        """A tool has answered. Returns its turn, or None if the output came too late."""
        turn, call = self._open.pop(key, (None, None))
        if turn is None or call is None:
            return None
        call.output = output
        self._answer.history.answered(key, output)
        self._answer.effects.do(ev.ToolReport(key, call.name, call.arguments, output))
        if key in self._stale:
            item = Item(type="function_call", call_id=key, name=call.name, arguments=call.arguments)
            self._answer.effects.send(ItemCreate(item=item))
        self._hand_in(key if key in self._stale else call.call_id, output)
        if not self._open:
            self._answer.timers.clear(TurnTimer.TOOLS)
        return turn

    def late(self) -> list[str]:
        """The calls without an output, after the shell's own time limit has failed."""
        return list(self._open)

    def connection_lost(self) -> None:
        """The next session does not know these calls: it gets their outputs with the history."""
        self._stale = set(self._open)

    def forget(self) -> None:
        """Drop the outputs of these calls."""
        self._open.clear()
        self._answer.timers.clear(TurnTimer.TOOLS)

    def _hand_in(self, call_id: str, output: str) -> None:
        item = Item(type="function_call_output", call_id=call_id, output=output)
        self._answer.effects.send(ItemCreate(item=item))
