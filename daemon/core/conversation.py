"""The turn: from the press to the last sample heard.

    idle -> listening -> thinking -> speaking -> idle        (muted in the place of idle)

A question (an utterance or a text) is first *closed*, then *posed*. Posing waits for the connection, for the
speaker's word on what was heard of the answer before, and for the server to be done with that answer.
Whatever is waited for has a timer, so deadlines alone lead from any state back to idle.
"""

from __future__ import annotations

from collections import deque
from typing import Literal

from msgspec import Struct

from daemon.core import events as ev
from daemon.core.barge_in import BargeIn
from daemon.core.gestures import Gesture
from daemon.core.ledger import Ledger
from daemon.core.listener import Listener
from daemon.core.outbox import Outbox
from daemon.core.playout import Cut
from daemon.core.responses import Responses
from daemon.core.timers import Timers
from daemon.core.tools_due import LATE_OUTPUT, ToolsDue
from daemon.core.turn import Source, Turn
from daemon.protocol import AudioCommit, Content, Item, ItemCreate, Json, ResponseCancel, ResponseCreate

STALL_S = 20.0
DRAIN_SLACK_S = 10.0
NO_SPEECH_S = 8.0
MAX_TEXTS = 8
MAX_ROUNDS = 8
STOP_TOOL = "stop_conversation"


class Settings(Struct, frozen=True):
    """What the owner decides about turns."""

    style: Literal["hold", "tap"] = "hold"
    modality: Literal["audio", "text"] = "audio"
    max_utterance_s: float = 60.0
    max_wait_s: float = 20.0


