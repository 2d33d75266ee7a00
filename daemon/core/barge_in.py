"""Interrupting an answer: silence first, then the truth about what was heard.

The speaker thread alone knows how much of an item was heard. Until it has told, no new question is posed.
Items heard to the end stay, the current one is truncated (deleted if nothing of it was heard), later ones are
deleted once the cancelled answer is done.
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
        self._unheard: list[str] = []
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
        heard_ms = sum(responses.received_ms(item) for item in cut.whole)
        self._unheard += cut.unheard
        if cut.item_id is not None:
            heard_ms += self._truncate(cut.item_id, cut.heard_ms, responses)
        for item_id in cut.unheard:
            self._ledger.heard(item_id, 0, 1)
            self._put_right(item_id, responses)
        if turn is not None:
            turn.heard_ms += heard_ms
        return turn

    def delete_unheard(self, responses: Responses) -> None:
        """Items that never sounded go as soon as the answer that they are of is done."""
        unheard, self._unheard = self._unheard, []
        for item_id in unheard:
            if responses.growing(item_id):
                self._unheard.append(item_id)
            elif responses.spoken(item_id):
                self._outbox.send(ItemDelete(item_id=item_id))

    def connection_lost(self) -> None:
        """No other knows the items that were to be deleted."""
        self._unheard.clear()

    def _truncate(self, item_id: str, heard_ms: int, responses: Responses) -> int:
        received_ms = responses.received_ms(item_id)
        heard_ms = min(heard_ms, received_ms - 1)
        self._ledger.heard(item_id, heard_ms, max(1, received_ms))
        self._put_right(item_id, responses)
        if heard_ms <= 0:
            self._unheard.append(item_id)
        elif responses.spoken(item_id):
            self._outbox.send(ItemTruncate(item_id=item_id, content_index=0, audio_end_ms=heard_ms))
        return max(0, heard_ms)

    def _put_right(self, item_id: str, responses: Responses) -> None:
        """A session that was told all of it while it was played must know what was heard instead."""
        if responses.told(item_id):
            self._outbox.send(ItemDelete(item_id=item_id))
            for item in self._ledger.retold(item_id):
                self._outbox.send(ItemCreate(item=item))
