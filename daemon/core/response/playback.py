"""Handles the speaker's reports. It alone knows what was heard of an answer."""

from __future__ import annotations

from daemon.audio.jitter_buffer import Cut
from daemon.core.response.barge_in import BargeIn
from daemon.core.response.current_answer import CurrentAnswer
from daemon.core.turn.phase import TurnTimer


class PlaybackReports:
    """Ends the timer `drain`, which `Contents` sets."""

    def __init__(self, answer: CurrentAnswer, barge_in: BargeIn) -> None:
        self._answer = answer
        self._barge_in = barge_in

    def started(self, at: float) -> None:
        """The first sample of an item has been handed to the card."""
        turn = self._answer.turn
        if turn is not None and turn.times.first_sound_at is None:
            turn.times.first_sound_at = at

    def drained(self, items: tuple[str, ...]) -> None:
        """Everything that has come was played, these items to their ends."""
        self._answer.playing = False
        self._answer.timers.clear(TurnTimer.DRAIN)
        if self._answer.turn is not None:
            self._answer.turn.heard_ms += sum(map(self._answer.items.received_ms, items))

    def lost(self, cut: Cut) -> None:
        """The speaker has failed: what it did not play must not count as said. The answer goes on."""
        if self._barge_in.waiting:
            self._barge_in.stopped(cut)
            if not self._answer.playing:
                return
        self.drained(cut.whole)
        if self._answer.turn is not None:
            self._barge_in.lose(self._answer.turn, cut)

    def unplayed(self, item_id: str) -> None:
        """Audio came while the speaker did not work. A user who typed can still read the answer."""
        self.drained(())
        turn = self._answer.turn
        if turn is not None and turn.source != "text":
            self._barge_in.lose(turn, Cut(None, 0, (), (item_id,)))
