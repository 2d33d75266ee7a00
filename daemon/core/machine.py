"""The machine as a whole: `step(event, now) -> effects` routes each event to the parts, then settles them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias, assert_never

from daemon.core import events as ev
from daemon.core.connection.manager import ConnectionManager
from daemon.core.effects import EffectsBuffer
from daemon.core.feedback.earcons import Earconed, Earcons
from daemon.core.history.history import History
from daemon.core.input.button import Gesture, Gestures
from daemon.core.keys import Keys
from daemon.core.response.offline_tts import OfflineTts
from daemon.core.session_events import SessionEvents
from daemon.core.timers import earliest
from daemon.core.turn.manager import TurnManager, TurnSettings
from daemon.core.turn.style_registry import STYLES
from daemon.devices.limiter import Devices
from daemon.realtime.events import Json

_Asked: TypeAlias = ev.TextAsked | ev.SayAsked | ev.StopAsked | ev.MuteAsked | ev.ForgetAsked | ev.ToolsKnown


class Machine:
    """All decisions of voiced. Pure: the same events at the same times give the same effects."""

    def __init__(
        self,
        settings: TurnSettings,
        session: Json,
        devices: Devices,
        rng: Callable[[], float],
        debounce_s: float = 0.03,
        max_session_s: float = 3300.0,
        fallback: bool = False,
        earcons: Earconed = "off",
    ) -> None:
        self.devices = devices
        self.history = History()
        self._effects = EffectsBuffer(Keys(rng))
        self._gestures = Gestures(debounce_s, settings.max_utterance_s)
        self.connections = ConnectionManager(
            session, self._effects, self.history, rng, max_session_s, fallback
        )
        style = STYLES[settings.style]
        by_server = style.turn_detection is not None
        self._conversation = TurnManager(settings, by_server, self._effects, self.history)
        self._style = style(self._conversation)
        self._tts = OfflineTts(self._effects, self.connections, self._conversation.answer.speech_fallback)
        self._session_events = SessionEvents(self._effects, self.connections, self._conversation, self._tts)
        self._earcons = Earcons(earcons)
        self._shown: ev.TurnState = "idle"
        self._stuck = False
        self._clearing = False  # as soon as nothing is under way
        self._deadlines: list[float | None] | None = None  # of the parts that sound does not move

    @property
    def state(self) -> ev.TurnState:
        """The state of the turn."""
        return self._conversation.state

    @property
    def link(self) -> ev.LinkState:
        """The state of the connection."""
        return self.connections.sessions.link.value

    @property
    def request_id(self) -> int:
        """The request that began the present turn, 0 for one by button."""
        turn = self._conversation.turn
        return turn.request_id if turn else 0

    @property
    def muted(self) -> bool:
        """Whether the microphone is muted."""
        return self._conversation.muted

    @property
    def is_open(self) -> bool:
        """Whether it listens whenever nothing else is going on."""
        return self._conversation.hands_free.is_open

    @property
    def deadline(self) -> float | None:
        """When the next Tick is due."""
        if self._deadlines is None:
            parts = (self._gestures, self.connections, self.devices, self._earcons)
            self._deadlines = [part.deadline for part in parts]
        return earliest(self._conversation.deadline, *self._deadlines)

    def recall(self, dumped: bytes) -> bool:
        """Continue the conversation of an earlier process; False if it cannot be read.

        The outputs went to their safe states when that ended, so the model is told their states.
        """
        if not self.history.restore(dumped):
            return False
        states = self.devices.described()
        self.history.note(f"The appliance has restarted. {states}".strip())
        return True

    def step(self, event: ev.Input, now: float) -> list[ev.Effect]:
        """Handle one event; the effects are to be carried out in order."""
        sound = isinstance(event, ev.Captured)
        self._deadlines = self._deadlines if sound else None
        self._route(event, now)
        if sound:
            # 25 a second: captured sound goes to its utterance and to the wire; no other part needs it.
            return self._effects.take()
        self.settle(now)
        if self.state != self._shown:
            self._shown = self.state
            self._effects.do(ev.StateChanged(self.state))
        if self._gestures.stuck != self._stuck:
            self._stuck = self._gestures.stuck
            self._effects.do(ev.ButtonStuck(self._stuck))
        effects = _remembered(self._effects.take(), self.history)
        return effects + self._earcons.after(effects, self.state, self.link, now)

    def settle(self, now: float) -> None:
        """Settle all parts after an event.

        First the connections, which look at the turn, then the turn, which depends on the connections. That
        is all for nearly every event. Where the end of a turn is what the connections were waiting for, they
        look again: a lost session ends a turn, so that the conversation can be cleared now. Tests show that a
        second round can matter, and that one more than these never changes anything, in any order of events;
        so does the walk of the state space, by a stray Tick in every state.
        """
        before, seen = None, self._seen
        while seen != before:
            self._follow(now)
            self._conversation.settle(now)
            before, seen = seen, self._seen

    @property
    def _seen(self) -> tuple[bool, ...]:
        """What the connections need to know of the turn."""
        talk = self._conversation
        answer = talk.answer
        unread = bool(answer.speech_fallback.unread)
        return _quiet(talk), talk.turn is not None, answer.responses.under_way, unread, self._clearing

    def _route(self, event: ev.Input, now: float) -> None:
        talk = self._conversation
        match event:
            case ev.Captured(pcm):
                talk.hands_free.captured(pcm, now)
            case ev.Received(conn, received):
                self._session_events.received(conn, received, now)
            case ev.ButtonEdge(pressed, at):
                self._moved(self._gestures.edge(pressed, now), at, now)
            case ev.Opened(by, at):
                if not self.muted and self.state != "listening":
                    self._earcons.situation.woken = by == "wake"
                    self.connections.hurry(now)
                    self._style.opened(by, at, now)
            case ev.SpeechEnded(spoken):
                self._style.speech_ended(spoken, now)
            case ev.Tick():
                self._tick(now)
            case ev.CaptureEnded():
                talk.listening.ended()
            case ev.PlaybackStarted(_, at):
                talk.answer.playback.started(at)
            case ev.PlaybackDrained(items):
                talk.answer.playback.drained(items)
            case ev.PlaybackStopped(cut):
                talk.answer.barge_in.stopped(cut)
            case ev.Xrun():
                if talk.turn is not None:
                    talk.turn.xruns += 1
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
                self._earcons.situation.no_microphone = talk.listening.microphone_unavailable()
                self._style.speech_ended(True, now)  # no more will come
            case ev.DeviceAsked(request_id, request):
                answer, writes = self.devices.ask(request, now)
                self._effects.do(*writes, ev.DeviceAnswered(request_id, answer))
            case ev.Start():
                self._earcons.awake = True
                self.devices.start(now)
                self.connections.start(now)
            case _:
                self._asked(event, now)

    def _asked(self, event: _Asked, now: float) -> None:
        """Requests by the control socket or a tool, and changes of the tools."""
        talk = self._conversation
        match event:
            case ev.TextAsked(text, request_id):
                self.connections.hurry(now)
                talk.ask(text, "text", request_id)
            case ev.SayAsked(text, request_id):
                self.connections.hurry(now)
                talk.ask(text, "say", request_id)
            case ev.StopAsked():
                self._style.stop(now)
            case ev.MuteAsked(muted, at_once):
                if at_once or self.state == "listening":
                    self._style.mute(muted, now)
                else:
                    talk.mute(muted, now, at_once=False)
            case ev.ForgetAsked():
                self._clearing = True
            case ev.ToolsKnown(tools):
                self.connections.sessions.reconfigure({"tools": tools}, now)
            case _:
                assert_never(event)

    def _moved(self, gestures: list[Gesture], at: float, now: float) -> None:
        for gesture in gestures:
            if gesture == "press" and not self.muted:
                self.connections.hurry(now)
            self._style.gesture(gesture, at, now)

    def _tick(self, now: float) -> None:
        self._moved(self._gestures.tick(now), now, now)
        self._conversation.tick(now)
        if self._conversation.answer.failures.unresponsive:
            # The socket is alive, but nothing is answered: a new session may do better.
            self._conversation.answer.failures.unresponsive = False
            self.connections.restart(ev.NewSession.UNRESPONSIVE, now)
        self._effects.do(*self.devices.tick(now))
        self.connections.tick(now)

    def _follow(self, now: float) -> None:
        """Pass a change of the connections on to the conversation."""
        talk = self._conversation
        quiet = _quiet(talk)
        if self._clearing and quiet:
            self._clearing = False
            self.history.forget()
            talk.answer.tools.forget()
            self._effects.do(ev.HistoryCleared())
            self.connections.restart(ev.NewSession.CLEARED, now)
        change = self.connections.settle(quiet, talk.turn is not None, talk.answer.responses.under_way, now)
        if change in ("lost", "moved"):
            talk.offline(now)
        if change in ("found", "moved"):
            talk.online()
        self._tts.settle(now)


def _quiet(talk: TurnManager) -> bool:
    """Whether nothing would be lost if the session changed now."""
    return talk.idle or (talk.hands_free.unused and talk.answer.free)


def _remembered(effects: list[ev.Effect], history: History) -> list[ev.Effect]:
    """Put what must be stored first: a tool that has run must not be forgotten."""
    if history.urgent or any(isinstance(effect, ev.TurnOver) for effect in effects):
        news = history.news()
        return [ev.Remember(news), *effects] if news else effects
    return effects
