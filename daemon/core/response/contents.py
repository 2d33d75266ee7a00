"""The contents of an answer: audio and words, which may come in pieces, whole, or only at the end.

Whatever comes first counts; repetitions add nothing.
"""

from __future__ import annotations

from daemon.core import events as ev
from daemon.core.history.turn import Turn
from daemon.core.response.barge_in import BargeIn
from daemon.core.response.calls import Way
from daemon.core.response.current_answer import CurrentAnswer
from daemon.core.response.tracker import Reply
from daemon.core.turn.phase import TurnTimer
from daemon.realtime import events as wire
from daemon.realtime.events import Item, PartPiece, ResponsePiece

DRAIN_SLACK_S = 10.0


class Contents:
    """Plays the audio and stores the words. Sets the timer `drain`."""

    def __init__(self, answer: CurrentAnswer, barge_in: BargeIn) -> None:
        self._answer = answer
        self._barge_in = barge_in

    def hear(self, turn: Turn, reply: Reply, event: ResponsePiece, now: float) -> None:
        """Handle an event of an answer."""
        match event:
            case wire.OutputAudioDelta():
                self.audio(turn, self._key(reply, event), event.delta, now)
            case wire.OutputTranscriptDelta(delta=text) | wire.OutputTextDelta(delta=text):
                self._words(turn, self._key(reply, event), text, event.content_index, whole=False)
            case wire.OutputTranscriptDone(transcript=text) | wire.OutputTextDone(text=text):
                if not self._answer.items.said(reply.key, event.item_id, event.output_index, text):
                    self._words(turn, self._key(reply, event), text, event.content_index, whole=True)
            case wire.OutputAudioDone(item_id=item_id, output_index=index):
                self.end([self._answer.items.find(reply.key, item_id, index)])
            case wire.PartDone(item_id=item_id, output_index=index, part=part):
                words, sound = part.transcript or part.text or "", part.audio or b""
                known = self._answer.items.find(reply.key, item_id, index)
                # An item that came without an id may have one now.
                before = [known] if known else self._answer.items.of(reply.key)
                self._again(turn, before or [self._key(reply, event)], words, sound, now)
            case wire.OutputItemAdded(item=item, output_index=index) if item.type == "message":
                self._answer.items.begin(reply.key, item.id or "", index)
            case wire.OutputItemDone(item=item, output_index=index):
                self.whole(turn, reply, item, index, Way.ITEM_DONE, now)

    def whole(self, turn: Turn, reply: Reply, item: Item, index: int, way: Way, now: float) -> None:
        """A complete item, perhaps the first sign of it."""
        if item.type == "message":
            parts = item.content or []
            words = " ".join(part.transcript or part.text or "" for part in parts).strip()
            sound = b"".join(part.audio for part in parts if part.audio)
            if words or sound:
                key = self._answer.items.whole(reply.key, item.id or "", index, way, kept=not reply.aside)
                self._again(turn, [key], words, sound, now)

    def audio(self, turn: Turn, key: str, delta: bytes, now: float) -> None:
        """Play more audio of an item."""
        pcm = self._answer.items.add(key, delta)
        if not pcm:
            return
        self._answer.history.question(turn)
        if turn.times.first_delta_at is None:
            turn.times.first_delta_at = now
        turn.voiced = self._answer.playing = True
        self._answer.timers.set(TurnTimer.DRAIN, now + self._answer.items.total_s + DRAIN_SLACK_S)
        self._answer.effects.do(ev.Play(key, pcm))

    def end(self, keys: list[str]) -> None:
        """No more audio will come for these items."""
        for key in keys:
            self._answer.items.end(key)
            if self._answer.items.received_ms(key):
                self._answer.effects.do(ev.PlayEnd(key))

    def _key(self, reply: Reply, event: PartPiece) -> str:
        return self._answer.items.key(reply.key, event.item_id, event.output_index, kept=not reply.aside)

    def _words(self, turn: Turn, key: str, text: str, part: int, whole: bool) -> None:
        """Store more words of a part of an item, or (`whole`) all of them."""
        if not text:
            return
        before, turn.replies[key] = self._answer.items.say(key, part, text, whole)
        turn.written[key] = None
        if not (whole and before):
            self._answer.effects.do(ev.Words("assistant", text))
        self._answer.history.question(turn)
        self._answer.history.assistant(key, turn.replies[key])
        self._barge_in.reworded(key)

    def _again(self, turn: Turn, keys: list[str], words: str, sound: bytes, now: float) -> None:
        """Contents repeated at the end of an item, one of `keys`, count only if they have not come before."""
        if words and not any(map(turn.replies.get, keys)):
            self._words(turn, keys[0], words, 0, whole=True)
        if sound and not any(map(self._answer.items.received_ms, keys)):
            self.audio(turn, keys[0], sound, now)
