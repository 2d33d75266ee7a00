"""Answers that fail: refused, followed by an error, too much, too long, or never there."""

from __future__ import annotations

from daemon.core.response.barge_in import BargeIn
from daemon.core.response.contents import Contents
from daemon.core.response.current_answer import CurrentAnswer
from daemon.core.response.exchange import Exchange
from daemon.core.response.rounds import MAX_ROUNDS
from daemon.realtime.events import ErrorDetail

STALLED = "The server stopped answering; press the button to ask again."


class Failures:
    """Handles them. `unresponsive`: the connection is alive and the server silent, so try a new session."""

    def __init__(
        self, answer: CurrentAnswer, exchange: Exchange, contents: Contents, barge_in: BargeIn
    ) -> None:
        self.unresponsive = False
        self._answer = answer
        self._exchange = exchange
        self._contents = contents
        self._barge_in = barge_in

    def create_refused(self, error: ErrorDetail, because_busy: bool, now: float) -> bool:
        """The server refused `response.create`: ask again when it is free, or for less, or give up.

        False if it does not matter: it is about an old request, or the server has answered all the same.
        """
        turn = self._answer.turn
        patient = because_busy and (turn is None or turn.rounds < MAX_ROUNDS)
        owed = self._exchange.refused(error.event_id, patient, now)
        if turn is not None and owed is not None and owed.refused:
            turn.rounds += owed.wanted
        elif owed is not None and owed.wanted and not self._exchange.ask_for_less(owed, error):
            self._answer.fail(error.message)
        return owed is not None

    def commit_refused(self, event_id: str | None, reason: str, now: float) -> None:
        """The server refused the utterance, so the answer requested after it would be to an older one.

        Does nothing if the server's voice detection has committed it already.
        """
        turn = self._answer.turn
        if turn is None or turn.source != "button" or turn.taken:
            return
        if not self._answer.effects.keys.own(event_id) or event_id == turn.commit:
            self.cut(reason, now)

    def cut(self, reason: str, now: float) -> None:
        """Cut the answer off; what has come is played."""
        self._barge_in.cancel(now)
        self._contents.end(self._answer.items.own)
        self._answer.fail(reason)

    def stalled(self) -> None:
        """Nothing of the answer came for too long."""
        complaint = self._exchange.stalled()
        self._barge_in.put_right()
        self.unresponsive = not complaint
        self._contents.end(self._answer.items.own)
        self._answer.fail(complaint or STALLED)
