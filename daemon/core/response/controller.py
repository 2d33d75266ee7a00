"""The server's side of a turn: from the posed question to the last sample heard, tools included."""

from __future__ import annotations

from typing import Literal

from daemon.audio.jitter_buffer import Cut
from daemon.core import events as ev
from daemon.core.bounds import TOO_LONG, TOO_MUCH
from daemon.core.effects import EffectsBuffer
from daemon.core.history.history import History
from daemon.core.history.turn import Turn
from daemon.core.response.barge_in import BargeIn
from daemon.core.response.calls import Way
from daemon.core.response.contents import Contents
from daemon.core.response.endings import shortfall
from daemon.core.response.exchange import Exchange
from daemon.core.response.items import READER, Items
from daemon.core.response.phase import ResponseCause
from daemon.core.response.speech_fallback import SpeechFallback
from daemon.core.response.tool_calls import INTERRUPTED_OUTPUT, LATE_OUTPUT, UNFINISHED_OUTPUT, ToolCalls
from daemon.core.response.tracker import Reply, ResponseTracker
from daemon.core.timers import Timers
from daemon.core.turn.phase import CUT_OFF, TurnCause, TurnPhase
from daemon.realtime.events import ConversationItem, Json, Response, ResponsePiece

MAX_ROUNDS = 8
STALLED = "The server stopped answering; press the button to ask again."
BROKEN = "The connection broke in the middle of the answer; press the button to ask again."