class Conversation:
    """One turn at a time. Methods take the time where they need it and leave their effects in the outbox."""

    def __init__(self, settings: Settings, outbox: Outbox, ledger: Ledger) -> None:
        self.muted = False
        self.turn: Turn | None = None
        self._settings = settings
        self._outbox = outbox
        self._ledger = ledger
        self._timers = Timers()
        self._responses = Responses()
        self._listener = Listener(outbox, self._timers, settings.max_utterance_s)
        self._tools = ToolsDue(outbox, self._timers, ledger)
        self._barge_in = BargeIn(outbox, self._timers, ledger)
        self._texts: deque[Turn] = deque()
        self._playing = False
        self._create_due = False
        self._turns = 0

    @property
    def state(self) -> ev.State:
        """Where the turn is."""
        if self._listener.open:
            return "listening"
        if self._playing:
            return "speaking"
        if self.turn is not None:
            return "thinking"
        return "muted" if self.muted else "idle"

    @property
    def deadline(self) -> float | None:
        """When `tick` wants to be called."""
        return self._timers.deadline

    @property
    def idle(self) -> bool:
        """Nothing is under way and nothing waits."""
        return self.turn is None and not self._playing and not self._barge_in.waiting and not self._texts

    # ------------------------------------------------------------ the button

    def gesture(self, gesture: Gesture, at: float, now: float) -> None:
        """What a hand did, and when."""
        if gesture == "double_tap":
            self.mute(not self.muted, now)
        elif self.muted:
            self._remind(gesture)
        elif self._settings.style == "tap":
            self._toggle(gesture, at, now)
        elif gesture == "press":
            self._listen(at, now)
        elif gesture == "release":
            self._let_go(at, now)
        elif self._asking:
            self._abandon(now)

    def mute(self, muted: bool, now: float) -> None:
        """Close the ears, or open them."""
        if muted:
            self.stop(now)
        self.muted = muted

    def stop(self, now: float) -> None:
        """Be silent and idle."""
        self._texts.clear()
        if self._asking:
            self._abandon(now)
        self._interrupt(now)

    def _remind(self, gesture: Gesture) -> None:
        if gesture == "press":
            self._outbox.do(ev.Trouble("The microphone is muted; tap the button twice to open it."))

    @property
    def _asking(self) -> bool:
        """Is there a spoken question that has not been posed?"""
        return self.turn is not None and self.turn.source == "button" and not self.turn.posed

    def _toggle(self, gesture: Gesture, at: float, now: float) -> None:
        if gesture != "press":
            return
        if self._listener.open:
            self._abandon(now)
        else:
            self._listen(at, now)
            self._timers.set("speech", now + NO_SPEECH_S)

    def _listen(self, at: float, now: float) -> None:
        """Open the microphone. A question that still waits for the connection is continued, not lost."""
        anew = not self._asking
        if anew:
            self._interrupt(now)
            self.turn = self._new_turn("button")
            self.turn.pressed_at = at
        elif self.turn is not None:
            self.turn.closed = False
        self._timers.clear("wait")
        self._listener.start(now, anew)

    def _let_go(self, at: float, now: float) -> None:
        if self._listener.open and self.turn is not None:
            self.turn.released_at = at
            self._listener.stop(now)

    def _abandon(self, now: float) -> None:
        """A tap, or nothing was said: there was no turn."""
        self._listener.drop()
        self._timers.clear("wait", "speech")
        self.turn = None
        self._next_text(now)

    def captured(self, pcm: bytes, now: float) -> None:
        """A piece of the microphone: PCM16 mono 24 kHz."""
        if self._listener.captured(pcm) and self.turn is not None and self.turn.first_frame_at is None:
            self.turn.first_frame_at = now

    def capture_ended(self, now: float) -> None:
        """The tail is here: the utterance is complete."""
        if not self._listener.ended() or self.turn is None:
            return
        if not self._listener.long_enough:
            self._abandon(now)
            return
        self.turn.closed = True
        self._pose(now)

    # ------------------------------------------------------------ the question

    def ask(self, text: str, source: Source, ticket: int, now: float) -> None:
        """A typed turn, or (source `say`) a text to be spoken. It waits until the present turn is over."""
        if len(self._texts) >= MAX_TEXTS:
            self._outbox.do(ev.Trouble("Too many texts are waiting; ask again when some are answered."))
            return
        turn = self._new_turn(source)
        turn.text, turn.ticket, turn.closed = text, ticket, True
        self._texts.append(turn)
        self._next_text(now)

    def _next_text(self, now: float) -> None:
        if self.turn is None and self._texts and not self._barge_in.waiting:
            self.turn = self._texts.popleft()
            self._pose(now)

    def _new_turn(self, source: Source) -> Turn:
        self._turns += 1
        return Turn(self._turns, source)

    def _pose(self, now: float) -> None:
        """Ask the server as soon as nothing stands in the way."""
        turn = self.turn
        if turn is None or not turn.closed:
            return
        if turn.posed:
            self._ask_again(now)
            return
        if not self._outbox.online:
            self._timers.ensure("wait", now + self._settings.max_wait_s)
        elif not self._barge_in.waiting and not self._responses.busy:
            self._timers.clear("wait")
            self._responses.forget_items()
            turn.posed, turn.committed_at = True, now
            self._send_question(turn)
            self._create(now, _recital(turn.text) if turn.source == "say" else None)

    def _ask_again(self, now: float) -> None:
        if self._create_due and self._outbox.online and not self._responses.busy:
            self._create(now)

    def _send_question(self, turn: Turn) -> None:
        if turn.source == "button":
            self._listener.flush()
            self._outbox.send(AudioCommit(event_id="commit"))
        elif turn.source == "text":
            content = [Content(type="input_text", text=turn.text)]
            self._outbox.send(ItemCreate(item=Item(type="message", role="user", content=content)))

    def _create(self, now: float, response: Json | None = None) -> None:
        self._create_due = False
        self._responses.ask()
        self._timers.set("stall", now + STALL_S)
        # The modality is said each time: a session seeded with text tends to answer in text.
        self._outbox.send(
            ResponseCreate(response=response or {"output_modalities": [self._settings.modality]})
        )

    def committed(self, item_id: str, now: float) -> None:
        """The utterance has become an item. In the style `tap` the server's voice detection did it."""
        turn = self.turn
        if turn is None or turn.source != "button":
            return
        turn.user_item = item_id
        if self._settings.style == "tap" and self._listener.open:
            self._listener.cease()
            self._timers.clear("speech")
            self._timers.set("stall", now + STALL_S)
            self._responses.ask()
            turn.released_at = turn.committed_at = now
            turn.closed = turn.posed = True

    def speech_started(self) -> None:
        """The server's voice detection heard the user begin."""
        self._timers.clear("speech")

    def transcribed(self, item_id: str, text: str) -> None:
        """What the user said, in words; may come late and be about an earlier turn."""
        self._ledger.transcribed(item_id, text)
        if self.turn is not None and self.turn.user_item == item_id:
            self.turn.heard = text
        self._outbox.do(ev.Words("user", text, whole=True))

    # ------------------------------------------------------------ the answer

    def begun(self, response_id: str, now: float) -> None:
        """An answer begins, asked for or not."""
        wanted = self._responses.begun(response_id)
        asking = self.turn is not None and not self.turn.posed
        if not wanted or asking:
            self._responses.abandon()
            self._outbox.send(ResponseCancel(response_id=response_id))
            self._timers.set("cancel", now + STALL_S)
            return
        if self.turn is None:
            self.turn = self._new_turn("server")
            self.turn.closed = self.turn.posed = True
        self._timers.set("stall", now + STALL_S)

    def audio(self, item_id: str, response_id: str, delta: bytes, now: float) -> None:
        """More of the voice."""
        turn = self._answering(response_id, now)
        pcm = self._responses.audio(item_id, response_id, delta) if turn else b""
        if turn is None or not pcm:
            return
        if turn.first_delta_at is None:
            turn.first_delta_at = now
        self._remember(turn)
        self._playing = True
        self._timers.set("drain", now + self._responses.total_s + DRAIN_SLACK_S)
        self._outbox.do(ev.Play(item_id, pcm))

    def words(self, item_id: str, response_id: str, text: str, whole: bool, now: float) -> None:
        """More of the words of the answer, or (`whole`) all of them."""
        turn = self._answering(response_id, now)
        if turn is None:
            return
        before = turn.replies.get(item_id, "")
        turn.replies[item_id] = text if whole else before + text
        if not (whole and before):
            self._outbox.do(ev.Words("assistant", text))
        self._remember(turn)
        self._ledger.assistant(item_id, turn.replies[item_id])

    def item_ended(self, item_id: str, response_id: str) -> None:
        """No more audio will come for this item."""
        if self._responses.wanted(response_id) and item_id in self._responses.items:
            self._outbox.do(ev.PlayEnd(item_id))

    def answered(self, response_id: str, calls: list[Item], now: float) -> None:
        """The answer is done: run its calls; without any, the turn ends when all has been heard."""
        turn = self.turn if self._responses.wanted(response_id) and not self._create_due else None
        self._responses.done(response_id)
        self._timers.clear("stall", "cancel")
        self._barge_in.delete_unheard(self._responses)
        if turn is None or not turn.posed:
            self._pose(now)
            return
        for item_id in self._responses.items_of(response_id):
            self._outbox.do(ev.PlayEnd(item_id))
        self._remember(turn)
        turn.rounds += 1
        self._tools.start(turn, calls, now)
        self._maybe_over(now)

    def failed(self, reason: str, now: float) -> None:
        """The server could not answer."""
        if self.turn is not None:
            self.turn.trouble = reason
        self._outbox.do(ev.Trouble(reason))
        self._maybe_over(now)

    def create_refused(self, because_busy: bool, reason: str, now: float) -> None:
        """The server did not take `response.create`: ask again when it is free, or give up."""
        self._responses.refused()
        if because_busy and self.turn is not None:
            self._responses.blocked()
            self._timers.clear("stall")
            self._timers.set("cancel", now + STALL_S)
            self._create_due = True
        else:
            self.failed(reason, now)

    def commit_refused(self, reason: str, now: float) -> None:
        """The server did not take the utterance: the answer asked for behind it would be to an older one."""
        if self.turn is not None and self.turn.posed:
            self._barge_in.cancel(self._responses, now)
            self.failed(reason, now)

    def tool_done(self, call_id: str, output: str, now: float) -> None:
        """A tool has answered; after the last one of the turn the model goes on."""
        turn = self._tools.done(call_id, output)
        if turn is None or turn is not self.turn or self._tools.open_for(turn):
            return
        if all(call.name == STOP_TOOL for call in turn.calls.values()):
            self._maybe_over(now)
        else:
            self._follow_up(turn, now)

    def _follow_up(self, turn: Turn, now: float) -> None:
        if not self._outbox.online:
            self._timers.ensure("wait", now + self._settings.max_wait_s)
            return
        more: Json = {"output_modalities": [self._settings.modality]}
        # A model that calls tools for ever is made to speak.
        self._create(now, more | {"tool_choice": "none"} if turn.rounds >= MAX_ROUNDS else more)

    def _answering(self, response_id: str, now: float) -> Turn | None:
        if self.turn is None or not self.turn.posed or not self._responses.wanted(response_id):
            return None
        self._timers.set("stall", now + STALL_S)
        return self.turn

    def _remember(self, turn: Turn) -> None:
        if not turn.remembered and turn.source in ("button", "text"):
            self._ledger.user(turn.user_item, turn.heard or turn.text)
        turn.remembered = True

    # ------------------------------------------------------------ the speaker

    def sounded(self, at: float) -> None:
        """The first sample of an item has been handed to the card."""
        if self.turn is not None and self.turn.first_sound_at is None:
            self.turn.first_sound_at = at

    def drained(self, items: tuple[str, ...], now: float) -> None:
        """Everything that had come has been heard, these items to their ends."""
        self._playing = False
        self._timers.clear("drain")
        if self.turn is not None:
            self.turn.heard_ms += sum(map(self._responses.received_ms, items))
        self._maybe_over(now)

    def stopped(self, cut: Cut, now: float) -> None:
        """The speaker has fallen silent because it was asked to."""
        turn = self._barge_in.heard(cut, self._responses)
        if turn is not None:
            self._outbox.do(ev.TurnOver(turn.record(), turn.ticket))
        if not self._responses.busy:
            self._barge_in.delete_unheard(self._responses)
        self._pose(now)
        self._next_text(now)

    def xrun(self) -> None:
        """A card lost frames or ran dry."""
        if self.turn is not None:
            self.turn.xruns += 1

    def _interrupt(self, now: float) -> None:
        """Barge-in: whatever is being answered is over."""
        turn, self.turn = self.turn, None
        self._timers.clear("stall", "drain", "wait")
        self._barge_in.cancel(self._responses, now)
        if turn is not None:
            turn.interrupted = True
        if turn is not None and not self._playing:
            for item_id in turn.replies:
                self._ledger.heard(item_id, 0, 1)
        if self._playing:
            self._playing = False
            self._barge_in.silence(turn or self._new_turn("server"), now)
        elif turn is not None:
            self._outbox.do(ev.TurnOver(turn.record(), turn.ticket))

    def _maybe_over(self, now: float) -> None:
        """The turn ends when it is answered, its tools have answered, and the last sample was heard."""
        turn = self.turn
        if turn is None or not turn.posed or self._playing or self._responses.busy:
            return
        if not self._tools.open_for(turn):
            self._over(turn, now)

    def _over(self, turn: Turn, now: float) -> None:
        self.turn = None
        self._timers.clear("stall", "drain", "wait")
        self._outbox.do(ev.TurnOver(turn.record(), turn.ticket))
        self._next_text(now)

    # ------------------------------------------------------------ the connection

    def online(self, now: float) -> None:
        """A session is ready and knows the history; what it has not been asked yet is asked now."""
        self._listener.rewind()
        turn = self.turn
        if turn is not None and turn.posed and turn.remembered and not self._playing:
            self._resume(turn, now)
        elif turn is not None and not turn.remembered:
            turn.posed = False
        if self._listener.open:
            self._listener.flush()
        self._pose(now)

    def _resume(self, turn: Turn, now: float) -> None:
        """Its calls are done or under way, so the history tells the model, not the question."""
        if not self._tools.open_for(turn) and turn.calls:
            self._follow_up(turn, now)
        else:
            self._maybe_over(now)

    def offline(self, now: float) -> None:
        """The connection is gone: what has come is played, what was asked is asked again on the next one."""
        for item_id in self._responses.items:
            self._outbox.do(ev.PlayEnd(item_id))
        self._responses = self._responses.after_loss()
        self._tools.connection_lost()
        self._timers.clear("stall", "cancel")
        if self.turn is not None and not self._listener.open:
            self._timers.ensure("wait", now + self._settings.max_wait_s)

    # ------------------------------------------------------------ time

    def tick(self, now: float) -> None:
        """Something did not come in time."""
        for name in self._timers.pop_due(now):
            self._expired(name, now)

    def _expired(self, name: str, now: float) -> None:
        match name:
            case "utterance":
                self._outbox.do(
                    ev.Trouble("The button was down for too long: what was said is answered now.")
                )
                self._let_go(now, now)
            case "tail":
                self.capture_ended(now)
            case "speech":
                self._abandon(now)
            case "cut":
                self.stopped(Cut(None, 0, (), ()), now)
            case "cancel":
                self._responses.give_up()
                self._pose(now)
            case "tools":
                for call_id in self._tools.late():
                    self.tool_done(call_id, LATE_OUTPUT, now)
            case "drain":
                self.drained((), now)
            case "stall":
                self._stalled(now)
            case "wait":
                self._waited(now)

    def _stalled(self, now: float) -> None:
        active = self._responses.active
        if active is not None:
            self._outbox.send(ResponseCancel(response_id=active))
        self._responses.give_up()
        for item_id in self._responses.items:
            self._outbox.do(ev.PlayEnd(item_id))
        if self._asking:
            self._pose(now)
            return
        self.failed("The server stopped answering; press the button to ask again.", now)

    def _waited(self, now: float) -> None:
        if self.turn is None or self._playing or self._listener.open:
            return
        self.turn.trouble = "The server could not be reached in time; what was said has been dropped."
        self._outbox.do(ev.Trouble(self.turn.trouble))
        self._over(self.turn, now)


def _recital(text: str) -> Json:
    """A response outside the conversation that speaks a text; the offline brain knows the metadata."""
    return {
        "conversation": "none",
        "output_modalities": ["audio"],
        "instructions": "Say the text that follows word for word, and nothing else.",
        "input": [{"type": "message", "role": "user", "content": [{"type": "input_text", "text": text}]}],
        "tools": [],
        "metadata": {"purpose": "say"},
    }
