"""The whole: one `step(event, now) -> effects`. It routes; its parts never call each other."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import structs

from daemon.core import events as ev
from daemon.core.bounds import MAX_LETTERS
from daemon.core.connection.manager import ConnectionManager
from daemon.core.effects import EffectsBuffer
from daemon.core.feedback.earcons import Earconed, Earcons
from daemon.core.history.history import History
from daemon.core.history.usage import Tokens
from daemon.core.input.button import Gesture, Gestures
from daemon.core.keys import Keys
from daemon.core.response.offline_tts import OfflineTts
from daemon.core.turn.manager import TurnManager, TurnSettings
from daemon.core.turn.style import Hand
from daemon.devices.limiter import Devices
from daemon.devices.requests import WriteOutput
from daemon.realtime import events as wire
from daemon.realtime.errors import busy, of_another_event
from daemon.realtime.events import Json

_HARMLESS = frozenset({"response_cancel_not_active", "item_already_truncated"})
_NOTHING_TO_COMMIT = "input_audio_buffer_commit_empty"


class Machine:
    """Everything that voiced decides. Pure: the same events at the same times give the same effects."""

    def __init__(
        self,
        settings: TurnSettings,
        session: Json,
        devices: Devices,
        dice: Callable[[], float],
        debounce_s: float = 0.03,
        max_session_s: float = 3300.0,
        fallback: bool = False,
        earcons: Earconed = "off",
    ) -> None:
        self.devices = devices
        self.ledger = History()
        self._outbox = EffectsBuffer(Keys(dice))
        self._gestures = Gestures(debounce_s, settings.max_utterance_s)
        self.connections = ConnectionManager(
            session, self._outbox, self.ledger, dice, max_session_s, fallback
        )
        self._conversation = TurnManager(settings, self._outbox, self.ledger)
        self._hand = Hand(self._conversation, self._outbox)
        self._reader = OfflineTts(self._outbox)
        self._earcons = Earcons(earcons)
        self._shown: ev.TurnState = "idle"
        self._stuck = False
        self._forget = False

    @property
    def state(self) -> ev.TurnState:
        """Where the turn is."""
        return self._conversation.state

    @property
    def link(self) -> ev.LinkState:
        """Where the connection is."""
        return self.connections.sessions.link.value

    @property
    def left_out(self) -> dict[str, str]:
        """Which of our settings and tools the server refuses, and why."""
        live = self.connections.sessions.live
        return live.settings.left_out if live is not None else {}

    @property
    def ticket(self) -> int:
        """The ticket of the present turn, 0 for one that a hand began."""
        turn = self._conversation.turn
        return turn.ticket if turn else 0

    @property
    def muted(self) -> bool:
        """Is the microphone muted?"""
        return self._conversation.muted

    @property
    def deadline(self) -> float | None:
        """When a Tick wants to be stepped."""
        parts = (self._gestures, self._conversation, self.connections, self.devices, self._earcons)
        ends = [part.deadline for part in parts]
        return min([end for end in ends if end is not None], default=None)

    def recall(self, dumped: bytes) -> bool:
        """Go on with the conversation of a process before; False if it cannot be read.

        Its outputs went to their safe states when it ended, so that the model is told how they are now.
        """
        if not self.ledger.restore(dumped):
            return False
        states = self.devices.described()
        self.ledger.note(f"The appliance was started anew. {states}".strip())
        return True

    def step(self, event: ev.Input, now: float) -> list[ev.Effect]:
        """One event. The effects are to be carried out in order."""
        if isinstance(event, ev.Captured):
            # 25 a second: a piece belongs to its utterance and to the wire, and no part has to answer it.
            self._conversation.listening.captured(event.pcm, now)
            return self._outbox.take()
        self._route(event, now)
        for _ in range(2):  # what the one does, the other may have to answer
            self._follow(now)
            self._conversation.settle(now)
        if self.state != self._shown:
            self._shown = self.state
            self._outbox.do(ev.StateChanged(self.state))
        if self._gestures.stuck != self._stuck:
            self._stuck = self._gestures.stuck
            self._outbox.do(ev.ButtonStuck(self._stuck))
        effects = self._remembered(self._outbox.take())
        return effects + self._earcons.after(effects, self.state, self.link, now)

    def _remembered(self, effects: list[ev.Effect]) -> list[ev.Effect]:
        """What must be kept goes first: a tool that has run may not be forgotten."""
        if self.ledger.urgent or any(isinstance(effect, ev.TurnOver) for effect in effects):
            news = self.ledger.news()
            return [ev.Remember(news), *effects] if news else effects
        return effects

    def _route(self, event: ev.Input, now: float) -> None:
        talk = self._conversation
        match event:
            case ev.Received(conn, received):
                of_settings = self.connections.received(conn, received, now)
                if conn == self._reader.conn:
                    self._read_out(received, now)
                elif conn == self._outbox.conn and not of_settings:
                    self._spoken(received, now)
            case ev.ButtonEdge(pressed, at):
                self._moved(self._gestures.edge(pressed, now), at, now)
            case ev.Tick():
                self._tick(now)
            case ev.CaptureEnded():
                talk.listening.ended()
            case ev.PlaybackStarted(_, at):
                talk.answer.playback.started(at)
            case ev.PlaybackDrained(items):
                talk.answer.playback.drained(items)
            case ev.PlaybackStopped(cut):
                talk.answer.playback.stopped(cut)
            case ev.Xrun():
                talk.xrun()
            case ev.Connected(conn, server_s):
                self.connections.connected(conn, server_s, now)
            case ev.Disconnected(conn, code, reason, retry_after_s):
                self.connections.lost(conn, code, reason, retry_after_s, now)
            case ev.ToolDone(key, output):
                talk.answer.rounds.tool_done(key, output)
            case ev.SpeakerLost(cut):
                talk.answer.playback.lost(cut)
            case ev.Unplayed(item_id):
                talk.answer.playback.unplayed(item_id)
            case ev.MicrophoneUnavailable():
                self._earcons.no_microphone = talk.listening.microphone_unavailable()
            case ev.DeviceAsked(ticket, request):
                answer, writes = self.devices.ask(request, now)
                self._write(writes)
                self._outbox.do(ev.DeviceAnswered(ticket, answer))
            case ev.Start():
                self._earcons.awake = True
                self.devices.start(now)
                self.connections.start(now)
            case _:
                self._asked(event, now)

    def _asked(self, event: ev.Input, now: float) -> None:
        """What people ask for by the control socket or by a tool, and which tools there are."""
        talk = self._conversation
        match event:
            case ev.TextAsked(text, ticket):
                self.connections.hurry(now)
                talk.ask(text, "text", ticket)
            case ev.SayAsked(text, ticket):
                self.connections.hurry(now)
                talk.ask(text, "say", ticket)
            case ev.StopAsked():
                talk.stop(now)
            case ev.MuteAsked(muted):
                talk.mute(muted, now)
            case ev.ForgetAsked():
                self._forget = True
            case ev.ToolsKnown(tools):
                self.connections.sessions.reconfigure({"tools": tools}, now)

    def _moved(self, gestures: list[Gesture], at: float, now: float) -> None:
        for gesture in gestures:
            if gesture == "press" and not self.muted:
                self.connections.hurry(now)
            self._hand.gesture(gesture, at, now)

    def _tick(self, now: float) -> None:
        self._moved(self._gestures.tick(now), now, now)
        self._conversation.tick(now)
        if self._conversation.answer.failures.unresponsive:
            # A socket that is alive and answers nothing is no use: a new one may do better.
            self._conversation.answer.failures.unresponsive = False
            self.connections.restart(ev.NewSession.UNRESPONSIVE, now)
        self._write(self.devices.tick(now))
        self.connections.tick(now)

    def _follow(self, now: float) -> None:
        """Let the conversation follow what becomes of the connections."""
        talk = self._conversation
        if self._forget and talk.idle:
            self._forget = False
            self.ledger.forget()
            talk.answer.tools.forget()
            self._outbox.do(ev.HistoryCleared())
            self.connections.restart(ev.NewSession.CLEARED, now)
        change = self.connections.settle(
            talk.idle, talk.turn is not None, talk.answer.responses.under_way, now
        )
        if change in ("lost", "moved"):
            talk.offline(now)
        if change in ("found", "moved"):
            talk.online()
        self._have_read(now)

    def _have_read(self, now: float) -> None:
        """What came in writing alone is read out by the offline brain, where there is one."""
        answer, line, reader = self._conversation.answer, self.connections, self._reader
        unread = answer.speech_fallback.unread
        if unread and not reader.called:
            reader.called = True
            line.brain.call_reader(now)
        brain = line.sessions.find(reader.conn) if reader.conn else line.sessions.spare
        if unread and not reader.read(unread, brain):
            answer.speech_fallback.read_over(whole=False)
        if reader.called and not answer.speech_fallback.unread:
            reader.end()
            line.brain.dismiss_reader()

    def _read_out(self, event: wire.ServerEvents, now: float) -> None:
        """What the offline voice says while it reads."""
        answer = self._conversation.answer
        match event:
            case wire.OutputAudioDelta():
                answer.speech_fallback.read(event.item_id, event.delta, now)
            case wire.ResponseDone():
                answer.speech_fallback.read_over(whole=True)
            case wire.Error() if event.error.event_id == self._reader.event_id:
                answer.speech_fallback.read_over(whole=False)

    def _write(self, writes: list[WriteOutput]) -> None:
        for write in writes:
            self._outbox.do(write)

    def _spoken(self, event: wire.ServerEvents, now: float) -> None:
        """What a configured session says."""
        talk = self._conversation
        match event:
            case wire.ResponsePiece():
                talk.answer.hear(event, now)
            case wire.ConversationItem():
                talk.answer.exchange.joined(event)
            case wire.ResponseCreated():
                talk.handover.begun(event.response.id, now)
            case wire.ResponseDone():
                self._answered(event.response, now)
            case wire.AudioCommitted():
                talk.handover.committed(event.item_id, now)
            case wire.SpeechStarted():
                talk.listening.speech_started()
            case wire.TranscriptionCompleted():
                talk.transcripts.transcribed(event.item_id, event.transcript[:MAX_LETTERS], talk.turn)
            case wire.Error():
                self._error(event.error, now)

    def _answered(self, response: wire.Response, now: float) -> None:
        answer = self._conversation.answer
        self._count(response.usage)
        if response.completed:
            self.connections.sessions.worked()
        answer.rounds.done(response, now)

    def _count(self, usage: wire.Usage | None) -> None:
        """An answer that was cut off is told about when its turn is over already."""
        turn = self._conversation.answer.turn
        tokens = Tokens() if turn is None else turn.tokens
        tokens.add(usage)
        if turn is None and usage is not None:
            self._outbox.do(ev.LateTokens(structs.asdict(tokens)))

    def _error(self, error: wire.ErrorDetail, now: float) -> None:
        """Most errors are about one event and harmless; those about a question end its turn."""
        if error.reason in _HARMLESS:
            return
        talk, about = self._conversation, error.event_id or ""
        because_busy = busy(error) and (about.startswith("create_") or not self._outbox.keys.own(about))
        of_answer = because_busy or about.startswith("create_")
        if of_answer and talk.answer.failures.create_refused(about, because_busy, error.message, now):
            return
        if about.startswith("commit_") or error.reason == _NOTHING_TO_COMMIT:
            talk.handover.refused(about, error.message, now)
            return
        if not (own := self._outbox.keys.own(about)) and not of_another_event(error):
            talk.answer.failures.complained(error.message or error.reason, now)
            if self.connections.blamed(error, now):
                return
        if not (own and about.startswith("configure_")):
            self._outbox.do(ev.ServerNotice(f"The server reports {error.reason}: {error.message}"))
