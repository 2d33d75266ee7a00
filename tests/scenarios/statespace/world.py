"""A machine, and as much of what is around it as decides what can happen. Says which promise was broken."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

from msgspec import Struct

from daemon.core import events as ev
from daemon.core.connection.phase import LinkPhase, SessionPhase
from daemon.core.history.turn import Turn
from daemon.core.machine import Machine
from daemon.core.timers import Timers
from daemon.core.transitions import TransitionTable
from daemon.core.turn.manager import TurnSettings
from daemon.core.turn.phase import SPOKEN, TurnPhase
from daemon.devices.limiter import Devices
from daemon.devices.requests import Limits
from daemon.realtime import events as wire
from tests.scenarios.statespace import inside
from tests.scenarios.statespace.canonical import Canon

MOST_ENTRIES = 4
ROLES = ("live", "next", "spare")


class Bounds(Struct, frozen=True):
    """What is left out, so that there is an end.

    `tools` and `texts` are how many there may be at a time, `items` how many an answer has at most; `spoken`:
    the texts are not asked but are to be spoken. `names`: those that the server gives come "again" with each
    answer, or it gives "none". `detects`: its voice detection is at work, in the style `tap` (or `open`, and
    perhaps full `duplex`) or else against our will. `wake`: a wake word opens in the style `hold`, too.
    `steady`: no connection is lost.
    """

    button: bool = True
    texts: int = 0
    spoken: bool = False
    items: int = 1
    tools: int = 0
    wishes: bool = False
    written: bool = False
    stages: bool = False
    fallback: bool = False
    complaints: bool = False
    names: Literal["", "again", "none"] = ""
    detects: bool = False
    tap: bool = False
    open: bool = False
    duplex: bool = False
    wake: bool = False
    steady: bool = False


class ConstantPace:
    """In the place of the pace, whose limits have tests of their own: every wait is a second."""

    def attempted(self, now: float, wanted: bool = False) -> None:
        """Nothing to count."""

    def ready(self) -> None:
        """Nothing to forget."""

    def failed(self, now: float, barred_s: float = 0.0) -> float:
        """A second."""
        return 1.0

    def haste_at(self, now: float) -> float:
        """A second, too."""
        return now + 1.0

    def barred(self, now: float) -> bool:
        """The server never asks for patience."""
        return False

    def allowed(self, now: float, wait_s: float = 0.0) -> float:
        """No longer than that."""
        return wait_s


def _half() -> float:
    return 0.5


class Server:
    """The other end of the live connection, as far as it decides what can come from there."""

    def __init__(self) -> None:
        self.committing = False
        self.owed = 0
        self.response = self.past = self.create = self.commit = ""
        self.voiced = self.worded = self.second = self.calls = self.cancelled = False
        self.hearing = self.unwanted = False
        self.own: Literal["", "busy", "asked", "withdrawn"] = ""
        """What it answers by itself."""


class World:
    """Everything that a state is made of."""

    def __init__(self, bounds: Bounds) -> None:
        self.bounds = bounds
        lamp = Limits(name="lamp", takes="switch", at_start=0.0, at_exit=0.0)
        devices = Devices({"lamp": lamp})
        style = "open" if bounds.open else "tap" if bounds.tap else "hold"
        settings = TurnSettings(style, full_duplex=bounds.duplex)
        self.machine = Machine(settings, {"tools": []}, devices, _half, fallback=bounds.fallback)
        connections: Any = self.machine.connections
        connections.dialer.backoff = connections.brain.backoff = ConstantPace()
        self.now = 1000.0
        self.ids = 0
        self.down = self.capturing = self.tail = self.silencing = False
        self.silenced = 0
        """So many of what is played are to be silent; what comes behind them is played on."""
        self.names: dict[str, str] = {}
        """What we call what the machine calls so, of the items that were played."""
        self.sounding = self.calling = self.called = ""
        self.noise = False
        self.playing: list[str] = []
        self.refused: set[str] = set()
        self.tools: list[str] = []
        self.ran: set[str] = set()
        self.unheard: list[str] = []
        self.told: dict[int, list[str]] = {}
        self.server = Server()
        self.broken = ""
        self.step(ev.Start())

    def key(self) -> str:
        """What tells this state from others."""
        return Canon().of(self)

    def new(self, kind: str) -> str:
        """An id that was never used."""
        self.ids += 1
        return f"{kind}_{self.ids}"

    def wire(self, name: str) -> str:
        """What the server calls what we call so."""
        match self.bounds.names:
            case "again":
                return f"{name.partition('_')[0]}_0"
            case "none":
                return ""
        return name

    def keys(self, names: Iterable[str]) -> tuple[str, ...]:
        """What the machine calls what we call so."""
        known = {name: key for key, name in self.names.items()}
        return tuple(known[name] for name in names)

    # ------------------------------------------------------------ time

    def timers(self) -> dict[str, Timers[Any]]:
        """All timers, each with whose it is."""
        connections = self.machine.connections
        found: dict[str, Timers[Any]] = {
            "turn": inside.turn_timers(self.machine),
            "line": connections.timers,
        }
        for role in ROLES:
            if session := getattr(connections.sessions, role):
                found[role] = session.timers
        return found

    def wait(self) -> bool:
        """Until something becomes due, by the clock; False if nothing ever does."""
        deadline = self.machine.deadline
        if deadline is None:
            return False
        self.now = max(self.now, deadline)
        self.step(ev.Tick())
        return True

    @property
    def idle(self) -> bool:
        """Does nobody wait for anything?"""
        return self.machine.state in ("idle", "muted") and inside.talk(self.machine).idle

    @property
    def withdrawn(self) -> bool:
        """Has somebody spoken, and wants nothing any more, and the server may have heard it?"""
        return inside.talk(self.machine).listening.withdrawn

    def pass_by(self, seconds: float) -> None:
        """Time in which nothing becomes due."""
        self.now += seconds
        for timers in self.timers().values():
            for name, at in list(inside.times(timers).items()):
                timers.set(name, at + seconds)

    # ------------------------------------------------------------ a step

    def step(self, event: ev.Input) -> None:
        """The machine takes an event, and the world what it asks for."""
        conn, turns, server = inside.conn(self.machine), self._turns(), self.server
        attending = inside.talk(self.machine).hands_free.attending
        effects = self.machine.step(event, self.now)
        while TransitionTable.unknown:
            self._break(f"there is no way on for {TransitionTable.unknown.pop()}")
        if inside.conn(self.machine) != conn:
            self.server = Server()
        for effect in effects:
            self._take(effect)
        if not self.noise:
            self._check_answer(server, event, effects)
        self._bound()
        if any(item in self.unheard for item in self.told.get(inside.conn(self.machine), [])):
            self._break("the server believes what was not heard")
        listening = self.machine.state == "listening" or inside.talk(self.machine).hands_free.attending
        if listening != self.capturing:
            self._break(f"the state is {self.machine.state} while the microphone is {self.capturing}")
        match event:
            case ev.Received(_, wire.SpeechStarted()) if attending and self.playing and not self.silencing:
                self._break("it talks on while the user speaks")
        if self.capturing and self.playing and not (self.silencing or self.bounds.duplex):
            self._break("it listens to what it says itself")
        self._check_link()
        self._check_turns(turns, [each.turn for each in effects if isinstance(each, ev.TurnOver)])

    def _break(self, promise: str) -> None:
        self.broken = self.broken or promise

    def _check_link(self) -> None:
        """The link goes its own way through its table, and is always where the sessions are."""
        sessions = self.machine.connections.sessions
        if sessions.live is not None:
            stands = LinkPhase.FALLBACK if sessions.live.place == "brain" else LinkPhase.READY
        elif sessions.next is None:
            stands = LinkPhase.REFUSED if sessions.fatal else LinkPhase.WAITING
        elif sessions.next.phase in (SessionPhase.DIALING, SessionPhase.GREETING):
            stands = LinkPhase.CONNECTING
        else:
            stands = LinkPhase.CONFIGURING
        if sessions.link is not stands:
            self._break(f"the link is {sessions.link.value} where it should be {stands.value}")

    def _turns(self) -> dict[int, Turn]:
        talk = inside.talk(self.machine)
        turns = [inside.question(self.machine), talk.answer.turn, talk.answer.barge_in.turn]
        turns += inside.texts(self.machine)
        return {turn.number: turn for turn in turns if turn is not None}

    def _check_turns(self, before: dict[int, Turn], told: list[dict[str, Any]]) -> None:
        """A question that was asked is there, or its end was told, once."""
        numbers, now = [each["number"] for each in told], self._turns()
        for turn in before.values():
            if turn.number not in now and turn.phase not in SPOKEN and turn.number not in numbers:
                self._break(f"a turn ({turn.source}) vanishes untold")
        if len(set(numbers)) < len(numbers) or set(numbers) & set(now):
            self._break("the end of a turn is told, and it goes on")

    def _check_answer(self, server: Server, event: ev.Input, effects: list[ev.Effect]) -> None:
        """What was not cancelled is heard, and done, as long as somebody waits for it."""
        wanted = not server.cancelled and inside.talk(self.machine).answer.turn is not None
        match event:
            case ev.Received(_, wire.OutputAudioDelta(delta=delta)) if delta and server.response:
                played = any(isinstance(each, ev.Play) for each in effects)
                if wanted and not played:
                    self._break("an answer is silent")
                if server.unwanted and played:
                    self._break("what was withdrawn is heard")
            case ev.Received(_, wire.ResponseDone()) if not server.response:
                if wanted and self.calling and self.calling not in self.ran:
                    self._break("a call is not run")
                self.calling, server.cancelled = "", False

    def _bound(self) -> None:
        """The ledger, what is remembered of it, and a tail that nobody waits for."""
        question = inside.question(self.machine)
        self.tail = self.tail and question is not None and question.phase is TurnPhase.CLOSING
        entries = inside.entries(self.machine.history)
        del entries[: max(0, len(entries) - MOST_ENTRIES)]
        open_now = [each.conn for each in self.machine.connections.sessions]
        told = {conn: [each for each in self.told.get(conn, []) if self._matters(each)] for conn in open_now}
        self.told = {conn: items for conn, items in told.items() if items}
        whole = {str(getattr(entry, "text", "")) for entry in entries}
        known = {item for items in told.values() for item in items}
        self.unheard = [item for item in self.unheard if item in known or said(item) in whole]

    def _matters(self, item_id: str) -> bool:
        """May it still turn out that an item was not heard?"""
        return item_id in self.playing or item_id in self.unheard

    def _take(self, effect: ev.Effect) -> None:
        match effect:
            case ev.SetCapture(on):
                self.tail = not on and (self.tail or self.capturing)
                self.capturing = on
            case ev.Play(key, _):
                name = self.names.setdefault(key, self.sounding)
                if name not in self.playing:
                    self.playing.append(name)
                if key in self.refused:
                    self._break("what is played is taken for what was cut")
            case ev.StopPlayback():
                self.silencing, self.silenced = True, len(self.playing)
            case ev.RunTool(key, _, _):
                if self.called in self.ran:
                    self._break("a call runs twice")
                self.ran.add(self.called)
                self.tools.append(key)
            case ev.Send(event, conn):
                self._sent(event, conn == inside.conn(self.machine))
                self._remember(event, conn)

    def _sent(self, event: Any, live: bool) -> None:
        match event:
            case wire.ResponseCancel() if live:
                self.server.cancelled = True
            case wire.ResponseCreate(event_id=event_id) if live:
                self.server.create = str(event_id)
                self.server.owed += 1
                if self.server.owed > 1 or self.server.response:
                    self._break("an answer is asked for while another is under way")
            case wire.AudioCommit(event_id=event_id) if live:
                self.server.committing, self.server.commit = True, str(event_id)
                turn = inside.talk(self.machine).answer.turn
                if turn is not None and turn.calls:
                    self._break("what was said is sent again after its tool has run")
            case wire.ItemCreate(item=item) if item.role == "assistant":
                if any(_text(item) == said(unheard) for unheard in self.unheard):
                    self._break("what was not heard is told as said")

    def _remember(self, event: Any, conn: int) -> None:
        """What a server was told of, and not to forget."""
        match event:
            case wire.ItemCreate(item=item) if item.role == "assistant":
                name = self.names.get(str(item.id), "")
                if name and _text(item) == said(name):
                    self.told.setdefault(conn, []).append(name)
            case wire.ItemDelete(item_id=key) if self.names.get(key) in self.told.get(conn, []):
                self.told[conn].remove(self.names[key])


def _text(item: wire.Item) -> str:
    return str((item.content or [])[0].text)


def said(item_id: str) -> str:
    """The words of an item, as the server sends them: more than one, so that they can be cut."""
    return f"{item_id} in three words"
