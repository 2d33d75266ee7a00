"""Interrupting an answer: silence first, then the truth about what was heard.

The speaker thread alone knows how much of an item was heard. Until it has told, no new question is posed.
Items heard to the end stay, the current one is truncated (deleted if nothing of it was heard), later ones are
deleted once the cancelled answer is done. A speaker that fails cuts an answer too, which goes on without it.
"""

from __future__ import annotations

from daemon.core import events as ev
from daemon.core.ledger import Ledger
from daemon.core.outbox import Outbox
from daemon.core.playout import Cut
from daemon.core.responses import Responses
from daemon.core.timers import Timers
from daemon.core.turn import Turn
from daemon.protocol import ItemCreate, ItemDelete, ItemTruncate, ResponseCancel

CUT_S = 1.0
CANCEL_S = 2.0


class BargeIn:
    """One interruption at a time. Sets the timers `cut` and `cancel`."""

    def __init__(self, outbox: Outbox, timers: Timers, ledger: Ledger) -> None:
        self.turn: Turn | None = None
        self._cut: dict[str, int] = {}
        self._outbox = outbox
        self._timers = timers
        self._ledger = ledger

    @property
    def waiting(self) -> bool:
        """Has the speaker not told yet what was heard?"""
        return self.turn is not None

    def silence(self, turn: Turn, now: float) -> None:
        """Stop the speaker; the turn is over when it has answered."""
        self.turn = turn
        self._timers.set("cut", now + CUT_S)
        self._outbox.do(ev.Silence())

    def cancel(self, responses: Responses, now: float) -> None:
        """Stop the model, now or as soon as it begins."""
        if responses.busy:
            self._timers.set("cancel", now + CANCEL_S)
        response_id = responses.abandon()
        if response_id is not None:
            self._outbox.send(ResponseCancel(response_id=response_id))

    def heard(self, cut: Cut, responses: Responses) -> Turn | None:
        """The speaker has told, in time or late: tell the server. Returns the turn that is over now."""
        turn, self.turn = self.turn, None
        self._timers.clear("cut")
        heard_ms = sum(responses.received_ms(item) for item in cut.whole) + self.cut(cut, responses)
        if turn is not None:
            turn.heard_ms += heard_ms
        return turn

    def cut(self, cut: Cut, responses: Responses) -> int:
        """Some audio was thrown away: the history follows. Returns the ms heard of the item in between."""
        parts = dict.fromkeys(cut.unheard, 0)
        if cut.item_id is not None:
            most_ms = responses.received_ms(cut.item_id) - 1
            parts[cut.item_id] = max(0, min(cut.heard_ms, most_ms))
        for item_id, heard_ms in parts.items():
            if item_id not in self._cut:
                self._cut[item_id] = heard_ms
                self.reworded(item_id, responses)
                self._tell_anew(item_id, responses)
        return parts.get(cut.item_id or "", 0)

    def reworded(self, item_id: str, responses: Responses) -> None:
        """The words of an item are known anew: of one that was cut they are not all said."""
        if item_id in self._cut:
            self._ledger.heard(item_id, self._cut[item_id], max(1, responses.received_ms(item_id)))

    def put_right(self, responses: Responses) -> None:
        """The server is told of each item that was cut as soon as that does not grow any more."""
        cut, self._cut = self._cut, {}
        for item_id, heard_ms in cut.items():
            if responses.growing(item_id) and (not heard_ms or responses.wanted(responses.active or "")):
                self._cut[item_id] = heard_ms
            elif responses.mark_cut(item_id):
                self._outbox.send(_cut_at(item_id, heard_ms))

    def connection_lost(self) -> None:
        """No other knows the items that were to be put right."""
        self._cut.clear()

    def _tell_anew(self, item_id: str, responses: Responses) -> None:
        """A session that was told all of it while it was played must know what was heard instead."""
        if responses.told(item_id):
            self._outbox.send(ItemDelete(item_id=item_id))
            for item in self._ledger.retold(item_id):
                self._outbox.send(ItemCreate(item=item))


def _cut_at(item_id: str, heard_ms: int) -> ItemTruncate | ItemDelete:
    if heard_ms:
        return ItemTruncate(item_id=item_id, content_index=0, audio_end_ms=heard_ms)
    return ItemDelete(item_id=item_id)
