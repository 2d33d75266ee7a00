"""Whose words a transcription is: what the server calls the pieces of what was said, on one connection."""

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
    """A piece of a question, by the question's key; the server's name for it is empty until it is told.

    `named`: the server has called it so, else that is a guess. `settled`: it had words when the next came.
    """

    key: str
    item_id: str = ""
    taken: bool = False
    text: str = ""
    named: bool = False
    settled: bool = False


class Transcripts:
    """Pieces in the order in which they were said. The server's voice detection may cut a question in two."""

    def __init__(self, effects: EffectsBuffer, history: History) -> None:
        self._effects = effects
        self._history = history
        self._pieces: deque[_Piece] = deque(maxlen=_MOST)

    def commit(self, question: Turn) -> None:
        """Have an item made of what was said; not of a rest in which voice detection has heard nothing."""
        if question.heard_out:
            self._effects.send(AudioClear())
            return
        question.commit = self._effects.keys.new("commit")
        self.sent(question.key)
        self._effects.send(AudioCommit(event_id=question.commit))

    def transcribed(self, item_id: str, text: str, turn: Turn | None) -> None:
        """These are the words of an item, perhaps one of the present `turn`."""
        key, whole = self.told(item_id, text)
        if key:
            self._history.transcribed(key, whole)
        if turn is not None and turn.key == key:
            turn.heard = whole
        self._effects.do(ev.Words("user", text, whole=True))

    def sent(self, key: str) -> None:
        """The server has been asked to make an item of the rest of a question; of those before it has."""
        for piece in self._pieces:
            piece.taken = True
        self._append(key)

    def refused(self, key: str) -> None:
        """It has not made one."""
        last = next((each for each in reversed(self._pieces) if each.key == key and not each.taken), None)
        if last is not None:
            self._pieces.remove(last)

    def taken(self, item_id: str, present: str) -> str:
        """There is an item: of what it was first asked for, or else of the `present` question; its key."""
        piece = next((each for each in self._pieces if not each.taken), None)
        if piece is None and present:
            piece = self._append(present)
        if piece is None:
            return ""
        piece.taken, piece.item_id, piece.named = True, item_id, bool(item_id)
        return piece.key

    def told(self, item_id: str, text: str) -> tuple[str, str]:
        """The words of an item: the key of the question, and all that is known of its words; or nothing."""
        piece = self._named(item_id) or self._in_order(item_id)
        if piece is None:
            return "", ""
        piece.item_id, piece.text = item_id or piece.item_id, text
        return piece.key, self._words(piece.key)

    def connection_lost(self) -> None:
        """Another one has other names."""
        self._pieces.clear()

    def _append(self, key: str) -> _Piece:
        for each in self._pieces:
            each.settled = bool(each.text)
        self._pieces.append(piece := _Piece(key))
        return piece

    def _words(self, key: str) -> str:
        return " ".join(each.text for each in self._pieces if each.key == key and each.text)

    def _named(self, item_id: str) -> _Piece | None:
        """The newest of this name."""
        return next((each for each in reversed(self._pieces) if item_id and each.item_id == item_id), None)

    def _in_order(self, item_id: str) -> _Piece | None:
        """The newest, as not every server tells names.

        If that has words they were those of the one before, which waits for its own: they come in order.
        """
        found = self._unsettled(item_id)
        waiting = next((number for number, each in enumerate(found) if not each.text), 0)
        for number in range(waiting, 0, -1):
            earlier, later = found[number], found[number - 1]
            earlier.item_id, earlier.text = later.item_id, later.text
            self._history.transcribed(earlier.key, self._words(earlier.key))
        return found[0] if found else None

    def _unsettled(self, item_id: str) -> list[_Piece]:
        """Those whose words may still be other ones, the newest first."""
        unnamed = [each for each in reversed(self._pieces) if not (item_id and each.named)]
        return list(itertools.takewhile(lambda each: not each.settled, unnamed))