class ResponseController:
    """At most one turn is being answered. Sets the timers `stall`, `drain`, `cancel`, `cut` and `tools`."""

    def __init__(
        self,
        modality: Literal["audio", "text"],
        stall_s: float,
        effects: EffectsBuffer,
        timers: Timers,
        history: History,
    ) -> None:
        self.turn: Turn | None = None
        self.stalled = False
        self._modality = modality
        self._effects = effects
        self._timers = timers
        self._history = history
        self._responses = ResponseTracker(effects.keys)
        self._items = Items(effects.keys)
        self._tools = ToolCalls(effects, timers, history)
        self._barge_in = BargeIn(effects, timers, history, self._items, self._responses)
        self._exchange = Exchange(stall_s, effects, timers, self._responses, self._barge_in)
        self._contents = Contents(effects, timers, history, self._items, self._barge_in)
        self.speech_fallback = SpeechFallback(modality, effects, timers, history, self._items)

    @property
    def playing(self) -> bool:
        """Has the speaker something of it to play?"""
        return self._contents.playing

    @property
    def unwelcome(self) -> bool:
        """Is the next answer to begin one that nobody wants any more?"""
        return self._responses.unwelcome

    @property
    def under_way(self) -> bool:
        """Is the server in the middle of one?"""
        return self._responses.active is not None

    @property
    def busy(self) -> bool:
        """Is an answer under way or owed?"""
        return self._responses.busy

    @property
    def free(self) -> bool:
        """May a question be posed? The speaker has told what was heard, and the server is done."""
        return self.turn is None and not self._barge_in.waiting and not self.busy

    @property
    def over(self) -> bool:
        """Answered, its tools have answered too, and the last sample was heard."""
        if self.turn is None or self.turn.phase in CUT_OFF or self._tools.open_for(self.turn):
            return False
        waits = self.playing or self._responses.busy or self._exchange.due is not None
        return not (waits or self.speech_fallback.unread)

    # ------------------------------------------------------------ asking

    def pose(self, turn: Turn, now: float, response: Json | None = None) -> None:
        """The question is on the wire: ask for the answer."""
        self._take(turn, now)
        self._create(response or self._plain(), now)

    def expect(self, turn: Turn, now: float) -> None:
        """The server's voice detection has taken the question and answers by itself."""
        self._take(turn, now)
        self._ask_anew()
        self._exchange.expect("", {}, now)

    def disown(self, now: float) -> None:
        """The server's voice detection has taken what nobody wants to have said, and answers it."""
        self._exchange.disown(now)

    def settle(self, now: float) -> None:
        """Ask for what is due as soon as the server is there and free."""
        if self.over and self.turn is not None and self.speech_fallback.needed(self.turn):
            self._exchange.due = self.speech_fallback.remedy(self.turn, now)
        if self._exchange.due is not None and self._effects.online and not self._responses.busy:
            self._create(self._exchange.due, now)

    def _take(self, turn: Turn, now: float) -> None:
        self._items.forget()
        self.turn, turn.committed_at = turn, now

    def _plain(self) -> Json:
        # Said each time: a session that was seeded with text tends to answer in text.
        return {"output_modalities": [self._modality]}

    def _create(self, response: Json, now: float) -> None:
        self._ask_anew()
        self._exchange.create(response, now)

    def _ask_anew(self) -> None:
        if self.turn is not None:
            self.turn.voiced, self.turn.written = False, {}

    # ------------------------------------------------------------ what the server says

    def begun(self, response_id: str, welcome: bool, early: bool, now: float) -> bool:
        """An answer begins; False if nobody wants it, or if it has begun before (see `Exchange`)."""
        return self._exchange.begun(response_id, welcome, early, now)

    def hear(self, event: ResponsePiece, now: float) -> None:
        """A piece of an answer."""
        reply = self._exchange.heard(event, now)
        if reply is None or self.turn is None:
            return
        if excess := reply.excess:
            self._cut(TOO_MUCH.format(excess), now)
            return
        self._exchange.hold_on(now)
        self._contents.hear(self.turn, reply, event, now)

    def joined(self, event: ConversationItem) -> None:
        """The conversation has an item more, which some servers say of a call and nothing else."""
        self._exchange.joined(event)

    def done(self, response: Response, now: float) -> None:
        """The answer is over: run its calls if it was completed."""
        reply = self._exchange.done(response)
        self._barge_in.put_right()
        if reply is not None:
            self._complete(reply, response, now)
        elif missing := shortfall(response):
            self._effects.do(ev.ServerNotice(missing))

    def _complete(self, reply: Reply, response: Response, now: float) -> None:
        output = reply.end(response.output)
        calls = reply.calls.all(output) if response.completed and not reply.excess else []
        missing = shortfall(response)
        if self.turn is None or not reply.wanted:
            if missing:
                self._effects.do(ev.ServerNotice(missing))
            self._tools.refuse(calls, INTERRUPTED_OUTPUT if reply.asked else UNFINISHED_OUTPUT)
            return
        if response.withdrawn and self.turn.detected and self.turn.rounds < MAX_ROUNDS:
            # The server's voice detection still hears the question, and answers it by itself.
            self.turn.rounds += 1
            self._exchange.expect("", {}, now)
            return
        if missing:
            self.fail(missing)
        if reply.excess:
            self.fail(TOO_MUCH.format(reply.excess))
        for index, item in enumerate(output):
            self._contents.whole(self.turn, reply, item, index, Way.RESPONSE_DONE, now)
        self._contents.end(self._items.spoken_of(reply.key))
        self._history.question(self.turn)
        self.turn.rounds += 1
        if calls:
            self._exchange.due = None  # it comes when they have answered
        self._tools.start(self.turn, calls, now)

    # ------------------------------------------------------------ what the server began by itself

    @property
    def early(self) -> bool:
        """Is there an answer to what is being asked, before it was asked?"""
        return self._exchange.early.reply is not None and not self._barge_in.waiting

    def take_early(self, turn: Turn, now: float) -> None:
        """It is the answer to this question: all that has come of it counts."""
        early = self._exchange.early
        reply, pieces, end = early.reply, early.pieces, early.end
        early.forget()
        self._take(turn, now)
        if reply is None:
            return
        reply.go(ResponseCause.CHOSEN)
        self._exchange.hold_on(now)
        for piece in pieces:
            self._contents.hear(turn, reply, piece, now)
        if end is not None:
            self._exchange.rest()
            self._complete(reply, end, now)

    def drop_early(self, now: float) -> None:
        """More is said, or nothing was to be asked: it is not the answer."""
        if over := self._exchange.drop_early(now):
            self._complete(*over, now)

    def create_refused(self, event_id: str | None, because_busy: bool, reason: str, now: float) -> bool:
        """The server did not take `response.create`: ask again when it is free, or give up.

        False if that is no news: it is about one of long ago, or the server has answered all the same.
        """
        turn = self.turn
        patient = because_busy and (turn is None or turn.rounds < MAX_ROUNDS)
        owed = self._exchange.refused(event_id, patient, now)
        if turn is not None and owed is not None and owed.refused:
            turn.rounds += owed.wanted
        elif owed is not None and owed.wanted:
            self.fail(reason)
        return owed is not None

    def commit_refused(self, event_id: str | None, reason: str, now: float) -> None:
        """The server did not take the utterance: the answer asked for behind it would be to an older one.

        Unless the server's voice detection has taken it already.
        """
        turn = self.turn
        if turn is None or turn.source != "button" or turn.taken:
            return
        if not self._effects.keys.own(event_id) or event_id == turn.commit:
            self._cut(reason, now)

    def _cut(self, reason: str, now: float) -> None:
        """No more of what is being answered is wanted; what has come is played."""
        self._barge_in.cancel(now)
        self._contents.end(self._items.own)
        self.fail(reason)

    def complained(self, complaint: str, now: float) -> None:
        """The server complains of something that it does not name."""
        if self.turn is not None:
            self._exchange.complained(complaint, now)

    def fail(self, reason: str) -> None:
        """There will be no answer, or not all of it."""
        if self.turn is not None:
            self.turn.trouble = reason
        unasked = self.turn is not None and self.turn.of_nobody
        self._effects.do(ev.ServerNotice(reason) if unasked else ev.UserAlert(reason))

    # ------------------------------------------------------------ what others say: voice, tools, speaker

    def read(self, item_id: str, delta: bytes, now: float) -> None:
        """More of the offline voice."""
        if self.turn is not None and self.speech_fallback.unread:
            key = self._items.key(READER, item_id, 0, kept=False)
            if len(delta) > 1:
                self.speech_fallback.voiced(self.turn, key, now)
            self._contents.audio(self.turn, key, delta, now)

    def read_over(self, whole: bool, now: float) -> None:
        """It has said everything, or has broken off; where it has said nothing, it cannot be had."""
        if self.speech_fallback.begun:
            self._contents.end(self._items.spoken_of(READER))
            self.speech_fallback.end()
            if not whole:
                self.fail(BROKEN)
        elif self.turn is not None and self.speech_fallback.unread:
            self._exchange.due = self.speech_fallback.outside(self.turn)
            self.settle(now)

    def tool_done(self, key: str, output: str) -> None:
        """A tool has answered; after the last one of the turn the model goes on."""
        turn = self._tools.done(key, output)
        if turn is None or turn is not self.turn or self._tools.open_for(turn):
            return
        if not all(call.stops for call in turn.calls.values()):
            # A model that calls tools for ever is made to speak.
            last = {"tool_choice": "none"} if turn.rounds >= MAX_ROUNDS else {}
            self._exchange.due = self._plain() | last

    def sounded(self, at: float) -> None:
        """The first sample of an item has been handed to the card."""
        if self.turn is not None and self.turn.first_sound_at is None:
            self.turn.first_sound_at = at

    def drained(self, items: tuple[str, ...]) -> None:
        """Everything that had come has been heard, these items to their ends."""
        self._contents.playing = False
        self._timers.clear("drain")
        if self.turn is not None:
            self.turn.heard_ms += sum(map(self._items.received_ms, items))

    def stopped(self, cut: Cut) -> None:
        """The speaker has fallen silent because it was asked to."""
        self._barge_in.stopped(cut)

    def speaker_lost(self, cut: Cut) -> None:
        """The speaker has failed: what it did not play must not count as said. The answer itself goes on."""
        if self._barge_in.waiting:
            self.stopped(cut)
            if not self.playing:
                return
        self.drained(cut.whole)
        if self.turn is not None:
            self._barge_in.lose(self.turn, cut)

    def unplayed(self, item_id: str) -> None:
        """Audio has come while the speaker does not work. Who asked in writing reads the answer at least."""
        self.drained(())
        if self.turn is not None and self.turn.source != "text":
            self._barge_in.lose(self.turn, Cut(None, 0, (), (item_id,)))

    def interrupt(self, now: float) -> None:
        """Barge-in: whatever is being answered is over."""
        self.speech_fallback.interrupt()
        turn = self._leave()
        self._barge_in.cancel(now)
        if turn is None:
            return
        self._history.question(turn)
        turn.go(TurnCause.INTERRUPTED)
        if self.playing:
            self._contents.playing = False
            self._barge_in.silence(turn, now)
            return
        for key in turn.replies:
            if not self._items.received_ms(key):
                self._history.heard(key, 0, 1)
        self._effects.do(ev.TurnOver(turn.record(), turn.ticket))

    def forget(self) -> None:
        """Nothing of what was done is told to anybody any more."""
        self._tools.forget()

    def finish(self) -> None:
        """The turn is over."""
        turn = self._leave()
        if turn is not None:
            self._effects.do(ev.TurnOver(turn.record(), turn.ticket))

    def _leave(self) -> Turn | None:
        turn, self.turn, self._exchange.due = self.turn, None, None
        self.speech_fallback.end()
        self._timers.clear("stall", "drain", "wait")
        return turn

    # ------------------------------------------------------------ connection and time

    def offline(self) -> None:
        """The connection is gone: what has come is played to its end, and is the answer then."""
        turn = self.turn
        unfinished = turn is not None and (
            self._responses.busy or self._exchange.due is not None or self._tools.open_for(turn)
        )
        if turn is not None and unfinished:
            if turn.source != "server" and (turn.phase is TurnPhase.ASKED or turn.calls):
                turn.go(TurnCause.DISCONNECTED)
            else:
                self.fail(BROKEN)
        self._contents.end(self._items.own)
        self._items.connection_lost()
        self._exchange.connection_lost()
        self._barge_in.connection_lost()
        self._tools.connection_lost()

    def online(self) -> Turn | None:
        """A new session knows the history. Returns the turn whose question it must be asked again."""
        self._items.tell(self._history.words_of)
        turn = self.turn
        if turn is None or turn.phase not in CUT_OFF:
            return None
        turn.go(TurnCause.RECONNECTED)
        if turn.phase is TurnPhase.WAITING:
            self.turn = self._exchange.due = None
            turn.taken = False
            return turn
        if not self._tools.open_for(turn):
            self._exchange.due = self._plain()
        return None

    def expired(self, name: str, now: float) -> None:
        """Something did not come in time."""
        match name:
            case "cut":
                self.stopped(Cut(None, 0, (), ()))
            case "cancel":
                self._exchange.give_up()
                self._barge_in.put_right()
            case "drain":
                self.drained(())
            case "stall":
                self._stalled()
            case "long":
                self._cut(TOO_LONG, now)
            case "reader":
                self.read_over(False, now)
            case "tools":
                for key in self._tools.late():
                    self.tool_done(key, LATE_OUTPUT)

    def _stalled(self) -> None:
        complaint = self._exchange.stalled()
        self._barge_in.put_right()
        self.stalled = not complaint
        self._contents.end(self._items.own)
        self.fail(complaint or STALLED)
