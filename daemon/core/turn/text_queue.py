"""Texts that wait until the turns before them are over."""

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
        """One more, if there is room."""
        if len(self.texts) < MAX_TEXTS:
            self.texts.append(turn)
        else:
            self._question.drop(turn, FULL)

    def put_back(self, turn: Turn) -> None:
        """It was its turn, and somebody speaks instead."""
        self.texts.appendleft(turn)

    def take_next(self) -> None:
        """The one that has waited longest becomes the question."""
        if self.texts:
            self._question.turn = self.texts.popleft()

    def clear(self) -> None:
        """None of them is asked, and whoever asked is told."""
        waiting = list(self.texts)
        self.texts.clear()
        for turn in waiting:
            self._question.drop(turn, STOPPED)
