"""The server's side of a turn: from the posed question to the last sample heard, tools included."""

from __future__ import annotations

from typing import Literal

from daemon.core import events as ev
from daemon.core.aloud import Aloud
from daemon.core.barge_in import BargeIn
from daemon.core.ledger import Ledger
from daemon.core.outbox import Outbox
from daemon.core.playout import Cut
from daemon.core.responses import READER, Responses
from daemon.core.timers import Timers
from daemon.core.tools_due import LATE_OUTPUT, ToolsDue
from daemon.core.turn import Turn
from daemon.protocol import Item, Json, ResponseCancel, ResponseCreate

DRAIN_SLACK_S = 10.0
MAX_ROUNDS = 8
UNHEARD = "The answer could not be heard, as the speaker does not work; ask voiced doctor."
BROKEN = "The connection broke in the middle of the answer; press the button to ask again."


class Answer:
    """At most one turn is being answered. Sets the timers `stall`, `drain`, `cancel`, `cut` and `tools`."""

    def __init__(
        self,
        modality: Literal["audio", "text"],
        stall_s: float,
        outbox: Outbox,
        timers: Timers,
        ledger: Ledger,
    ) -> None:
        self.turn: Turn | None = None
        self.playing = False
        self._due: Json | None = None
        self._asked: Json = {}
        self._cut_off = False
        self.stalled = False
        self._modality = modality
        self._stall_s = stall_s
        self._outbox = outbox
        self._timers = timers
        self._ledger = ledger
        self._responses = Responses()
        self._tools = ToolsDue(outbox, timers, ledger)
        self._barge_in = BargeIn(outbox, timers, ledger)
        self.aloud = Aloud(modality, outbox, timers, ledger)

    @property
    def free(self) -> bool:
        """May a question be posed? The speaker has told what was heard, and the server is done."""
        return self.turn is None and not self._barge_in.waiting and not self._responses.busy

    @property
    def over(self) -> bool:
        """Answered, its tools have answered too, and the last sample was heard."""
        waits = self.playing or self._cut_off or self._responses.busy or self._due is not None
        waits |= bool(self.aloud.unread)
        return self.turn is not None and not waits and not self._tools.open_for(self.turn)

    # ------------------------------------------------------------ asking

    def pose(self, turn: Turn, now: float, response: Json | None = None) -> None:
        """The question is on the wire: ask for the answer."""
        self._take(turn, now)
        self._create(response or self._plain(), now)

    def expect(self, turn: Turn, now: float) -> None:
        """The server's voice detection has taken the question and answers by itself."""
        self._take(turn, now)
        self._await(now)

    def settle(self, now: float) -> None:
        """Ask for what is due as soon as the server is there and free."""
        if self.over and self.turn is not None and self.aloud.needed(self.turn):
            self._due = self.aloud.remedy(self.turn, now)
        if self._due is not None and self._outbox.online and not self._responses.busy:
            self._create(self._due, now)

    def _take(self, turn: Turn, now: float) -> None:
        self._responses.forget_items()
        self.turn, turn.committed_at = turn, now

    def _plain(self) -> Json:
        # Said each time: a session that was seeded with text tends to answer in text.
        return {"output_modalities": [self._modality]}

    def _create(self, response: Json, now: float) -> None:
        self._due, self._asked = None, response
        self._responses.aside = "conversation" in response
        self._await(now)
        self._outbox.send(ResponseCreate(event_id="create", response=response))

    def _await(self, now: float) -> None:
        if self.turn is not None:
            self.turn.voiced, self.turn.written = False, []
        self._responses.ask()
        self._timers.set("stall", now + self._stall_s)

    # ------------------------------------------------------------ what the server says

    def begun(self, response_id: str, welcome: bool, now: float) -> bool:
        """An answer begins; False if nobody wants it, then it is cancelled."""
        wanted = self._responses.begun(response_id) and welcome
        if wanted:
            self._timers.set("stall", now + self._stall_s)
        else:
            self._responses.abandon()
            self._outbox.send(ResponseCancel(response_id=response_id))
            self._timers.set("cancel", now + self._stall_s)
        return wanted

    def audio(self, item_id: str, response_id: str, delta: bytes, now: float) -> None:
        """More of the voice."""
        turn = self._wanted(response_id, now)
        pcm = self._responses.audio(item_id, response_id, delta) if turn else b""
        if turn is not None and pcm:
            self._remember(turn)
            self._play(turn, item_id, pcm, now)

    def _play(self, turn: Turn, item_id: str, pcm: bytes, now: float) -> None:
        if turn.first_delta_at is None:
            turn.first_delta_at = now
        turn.voiced = self.playing = True
        self._timers.set("drain", now + self._responses.total_s + DRAIN_SLACK_S)
        self._outbox.do(ev.Play(item_id, pcm))

    def words(self, item_id: str, response_id: str, text: str, whole: bool, now: float) -> None:
        """More of the words of the answer, or (`whole`) all of them."""
        turn = self._wanted(response_id, now)
        if turn is None:
            return
        before = turn.replies.get(item_id, "")
        if item_id not in turn.written:
            turn.written.append(item_id)
        turn.replies[item_id] = text if whole else before + text
        if not (whole and before):
            self._outbox.do(ev.Words("assistant", text))
        self._remember(turn)
        self._ledger.assistant(item_id, turn.replies[item_id])
        self._barge_in.reworded(item_id, self._responses)

    def item_ended(self, item_id: str, response_id: str) -> None:
        """No more audio will come for this item."""
        if self._responses.wanted(response_id) and item_id in self._responses.items:
            self._outbox.do(ev.PlayEnd(item_id))

    def done(self, response_id: str, items: list[Item], now: float) -> None:
        """The answer is complete: run its calls. `items` is empty unless it was completed."""
        wanted = self._responses.wanted(response_id) and self._due is None
        first = self._responses.active == response_id
        self._responses.done(response_id)
        self._rest()
        self._barge_in.put_right(self._responses)
        if not wanted or self.turn is None:
            self._tools.refuse(items if first else [])
            return
        self._end_items(self._responses.items_of(response_id))
        self._remember(self.turn)
        self.turn.rounds += 1
        self._tools.start(self.turn, items, now)

    def create_refused(self, because_busy: bool, reason: str, now: float) -> None:
        """The server did not take `response.create`: ask again when it is free, or give up."""
        self._responses.refused()
        self._rest()
        if not because_busy or self.turn is None or self.turn.rounds >= MAX_ROUNDS:
            self.fail(reason)
            return
        self.turn.rounds += 1
        self._responses.blocked()
        self._timers.set("cancel", now + self._stall_s)
        self._due = self._asked

    def _rest(self) -> None:
        """While nothing is under way at the server, nothing of it is waited for."""
        if not self._responses.busy:
            self._timers.clear("stall", "cancel")

    def commit_refused(self, reason: str, now: float) -> None:
        """The server did not take the utterance: the answer asked for behind it would be to an older one.

        Unless the server's voice detection has taken it already.
        """
        turn = self.turn
        if turn is not None and turn.source == "button" and not turn.user_item:
            self._barge_in.cancel(self._responses, now)
            self._end_items(list(self._responses.items))
            self.fail(reason)

    def fail(self, reason: str) -> None:
        """There will be no answer, or not all of it."""
        if self.turn is not None:
            self.turn.trouble = reason
        self._outbox.do(ev.Trouble(reason))

    def _wanted(self, response_id: str, now: float) -> Turn | None:
        if self.turn is None or not self._responses.wanted(response_id):
            return None
        self._timers.set("stall", now + self._stall_s)
        return self.turn

    def _remember(self, turn: Turn) -> None:
        """An answer has begun: from here on the question is history, and is never asked again."""
        if not turn.remembered and turn.source in ("button", "text"):
            self._ledger.user(turn.user_item, turn.heard or turn.text, turn.spoken)
            turn.spoken = ()
        turn.remembered = True

    def _end_items(self, items: list[str]) -> None:
        for item_id in items:
            self._outbox.do(ev.PlayEnd(item_id))

    # ------------------------------------------------------------ what others say: voice, tools, speaker

    def read(self, item_id: str, delta: bytes, now: float) -> None:
        """More of the offline voice."""
        pcm = self._responses.audio(item_id, READER, delta) if self.aloud.unread else b""
        if self.turn is not None and pcm:
            self.aloud.voiced(self.turn, item_id, now)
            self._play(self.turn, item_id, pcm, now)

    def read_over(self, whole: bool, now: float) -> None:
        """It has said everything, or has broken off; where it has said nothing, it cannot be had."""
        if self.aloud.begun:
            self._end_items(self._responses.items_of(READER))
            self.aloud.end()
            if not whole:
                self.fail(BROKEN)
        elif self.turn is not None and self.aloud.unread:
            self._due = self.aloud.outside(self.turn)
            self.settle(now)

    def tool_done(self, call_id: str, output: str) -> None:
        """A tool has answered; after the last one of the turn the model goes on."""
        turn = self._tools.done(call_id, output)
        if turn is None or turn is not self.turn or self._tools.open_for(turn):
            return
        if not all(call.stops for call in turn.calls.values()):
            # A model that calls tools for ever is made to speak.
            self._due = self._plain() | ({"tool_choice": "none"} if turn.rounds >= MAX_ROUNDS else {})

    def sounded(self, at: float) -> None:
        """The first sample of an item has been handed to the card."""
        if self.turn is not None and self.turn.first_sound_at is None:
            self.turn.first_sound_at = at

    def drained(self, items: tuple[str, ...]) -> None:
        """Everything that had come has been heard, these items to their ends."""
        self.playing = False
        self._timers.clear("drain")
        if self.turn is not None:
            self.turn.heard_ms += sum(map(self._responses.received_ms, items))

    def stopped(self, cut: Cut) -> None:
        """The speaker has fallen silent because it was asked to."""
        turn = self._barge_in.heard(cut, self._responses)
        if turn is not None:
            self._outbox.do(ev.TurnOver(turn.record(), turn.ticket))
        self._barge_in.put_right(self._responses)

    def speaker_lost(self, cut: Cut) -> None:
        """The speaker has failed: what it did not play must not count as said. The answer itself goes on."""
        if self._barge_in.waiting:
            self.stopped(cut)
            return
        self.drained(cut.whole)
        self._lose(cut)

    def unplayed(self, item_id: str) -> None:
        """Audio has come while the speaker does not work. Who asked in writing reads the answer at least."""
        self.drained(())
        if self.turn is not None and self.turn.source != "text":
            self._lose(Cut(None, 0, (), (item_id,)))

    def _lose(self, cut: Cut) -> None:
        """Some of the answer is never heard: told once in a turn."""
        turn = self.turn
        if turn is None or not (cut.item_id or cut.unheard):
            return
        turn.heard_ms += self._barge_in.cut(cut, self._responses)
        self._barge_in.put_right(self._responses)
        if not turn.unplayed:
            turn.unplayed = True
            self.fail(UNHEARD)

    def interrupt(self, now: float) -> None:
        """Barge-in: whatever is being answered is over."""
        self.aloud.interrupt()
        turn = self._leave()
        self._barge_in.cancel(self._responses, now)
        if turn is None:
            return
        self._remember(turn)
        turn.interrupted = True
        if self.playing:
            self.playing = False
            self._barge_in.silence(turn, now)
            return
        for item_id in turn.replies:
            if not self._responses.received_ms(item_id):
                self._ledger.heard(item_id, 0, 1)
        self._outbox.do(ev.TurnOver(turn.record(), turn.ticket))

    def finish(self) -> None:
        """The turn is over."""
        turn = self._leave()
        if turn is not None:
            self._outbox.do(ev.TurnOver(turn.record(), turn.ticket))

    def _leave(self) -> Turn | None:
        turn, self.turn, self._due, self._cut_off = self.turn, None, None, False
        self.aloud.end()
        self._timers.clear("stall", "drain", "wait")
        return turn

    # ------------------------------------------------------------ connection and time

    def offline(self) -> None:
        """The connection is gone: what has come is played to its end, and is the answer then."""
        turn = self.turn
        unfinished = turn is not None and (
            self._responses.busy or self._due is not None or self._tools.open_for(turn)
        )
        again = turn is not None and turn.source != "server" and (not turn.remembered or bool(turn.calls))
        self._cut_off = unfinished and again
        if unfinished and not again:
            self.fail(BROKEN)
        self._end_items(self._responses.own)
        self._responses = self._responses.after_loss()
        self._barge_in.connection_lost()
        self._tools.connection_lost()
        self._timers.clear("stall", "cancel")

    def online(self) -> Turn | None:
        """A new session knows the history. Returns the turn whose question it must be asked again."""
        self._responses.tell(self._ledger.words_of)
        turn, cut_off = self.turn, self._cut_off
        self._cut_off = False
        if turn is None or not cut_off:
            return None
        if not turn.remembered:
            self.turn = self._due = None
            turn.user_item = ""
            return turn
        if turn.calls and not self._tools.open_for(turn):
            self._due = self._plain()
        return None

    def expired(self, name: str, now: float) -> None:
        """Something did not come in time."""
        match name:
            case "cut":
                self.stopped(Cut(None, 0, (), ()))
            case "cancel":
                self._responses.give_up()
                self._barge_in.put_right(self._responses)
            case "drain":
                self.drained(())
            case "stall":
                self._stalled()
            case "reader":
                self.read_over(False, now)
            case "tools":
                for call_id in self._tools.late():
                    self.tool_done(call_id, LATE_OUTPUT)

    def _stalled(self) -> None:
        if self._responses.active is not None:
            self._outbox.send(ResponseCancel(response_id=self._responses.active))
        self._responses.give_up()
        self.stalled = True
        self._end_items(list(self._responses.items))
        self.fail("The server stopped answering; press the button to ask again.")
