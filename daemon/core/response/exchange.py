"""The requests to the server, and which of its answers are under way, wanted, kept or cancelled."""

from __future__ import annotations

from msgspec import Struct, field

from daemon.core.bounds import MAX_ANSWER_S
from daemon.core.response.barge_in import CANCEL_S, BargeIn
from daemon.core.response.current_answer import CurrentAnswer
from daemon.core.response.phase import ResponseCause, ResponsePhase
from daemon.core.response.tracker import Owed, Reply
from daemon.core.turn.phase import TurnTimer
from daemon.realtime import events as wire
from daemon.realtime.events import BYTES_PER_S, Json, Response, ResponsePiece

MOST_KEPT_PIECES = 4000
_MOST_KEPT_BYTES = 120 * BYTES_PER_S
_MODALITIES = "output_modalities"
UNBEGUN_S = 2.0
BEGUN_S = 5.0


class EarlyAnswer(Struct):
    """An answer that the server began by itself while the button was still down.

    Its voice detection cannot be switched off, and found an end. The answer is not played yet: if nothing
    more is said until the button is released it is used, else it is cancelled. `end`: how it ended, if it
    has.
    """

    reply: Reply
    pieces: list[ResponsePiece] = field(default_factory=list)
    end: Response | None = None


class Exchange:
    """Sends requests and tracks answers. Sets the timers `stall`, `cancel` and `long`.

    `early` is an answer that is kept, if there is one. `complaint` is the error that came since the last sign
    of an answer.
    """

    def __init__(self, answer: CurrentAnswer, barge_in: BargeIn, stall_s: float) -> None:
        self.early: EarlyAnswer | None = None
        self.complaint = ""
        self._answer = answer
        self._barge_in = barge_in
        self._stall_s = stall_s
        self._modalities_refused = False

    def create(self, response: Json, now: float) -> None:
        """Request an answer."""
        self._answer.due = None
        if self._answer.turn is not None:
            self._answer.turn.ask_anew()
        if self._modalities_refused:
            response = {key: value for key, value in response.items() if key != _MODALITIES}
        event_id = self._answer.effects.keys.new("create")
        self.expect(event_id, response, now)
        self._answer.effects.send(wire.ResponseCreate(event_id=event_id, response=response))

    def expect(self, event_id: str, response: Json, now: float) -> None:
        """An answer is due from the server."""
        self._answer.responses.ask(event_id, response)
        self.hold_on(now)

    def disown(self, now: float) -> None:
        """The server will send an answer that is not wanted."""
        self._answer.responses.disown()
        self._answer.timers.set(TurnTimer.CANCEL, now + CANCEL_S)

    def hold_on(self, now: float) -> None:
        """An answer makes progress, or is about to."""
        self.complaint = ""
        self._answer.timers.set(TurnTimer.STALL, now + self._stall_s)

    def complained(self, complaint: str, now: float) -> None:
        """An error came that names no event; the first one counts.

        It is taken to be about the answer only if nothing more of that comes.
        """
        timers, responses = self._answer.timers, self._answer.responses
        if self._answer.turn is None or not responses.busy or TurnTimer.STALL not in timers or self.complaint:
            return
        self.complaint = complaint
        patience_s = BEGUN_S if responses.under_way else UNBEGUN_S
        timers.set(TurnTimer.STALL, now + min(self._stall_s, patience_s))

    def begun(self, response_id: str, welcome: bool, early: bool, now: float, announced: bool = True) -> bool:
        """An answer begins; False if it is not wanted, and cancelled then, or has begun before.

        One that the server begins by itself while another is due takes its place. One that begins too `early`
        is kept until it is clear whether it is used.
        """
        unasked = ResponseCause.EARLY if early else ResponseCause.UNWELCOME
        how = ResponseCause.BEGUN if welcome else unasked
        reply = self._answer.responses.begun(response_id, how, announced)
        if reply is None:
            return False
        if reply.wanted:
            self._answer.due = None
            self.hold_on(now)
            self._answer.timers.set(TurnTimer.LONG, now + MAX_ANSWER_S)
        elif reply.phase is ResponsePhase.KEPT:
            self.early = EarlyAnswer(reply)
        else:
            self._cancel(reply, now + self._stall_s)
        return reply.wanted

    def heard(self, event: ResponsePiece, now: float) -> Reply | None:
        """The answer of an event, if it is wanted. For some servers the first event is the beginning."""
        if self._answer.responses.owes(event.response_id):
            self.begun(event.response_id, True, False, now, announced=False)
        reply = self._answer.responses.of(event.response_id)
        if reply is None or reply.excess:
            return None
        reply.amount.add(event)
        reply.calls.hear(event)
        if self.early is not None and reply is self.early.reply:
            self.early.pieces.append(event)
            if reply.amount.pieces > MOST_KEPT_PIECES or reply.amount.sound_bytes > _MOST_KEPT_BYTES:
                self.drop_early(now)
        return reply if reply.wanted else None

    def joined(self, event: wire.ConversationItem) -> None:
        """Handle an item of the conversation, perhaps of the answer under way."""
        reply = self._answer.responses.joined(event.item)
        if reply is not None and not reply.excess:
            reply.amount.end([event.item])
            reply.calls.hear(event)

    def done(self, response: Response) -> Reply | None:
        """The answer that is over, unless it is kept."""
        reply = self._answer.responses.done(response)
        self.rest()
        if self.early is not None and reply is self.early.reply:
            self.early.end = response
            return None
        return reply

    def drop_early(self, now: float) -> EarlyAnswer | None:
        """Drop the kept answer: cancel it, unless it has ended. Returns it."""
        early, self.early = self.early, None
        if early is not None:
            early.reply.go(ResponseCause.GIVEN_UP)
            if early.end is None:
                self._cancel(early.reply, now + CANCEL_S)
        return early

    def refused(self, event_id: str | None, patient: bool, now: float) -> Owed | None:
        """`response.create` was refused; if `patient`, it is sent again when the server is free."""
        owed = self._answer.responses.refused(event_id, patient)
        if owed is not None and owed.refused:
            self._answer.timers.set(TurnTimer.CANCEL, now + (self._stall_s if owed.wanted else CANCEL_S))
        elif owed is not None:
            self.rest()
        return owed

    def ask_for_less(self, owed: Owed, error: wire.ErrorDetail) -> bool:
        """Leave the modalities out from now on, if the error is about them; returns whether it is."""
        named = error.param == "response" or _MODALITIES in f"{error.param} {error.message}"
        if not named or _MODALITIES not in owed.response:
            return False
        self._modalities_refused, self._answer.due = True, owed.response
        return True

    def rest(self) -> None:
        """If nothing is under way at the server, clear the timers."""
        self._answer.due = self._answer.responses.freed() or self._answer.due
        if not self._answer.responses.busy:
            self._answer.timers.clear(TurnTimer.STALL, TurnTimer.CANCEL, TurnTimer.LONG)

    def give_up(self) -> None:
        """A cancelled answer does not end: stop waiting for it."""
        self._answer.responses.give_up()
        self.rest()

    def stalled(self) -> str:
        """The requested answer does not come. Returns the server's complaint, if there was one."""
        responses = self._answer.responses
        if responses.active is not None:
            self._barge_in.stop(responses.active)
        responses.abandon()
        self.give_up()
        return self.complaint

    def connection_lost(self) -> None:
        """Nothing is under way on the next connection."""
        self._answer.responses.connection_lost()
        self.early, self._modalities_refused = None, False
        self._answer.timers.clear(TurnTimer.STALL, TurnTimer.CANCEL, TurnTimer.LONG)

    def _cancel(self, reply: Reply, until: float) -> None:
        self._barge_in.stop(reply)
        self._answer.timers.set(TurnTimer.CANCEL, until)
