"""Tool calls between the model's asking and the delivery of their outputs, each once."""

from __future__ import annotations

from daemon.core import events as ev
from daemon.core.ledger import Ledger
from daemon.core.outbox import Outbox
from daemon.core.timers import Timers
from daemon.core.turn import ToolCall, Turn
from daemon.protocol import Item, ItemCreate

TOOLS_S = 60.0
INTERRUPTED_OUTPUT = "Error: the user interrupted before the tool was run."
LATE_OUTPUT = "Error: the tool did not answer in time."


class ToolsDue:
    """Starts the calls of an answer and hands in each output. Sets the timer `tools`."""

    def __init__(self, outbox: Outbox, timers: Timers, ledger: Ledger) -> None:
        self._open: dict[str, tuple[Turn, ToolCall]] = {}
        self._stale: set[str] = set()
        self._outbox = outbox
        self._timers = timers
        self._ledger = ledger

    def open_for(self, turn: Turn) -> bool:
        """Does this turn wait for a tool?"""
        return any(owner is turn for owner, _ in self._open.values())

    def start(self, turn: Turn, items: list[Item], now: float) -> None:
        """Run the calls among the items of a completed answer."""
        calls = [call for item in items if (call := _as_call(item)) and call.call_id not in turn.calls]
        for call in calls:
            turn.calls[call.call_id] = call
            self._open[call.call_id] = (turn, call)
            self._ledger.called(call.call_id, call.name, call.arguments)
            self._outbox.do(ev.RunTool(call.call_id, call.name, call.arguments))
        if calls:
            self._timers.set("tools", now + TOOLS_S)

    def refuse(self, items: list[Item]) -> None:
        """Answer the calls of an answer that was interrupted as it was completed: none is run."""
        for call in filter(None, map(_as_call, items)):
            item = Item(type="function_call_output", call_id=call.call_id, output=INTERRUPTED_OUTPUT)
            self._outbox.send(ItemCreate(item=item))

    def done(self, call_id: str, output: str) -> Turn | None:
        """A tool has answered: the turn that it belongs to, or None if its output came too late."""
        turn, call = self._open.pop(call_id, (None, None))
        if turn is None or call is None:
            return None
        call.output = output
        self._ledger.answered(call_id, output)
        self._outbox.do(ev.ToolReport(call_id, call.name, call.arguments, output))
        if call_id in self._stale:
            item = Item(type="function_call", call_id=call_id, name=call.name, arguments=call.arguments)
            self._outbox.send(ItemCreate(item=item))
        item = Item(type="function_call_output", call_id=call_id, output=output)
        self._outbox.send(ItemCreate(item=item))
        if not self._open:
            self._timers.clear("tools")
        return turn

    def late(self) -> list[str]:
        """The calls that have not answered; the shell's time limit has failed when this is asked."""
        return list(self._open)

    def connection_lost(self) -> None:
        """The next session does not know these calls: it is told by the history, not by an output."""
        self._stale = set(self._open)


def _as_call(item: Item) -> ToolCall | None:
    if item.type != "function_call" or not item.call_id or not item.name:
        return None
    return ToolCall(item.call_id, item.name, item.arguments or "{}")
