"""A machine on a desk: virtual time, a hand, and a list of what it asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from msgspec.structs import replace

from daemon.audio.jitter_buffer import Cut
from daemon.core import events as ev
from daemon.core.feedback.earcons import Earconed
from daemon.core.machine import Machine
from daemon.core.transitions import TransitionTable
from daemon.core.turn.manager import TurnSettings
from daemon.devices.limiter import Devices
from daemon.devices.requests import Limits
from daemon.realtime import events as wire
from daemon.realtime.events import ClientEvents, Item, Response

T = TypeVar("T")
LAMP = Limits(name="lamp", takes="switch", at_start=0.0, at_exit=0.0)


class Rig:
    """Drives one machine; `effects` is everything it asked for since `clear`."""

    def __init__(
        self,
        rng: Callable[[], float] = lambda: 0.5,
        max_session_s: float = 3300.0,
        fallback: bool = False,
        earcons: Earconed = "off",
        **settings: Any,
    ) -> None:
        self.now = 100.0
        self.effects: list[ev.Effect] = []
        self.conn = 0
        self.keys: dict[str, str] = {}
        """What the machine calls what the server has called so, the latest of each name."""
        self.machine = Machine(
            TurnSettings(**settings),
            {"type": "realtime", "tools": []},
            Devices({"lamp": LAMP}),
            rng,
            max_session_s=max_session_s,
            fallback=fallback,
            earcons=earcons,
        )

    def step(self, *events: ev.Input) -> None:
        """These happen now, one after the other."""
        for event in events:
            effects = self.machine.step(self._as_known_inside(event), self.now)
            assert not TransitionTable.unknown
            self._learn(event, effects)
            self.effects += effects
            self.conn = max([self.conn, *(each.conn for each in effects if isinstance(each, ev.Connect))])

    def _as_known_inside(self, event: ev.Input) -> ev.Input:
        """The speaker and the tools know no name that the server has given."""

        def key(name: str) -> str:
            return self.keys.get(name, name)

        match event:
            case ev.PlaybackDrained(items):
                return ev.PlaybackDrained(tuple(map(key, items)))
            case ev.PlaybackStopped(Cut(item_id, heard_ms, whole, unheard)) | ev.SpeakerLost(
                Cut(item_id, heard_ms, whole, unheard)
            ):
                known = key(item_id) if item_id else None
                return type(event)(Cut(known, heard_ms, tuple(map(key, whole)), tuple(map(key, unheard))))
            case ev.Unplayed(name):
                return ev.Unplayed(key(name))
            case ev.ToolDone(name, output):
                return ev.ToolDone(key(name), output)
            case ev.Received(conn, wire.Error(error=error)) if error.event_id:
                return ev.Received(conn, wire.Error(error=replace(error, event_id=key(error.event_id))))
        return event

    def _learn(self, event: ev.Input, effects: list[ev.Effect]) -> None:
        named = [str(each.event.event_id) for each in effects if isinstance(each, ev.Send)]
        self.keys |= {name.partition("_")[0]: name for name in named}  # create, commit, read
        match event:
            case ev.Received(_, wire.OutputAudioDelta(item_id=item_id)):
                played = [effect.item_id for effect in effects if isinstance(effect, ev.Play)]
                self.keys |= dict.fromkeys(played and [item_id], "".join(played))
            case ev.Received(_, wire.ResponseDone(response=response)):
                calls = [item.call_id or "" for item in response.output if item.type == "function_call"]
                runs = [effect.key for effect in effects if isinstance(effect, ev.RunTool)]
                self.keys |= dict(zip(calls, runs, strict=False))

    def wait(self, seconds: float) -> None:
        """Let time pass; deadlines on the way are served."""
        end = self.now + seconds
        while (deadline := self.machine.deadline) is not None and deadline <= end:
            self.now = max(self.now, deadline)
            self.step(ev.Tick())
        self.now = end

    def found(self, kind: type[T]) -> list[T]:
        """The effects of one kind, in order."""
        return [effect for effect in self.effects if isinstance(effect, kind)]

    def sent(self, kind: type[T] | None = None) -> list[Any]:
        """What was put on the wire, in order, without the audio unless it is asked for."""
        events: list[ClientEvents] = [effect.event for effect in self.found(ev.Send)]
        if kind is not None:
            return [event for event in events if isinstance(event, kind)]
        return [event for event in events if not isinstance(event, wire.AudioAppend)]

    def clear(self) -> None:
        """Forget what was asked for so far."""
        self.effects.clear()

    def receive(self, *events: wire.ServerEvent) -> None:
        """The server sends these."""
        for event in events:
            self.step(ev.Received(self.conn, event))

    def connect(self) -> None:
        """The connection comes up and is configured, as soon as the machine tries."""
        while self.machine.link in ("waiting", "refused") and self.machine.deadline is not None:
            self.now = max(self.now, self.machine.deadline)
            self.step(ev.Tick())
        self.step(ev.Connected(self.conn))
        self.receive(wire.SessionCreated(session={"id": "sess_1"}), wire.SessionUpdated())

    def start(self) -> Rig:
        """Up and ready."""
        self.step(ev.Start())
        self.connect()
        self.clear()
        return self

    def lose(self, code: int = 1006) -> None:
        """The connection breaks."""
        self.step(ev.Disconnected(self.conn, code, ""))

    def edge(self, pressed: bool) -> None:
        """The contact of the button."""
        self.step(ev.ButtonEdge(pressed, self.now))

    def speak(self, seconds: float = 1.0) -> None:
        """The button is held and somebody speaks."""
        self.edge(True)
        self.capture(seconds)
        self.wait(seconds)
        self.edge(False)
        self.wait(0.05)
        self.step(ev.CaptureEnded())

    def capture(self, seconds: float) -> None:
        """The microphone delivers."""
        for _ in range(round(seconds * 50)):
            self.step(ev.Captured(b"\x02\x00" * 480))

    def reply(
        self, response: str = "resp_1", item: str = "item_1", seconds: float = 2.0, text: str = "Yes."
    ) -> None:
        """The server begins an answer: audio and words, not yet done."""
        self.receive(
            wire.ResponseCreated(response=Response(id=response, status="in_progress")),
            wire.OutputTranscriptDelta(response_id=response, item_id=item, delta=text),
            wire.OutputAudioDelta(
                response_id=response, item_id=item, delta=b"\x01\x00" * round(seconds * 24_000)
            ),
        )

    def done(self, response: str = "resp_1", *output: Item, status: str = "completed") -> None:
        """The server ends an answer."""
        self.receive(wire.ResponseDone(response=Response(id=response, status=status, output=list(output))))

    def call(self, call_id: str = "call_1", name: str = "set_device", response: str = "resp_1") -> None:
        """The answer is a tool call."""
        self.receive(wire.ResponseCreated(response=Response(id=response, status="in_progress")))
        self.done(response, Item(type="function_call", call_id=call_id, name=name, arguments="{}"))

    def stopped(
        self, item: str | None = "item_1", heard_ms: int = 500, unheard: tuple[str, ...] = ()
    ) -> None:
        """The speaker tells what was heard."""
        self.step(ev.PlaybackStopped(Cut(item, heard_ms, (), unheard)))
