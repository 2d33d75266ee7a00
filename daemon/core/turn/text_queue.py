"""Typed texts that wait until the turns before them are over."""

from __future__ import annotations

from collections import deque

from daemon.core.history.turn import Turn
from daemon.core.turn.question import CurrentQuestion

MAX_TEXTS = 8
FULL = "Too many texts are waiting; ask again when some are answered."
STOPPED = "Stopped before it was asked."


class TextQueue:
    """First come, first served."""

    def __init__(self, question: CurrentQuestion) -> None:
        self.texts: deque[Turn] = deque()
        self._question = question

    def add(self, turn: Turn) -> None:
        """Add a text, if there is room."""
        if len(self.texts) < MAX_TEXTS:
            self.texts.append(turn)
        else:
            self._question.drop(turn, FULL)

    def put_back(self, turn: Turn) -> None:
        """The user speaks instead: put the text back in first place."""
        self.texts.appendleft(turn)

    def take_next(self) -> None:
        """Make the oldest text the question."""
        if self.texts:
            self._question.turn = self.texts.popleft()

    def clear(self) -> None:
        """Drop all texts, and tell whoever asked them."""
        waiting = list(self.texts)
        self.texts.clear()
        for turn in waiting:
            self._question.drop(turn, STOPPED)
