"""What is asked of the server, and which of its answers are under way, wanted, kept or cancelled."""

from __future__ import annotations

from typing import Literal

from daemon.core.bounds import MAX_ANSWER_S
from daemon.core.effects import EffectsBuffer
from daemon.core.response.barge_in import CANCEL_S, BargeIn
from daemon.core.response.current_turn import CurrentTurn
from daemon.core.response.early import Early
from daemon.core.response.patience import Patience
from daemon.core.response.phase import ResponseCause, ResponsePhase
from daemon.core.response.tracker import Owed, Reply, ResponseTracker
from daemon.core.timers import Timers
from daemon.core.turn.phase import TurnTimer
from daemon.realtime.events import ConversationItem, Json, Response, ResponseCreate, ResponsePiece


class Exchange:
    """`due` is what is to be asked for as soon as there is room, `plain` what is asked for as a rule.

    Sets the timers `stall`, `cancel` and `long`.
    """

    def __init__(
        self,
        modality: Literal["audio", "text"],
        stall_s: float,
        effects: EffectsBuffer,
        timers: Timers[TurnTimer],
        current: CurrentTurn,
        responses: ResponseTracker,
        barge_in: BargeIn,
    ) -> None:
        self.due: Json | None = None
        # Said each time: a session that was seeded with text tends to answer in text.
        self.plain: Json = {"output_modalities": [modality]}
        self.early = Early()
        self._current = current
        self._patience = Patience(timers, stall_s)
        self._effects = effects
        self._timers = timers
        self._responses = responses
        self._barge_in = barge_in

    def create(self, response: Json, now: float) -> None:
        """Ask for an answer."""
        self.due = None
        if self._current.turn is not None:
            self._current.turn.ask_anew()
        event_id = self._effects.keys.new("create")
        self.expect(event_id, response, now)
        self._effects.send(ResponseCreate(event_id=event_id, response=response))

    def expect(self, event_id: str, response: Json, now: float) -> None:
        """The server owes an answer."""
        self._responses.ask(event_id, response)
        self.hold_on(now)

    def disown(self, now: float) -> None:
        """The server owes an answer that nobody wants."""
        self._responses.disown()
        self._timers.set(TurnTimer.CANCEL, now + CANCEL_S)

    def hold_on(self, now: float) -> None:
        """An answer gets on, or is about to."""
        self._patience.renew(now)

    def complained(self, complaint: str, now: float) -> None:
        """The server complains of something, perhaps of what it owes."""
        if self._responses.busy:
            self._patience.complained(complaint, self._responses.active is not None, now)

    def begun(self, response_id: str, welcome: bool, early: bool, now: float, announced: bool = True) -> bool:
        """An answer begins; False if nobody wants it, then it is cancelled, or if it has begun before.

        One that begins when another is due is taken in its place: the server answers by itself. One that
        begins too `early` is kept until it is clear what becomes of it.
        """
        unasked = ResponseCause.EARLY if early else ResponseCause.UNWELCOME
        reply = self._responses.begun(response_id, ResponseCause.BEGUN if welcome else unasked, announced)
        if reply is None:
            return False
        if reply.wanted:
            self.due = None
            self.hold_on(now)
            self._timers.set(TurnTimer.LONG, now + MAX_ANSWER_S)
        elif reply.phase is ResponsePhase.KEPT:
            self.early.keep(reply)
        else:
            self._cancel(reply, now + self._patience.stall_s)
        return reply.wanted

    def heard(self, event: ResponsePiece, now: float) -> Reply | None:
        """A piece of an answer: the answer, if it is wanted. For some servers the first is the beginning."""
        if self._responses.owes(event.response_id):
            self.begun(event.response_id, True, False, now, announced=False)
        reply = self._responses.of(event.response_id)
        if reply is None or reply.excess:
            return None
        reply.amount.add(event)
        reply.calls.hear(event)
        if reply is self.early.reply:
            self.early.add(event)
            if self.early.too_long:
                self.drop_early(now)
        return reply if reply.wanted else None

    def joined(self, event: ConversationItem) -> None:
        """An item of the conversation, perhaps of the answer under way."""
        reply = self._responses.joined(event.item)
        if reply is not None and not reply.excess:
            reply.amount.end([event.item])
            reply.calls.hear(event)

    def done(self, response: Response) -> Reply | None:
        """An answer is over: which, unless it is kept."""
        reply = self._responses.done(response)
        self.rest()
        if reply is not None and reply is self.early.reply:
            self.early.end = response
            return None
        return reply

    def drop_early(self, now: float) -> tuple[Reply, Response] | None:
        """What was kept is not wanted: it is cancelled, or returned with its end."""
        reply, end = self.early.reply, self.early.end
        self.early.forget()
        if reply is not None:
            reply.go(ResponseCause.GIVEN_UP)
        if reply is not None and end is None:
            self._cancel(reply, now + CANCEL_S)
        return (reply, end) if reply is not None and end is not None else None

    def refused(self, event_id: str | None, patient: bool, now: float) -> Owed | None:
        """`response.create` was not taken; if `patient`, it is asked for again when there is room."""
        owed = self._responses.refused(event_id, patient)
        if owed is not None and owed.refused:
            self._timers.set(TurnTimer.CANCEL, now + (self._patience.stall_s if owed.wanted else CANCEL_S))
        elif owed is not None:
            self.rest()
        return owed

    def rest(self) -> None:
        """While nothing is under way at the server, nothing of it is waited for."""
        self.due = self._responses.freed() or self.due
        if not self._responses.busy:
            self._timers.clear(TurnTimer.STALL, TurnTimer.CANCEL, TurnTimer.LONG)

    def give_up(self) -> None:
        """What was cancelled does not end."""
        self._responses.give_up()
        self.rest()

    def stalled(self) -> str:
        """What was asked for does not come; what the server has complained of, if it has."""
        if self._responses.active is not None:
            self._barge_in.stop(self._responses.active)
        self._responses.abandon()
        self.give_up()
        return self._patience.complaint

    def connection_lost(self) -> None:
        """Nothing is under way any more."""
        self._responses.connection_lost()
        self.early.forget()
        self._timers.clear(TurnTimer.STALL, TurnTimer.CANCEL, TurnTimer.LONG)

    def _cancel(self, reply: Reply, until: float) -> None:
        self._barge_in.stop(reply)
        self._timers.set(TurnTimer.CANCEL, until)
