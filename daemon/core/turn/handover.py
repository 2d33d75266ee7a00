"""The handover of a question: the server commits it, then begins to answer.

It makes an item of the question because we asked (`commit`), or because its own voice detection found the
end. Then it answers by itself, and the answer may be the first sign. A question that was withdrawn meanwhile
is answered too; that answer is not played.
"""

from __future__ import annotations

from dataclasses import dataclass

from daemon.core.history.turn import Turn
from daemon.core.response.controller import ResponseController
from daemon.core.timers import Timers
from daemon.core.turn.listening import SpokenQuestion
from daemon.core.turn.phase import TurnCause, TurnPhase, TurnTimer
from daemon.core.turn.question import CurrentQuestion
from daemon.core.turn.transcripts import Transcripts


@dataclass(eq=False)
class Handover:
    """`by_server`: the server's voice detection is in use, so what it commits is the whole question.

    `unasked`: it answers that by itself; else we ask, as if the button were released.
    """

    _by_server: bool
    _unasked: bool
    _timers: Timers[TurnTimer]
    _question: CurrentQuestion
    _listening: SpokenQuestion
    _transcripts: Transcripts
    _answer: ResponseController

    def committed(self, item_id: str, now: float) -> None:
        """The server has made an item of what was said."""
        turn = self._question.turn or self._answer.turn
        spoken = turn is not None and turn.source == "button" and not self._listening.withdrawn
        key = self._transcripts.taken(item_id, turn.key if turn is not None and spoken else "")
        if not key or not self._answer.responses.busy:  # not because we requested it
            self._disown(now)
        if turn is not None and turn.key == key:
            turn.taken = True
            if self._unasked:
                self._hand_over(turn, now)
            elif self._by_server:
                self._listening.let_go(now, now)

    def refused(self, event_id: str | None, reason: str, now: float) -> None:
        """The server refused to make an item of what was said, perhaps because it had made one already."""
        turn = self._question.turn or self._answer.turn
        self._transcripts.refused(turn.key if turn is not None else "", event_id or "")
        self._answer.failures.commit_refused(event_id, reason, now)

    def begun(self, response_id: str, now: float) -> None:
        """An answer begins, requested or not."""
        responses = self._answer.responses
        if not responses.busy:
            self._disown(now)
        if self._question.turn is not None and self._question.listening and not responses.unwelcome:
            self._hand_over(self._question.turn, now)
        question = self._question.turn
        early = question is not None and question.heard_out
        wanted = self._answer.exchange.begun(response_id, question is None, early, now)
        if wanted and self._answer.turn is None:
            self._answer.adopt(self._question.new("server", TurnPhase.ASKED))

    def _disown(self, now: float) -> None:
        """If a question was withdrawn, the server's answer to it is not wanted."""
        if self._listening.withdrawn:
            self._timers.clear(TurnTimer.WITHDRAWN)
            self._answer.exchange.disown(now)

    def _hand_over(self, turn: Turn, now: float) -> None:
        if self._by_server and self._question.listening:
            self._listening.capture.close()
            self._timers.clear(TurnTimer.SPEECH)
            turn.go(TurnCause.TAKEN)
            turn.times.released_at = now
            self._question.turn = None
            self._answer.expect(turn, now)
