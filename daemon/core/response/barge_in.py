"""Interrupting an answer: stop the speaker, then tell the server how much was heard.

Only the speaker thread knows how much of an item was heard. Until it has reported, no new question is posed.
Items heard to the end stay, the current one is truncated (deleted if nothing of it was heard), later ones are
deleted once the cancelled answer is done. A speaker that fails cuts an answer too, but the answer goes on.
"""

from __future__ import annotations

from msgspec import UNSET

from daemon.audio.jitter_buffer import Cut
from daemon.core import events as ev
from daemon.core.history.turn import Turn
from daemon.core.response.current_answer import CurrentAnswer
from daemon.core.response.tracker import Reply
from daemon.core.turn.phase import TurnTimer
from daemon.realtime.events import ItemCreate, ItemDelete, ItemTruncate, ResponseCancel

UNHEARD = "The answer could not be played because the speaker does not work; run voiced doctor."
CUT_S = 1.0
CANCEL_S = 2.0


class BargeIn:
    """Handles one interruption at a time. Sets the timers `cut` and `cancel`."""

    def __init__(self, answer: CurrentAnswer) -> None:
        self.turn: Turn | None = None
        self._answer = answer
        self._cut: dict[str, int] = {}

    @property
    def waiting(self) -> bool:
        """Whether the speaker has yet to report what was heard."""
        return self.turn is not None

    def silence(self, turn: Turn, now: float) -> None:
        """Stop the speaker; the turn is over when it has reported. Only one turn waits for that."""
        if self.waiting:
            self.untold()
        self.turn = turn
        self._answer.timers.set(TurnTimer.CUT, now + CUT_S)
        self._answer.effects.do(ev.StopPlayback())

    def cancel(self, now: float) -> None:
        """Cancel the answer, now or as soon as it begins."""
        if self._answer.responses.busy:
            self._answer.timers.set(TurnTimer.CANCEL, now + CANCEL_S)
        if reply := self._answer.responses.abandon():
            self.stop(reply)
        self.put_right()

    def stop(self, reply: Reply) -> None:
        """Send the cancel; a server that sends no ids has one answer at a time."""
        self._answer.effects.send(ResponseCancel(response_id=reply.wire_id or UNSET))

    def cut(self, cut: Cut) -> int:
        """Audio was discarded: correct the history. Returns the ms heard of the item that was cut."""
        parts = dict.fromkeys(cut.unheard, 0)
        if cut.item_id is not None:
            most_ms = self._answer.items.received_ms(cut.item_id) - 1
            parts[cut.item_id] = max(0, min(cut.heard_ms, most_ms))
        for key, heard_ms in parts.items():
            if key not in self._cut:
                self._cut[key] = heard_ms
                self.reworded(key)
                self._tell_anew(key)
        return parts.get(cut.item_id or "", 0)

    def reworded(self, key: str) -> None:
        """The words of an item have changed: if it was cut, keep only those that were heard."""
        if key in self._cut:
            self._answer.history.heard(key, self._cut[key], max(1, self._answer.items.received_ms(key)))

    def put_right(self) -> None:
        """Tell the server of each cut item, as soon as no more audio of it will come."""
        cut, self._cut = self._cut, {}
        active = self._answer.responses.active
        for key, heard_ms in cut.items():
            grows = active is not None and self._answer.items.of_reply(key) == active.key
            if grows and (not heard_ms or (active is not None and active.wanted)):
                self._cut[key] = heard_ms
            elif item_id := self._answer.items.mark_cut(key):
                self._answer.effects.send(_cut_at(item_id, heard_ms))

    def stopped(self, cut: Cut) -> None:
        """The speaker has stopped and reported: the interrupted turn is over."""
        turn, self.turn = self.turn, None
        self._answer.timers.clear(TurnTimer.CUT)
        heard_ms = sum(map(self._answer.items.received_ms, cut.whole)) + self.cut(cut)
        if turn is not None:
            turn.heard_ms += heard_ms
            self._answer.effects.do(ev.TurnOver(turn.record(), turn.request_id))
        self.put_right()

    def untold(self) -> None:
        """The speaker has not reported in time: nothing counts as heard."""
        self.stopped(Cut(None, 0, (), ()))

    def lose(self, turn: Turn, cut: Cut) -> None:
        """The speaker has failed, so some of an answer is not heard: reported once in a turn."""
        if not (cut.item_id or cut.unheard):
            return
        turn.heard_ms += self.cut(cut)
        self.put_right()
        if not turn.speaker_failed:
            turn.speaker_failed, turn.trouble = True, UNHEARD
            self._answer.effects.do(ev.UserAlert(UNHEARD))

    def _tell_anew(self, key: str) -> None:
        """Replace the item in a session that was sent all of it while it was still being played."""
        if item_id := self._answer.items.wire_id(key, "told"):
            self._answer.effects.send(ItemDelete(item_id=item_id))
            for item in self._answer.history.retold(key):
                self._answer.effects.send(ItemCreate(item=item))


def _cut_at(item_id: str, heard_ms: int) -> ItemTruncate | ItemDelete:
    if heard_ms:
        return ItemTruncate(item_id=item_id, content_index=0, audio_end_ms=heard_ms)
    return ItemDelete(item_id=item_id)
