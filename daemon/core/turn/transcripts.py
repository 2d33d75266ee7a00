"""Matches transcriptions with questions, by the server's ids for the items of one connection."""

from __future__ import annotations

import itertools
from collections import deque

from msgspec import Struct

from daemon.core import events as ev
from daemon.core.effects import EffectsBuffer
from daemon.core.history.history import History
from daemon.core.history.turn import Turn
from daemon.realtime.events import AudioClear, AudioCommit

_MOST = 32


class _Piece(Struct):
    """A part of a question, by the question's key; `item_id` is empty until the server gives it.

    `named`: the server gave `item_id`, else it is a guess. `settled`: it had words when the next part came.
    `commit`: our name for the event that asked for the item.
    """

    key: str
    item_id: str = ""
    taken: bool = False
    text: str = ""
    named: bool = False
    settled: bool = False
    commit: str = ""


class Transcripts:
    """The parts of questions, in order. The server's voice detection may cut a question in two."""

    def __init__(self, effects: EffectsBuffer, history: History) -> None:
        self._effects = effects
        self._history = history
        self._pieces: deque[_Piece] = deque(maxlen=_MOST)

    def commit(self, question: Turn) -> None:
        """Have the server commit the question; a rest in which it found no speech is cleared instead."""
        if question.heard_out:
            self._effects.send(AudioClear())
            return
        question.commit = self._effects.keys.new("commit")
        self.sent(question.key, question.commit)
        self._effects.send(AudioCommit(event_id=question.commit))

    def transcribed(self, item_id: str, text: str, turn: Turn | None) -> None:
        """Store the words of an item, perhaps of the present `turn`."""
        key, whole = self.told(item_id, text)
        if key:
            self._history.transcribed(key, whole)
        if turn is not None and turn.key == key:
            turn.heard = whole
        self._effects.do(ev.Words("user", text, whole=True))

    def sent(self, key: str, commit: str = "") -> None:
        """The rest of a question was committed; the server has items for all parts before it."""
        for piece in self._pieces:
            piece.taken = True
        self._append(key).commit = commit

    def refused(self, key: str, commit: str = "") -> None:
        """The server has not made an item: for this commit of ours, or for a question where it names none."""
        waiting = [each for each in reversed(self._pieces) if not each.taken]
        named = [each for each in waiting if commit and each.commit == commit]
        for last in (named or [each for each in waiting if each.key == key])[:1]:
            self._pieces.remove(last)

    def taken(self, item_id: str, present: str) -> str:
        """The server has made an item, for the oldest part without one. Returns the key of its question."""
        piece = next((each for each in self._pieces if not each.taken), None)
        if piece is None and present:
            piece = self._append(present)
        if piece is None:
            return ""
        piece.taken, piece.item_id, piece.named = True, item_id, bool(item_id)
        return piece.key

    def told(self, item_id: str, text: str) -> tuple[str, str]:
        """Store the words of an item. Returns the key of its question and all its words, or nothing."""
        piece = self._named(item_id) or self._in_order(item_id)
        if piece is None:
            return "", ""
        piece.item_id, piece.text = item_id or piece.item_id, text
        return piece.key, self._words(piece.key)

    def connection_lost(self) -> None:
        """The next connection has other ids."""
        self._pieces.clear()

    def _append(self, key: str) -> _Piece:
        for each in self._pieces:
            each.settled = bool(each.text)
        self._pieces.append(piece := _Piece(key))
        return piece

    def _words(self, key: str) -> str:
        return " ".join(each.text for each in self._pieces if each.key == key and each.text)

    def _named(self, item_id: str) -> _Piece | None:
        """The newest part with this id."""
        return next((each for each in reversed(self._pieces) if item_id and each.item_id == item_id), None)

    def _in_order(self, item_id: str) -> _Piece | None:
        """The newest part, as not every server sends ids.

        If it has words already, they belong to the part before, which still waits for its own: words come in
        order.
        """
        found = self._unsettled(item_id)
        waiting = next((number for number, each in enumerate(found) if not each.text), 0)
        for number in range(waiting, 0, -1):
            earlier, later = found[number], found[number - 1]
            earlier.item_id, earlier.text = later.item_id, later.text
            self._history.transcribed(earlier.key, self._words(earlier.key))
        return found[0] if found else None

    def _unsettled(self, item_id: str) -> list[_Piece]:
        """The parts whose words may still change, newest first."""
        unnamed = [each for each in reversed(self._pieces) if not (item_id and each.named)]
        return list(itertools.takewhile(lambda each: not each.settled, unnamed))
