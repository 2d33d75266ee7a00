"""What can happen in a world, by name, and how it happens."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from daemon.audio.jitter_buffer import Cut
from daemon.core import events as ev
from daemon.core.connection.phase import SessionPhase
from tests.scenarios.statespace import inside
from tests.scenarios.statespace.noise import noise
from tests.scenarios.statespace.servers import ENOUGH, SAYS, connection
from tests.scenarios.statespace.world import ROLES, Server, World

MOMENT_S = 0.6
_STAGES = {
    SessionPhase.DIALING: ("greeted", "refused", "connected"),
    SessionPhase.GREETING: ("greeted",),
    SessionPhase.CONFIGURING: ("configured", "rejected", "greeted", "refused"),
    SessionPhase.SEEDING: ("knows",),
}
_ODD = ("connected", "rejected")


def choices(world: World) -> Iterator[str]:
    """The names of all that can happen now."""
    yield "noise"
    if world.bounds.duplex and world.machine.connections.sessions.live is None:
        yield "found"  # half duplex has all that can happen before
        return
    yield from _hand(world)
    yield from _cards(world)
    if world.tools:
        yield "tool"
    timers = inside.turn_timers(world.machine)
    yield from (f"due turn {name}" for name in timers if not (world.bounds.open and name == "utterance"))
    sessions = world.machine.connections.sessions
    if world.bounds.stages:
        yield from _stages(world)
    elif sessions.live is None:
        yield "found"
    elif not world.bounds.steady:
        yield from ("lost", "moved")
    if sessions.live is not None:
        yield from _server(world)


def _stages(world: World) -> Iterator[str]:
    """Each connection, step by step."""
    sessions = world.machine.connections.sessions
    timers = world.machine.connections.timers
    used = [name for name in timers if name != "outage" or world.bounds.fallback]
    yield from (f"due line {name}" for name in used)
    for role in ROLES:
        session = getattr(sessions, role)
        if session is not None:
            yield f"{role} lost"
        if session is not None and role != "live":
            yield from (f"due {role} {name}" for name in session.timers)
            ways = _STAGES.get(session.phase, ())
            # The brain is ours: it greets, and takes what it is sent.
            yield from (f"{role} {what}" for what in ways if role == "next" or what not in _ODD)


def _hand(world: World) -> Iterator[str]:
    question = inside.question(world.machine)
    if (world.bounds.open or world.bounds.wake) and not inside.is_listening(world.machine):
        yield "wake"
    if world.bounds.wake and inside.is_listening(world.machine):
        yield from ("pause", "nothing said")
    if world.bounds.tap:
        yield "tap"
    elif world.bounds.button:
        yield "let go" if world.down else "press"
    if world.down and world.capturing:
        yield "let go soon"
    if world.bounds.wishes:
        yield from ("mute", "stop")
    if world.bounds.wishes or (world.bounds.stages and world.idle):
        yield "forget"
    if len(inside.texts(world.machine)) < world.bounds.texts:
        yield "say" if world.bounds.spoken else "text"
    if question is not None and question.times.pressed_at is not None:
        yield "later"


def _cards(world: World) -> Iterator[str]:
    if (world.capturing or world.tail) and not inside.talk(world.machine).listening.capture.spoken:
        yield "sound"
    if world.tail:
        yield "tail"
    if world.playing:
        yield from ("drained", "speaker lost")
    if world.silencing:
        yield from ("silent unheard", "silent heard", "silent late")[: world.silenced + 1]


def _server(world: World) -> Iterator[str]:
    server = world.server
    if server.committing:
        yield from ("committed", "commit refused", "transcribed")
    if world.bounds.detects:
        yield from _detection(world)
    if server.owed:
        yield from ("busy",) if server.response else ("created", "create refused", "busy")
    if world.bounds.complaints and (server.owed or server.response):
        yield "complaint"
    if server.response:
        yield from _answering(world)
    if server.response and not server.owed:
        yield from ("done", "failed")
        if len(world.tools) < world.bounds.tools and not server.calls:  # and not one after the other for ever
            yield from ("calls", "done with a call", "done twice with a call")


def _answering(world: World) -> Iterator[str]:
    server = world.server
    if not server.voiced and len(world.playing) < max(world.bounds.items, world.bounds.tools + 1):
        yield "audio"
    if server.voiced and not server.second and len(world.playing) < world.bounds.items:
        yield "another item"
    if world.bounds.written and not server.voiced and not server.worded:
        yield "words"


def _detection(world: World) -> Iterator[str]:
    """What a server does that listens by itself."""
    server = world.server
    spoken = bool(inside.talk(world.machine).listening.capture.spoken)
    hears = world.capturing and spoken and not (server.hearing and not world.withdrawn)
    if hears and (world.bounds.duplex or not server.response):
        yield "detects"
    # It tells of what it has made items of in order.
    if (world.capturing or world.withdrawn) and server.hearing and not (server.own or server.committing):
        yield "takes"
    if server.own and not server.response:
        yield "begins"
        if server.own == "busy" and not world.capturing:
            yield "ends unseen"


def happen(world: World, name: str) -> None:
    """Let it happen, by its name."""
    world.broken = ""
    first, _, rest = name.partition(" ")
    if first == "due":
        _due(world, *rest.split())
    elif first in ROLES:
        connection(world, getattr(world.machine.connections.sessions, first).conn, rest)
    elif name in _LOCAL:
        _LOCAL[name](world)
    else:
        event = SAYS[name](world)
        conn = inside.conn(world.machine)
        for _ in range(2 if "twice" in name else 1):
            world.step(ev.Received(conn, event))


def _due(world: World, role: str, name: str) -> None:
    """This becomes due before anything else does, whatever was to be first."""
    world.timers()[role].set(name, world.now)
    if name in ("stall", "cancel"):
        before, world.server = world.server, Server()  # it says no more of that answer
        # But what it hears comes behind what we had it commit.
        world.server.committing, world.server.commit = before.committing, before.commit
    if name in ("drain", "cut"):
        _taken(world, len(world.playing) if name == "drain" else world.silenced)  # it will never say so
    world.step(ev.Tick())
    if name == "utterance":
        _edge(world, False, MOMENT_S)  # which is of no more consequence


# ---------------------------------------------------------------- the hand and the cards


def _edge(world: World, pressed: bool, after_s: float) -> None:
    world.pass_by(after_s)
    world.down = pressed
    world.step(ev.ButtonEdge(pressed, world.now))
    inside.let_rest(world.machine)  # it has come to rest when the next thing happens


def _tap(world: World) -> None:
    """In the style `tap` nothing comes of letting go."""
    _edge(world, True, MOMENT_S)
    _edge(world, False, MOMENT_S)


def _later(world: World) -> None:
    """What was pressed is older than anybody waits for."""
    question = inside.question(world.machine)
    assert question is not None
    question.times.pressed_at = None
    world.pass_by(MOMENT_S)


def _tail(world: World) -> None:
    world.tail = False
    world.step(ev.CaptureEnded())


def _drained(world: World) -> None:
    items, world.playing, world.silenced = tuple(world.playing), [], 0
    world.step(ev.PlaybackDrained(world.keys(items)))


def _taken(world: World, number: int) -> tuple[str, ...]:
    """The speaker has so many items no more, and is not asked to be silent."""
    items, world.playing = tuple(world.playing[:number]), world.playing[number:]
    world.silencing, world.silenced = False, 0
    return items


def _silent(world: World, whole: int | None) -> None:
    """So many items were heard to their ends, and half of the next one; or None of them at all."""
    items = _taken(world, world.silenced)
    keys = world.keys(items)
    world.refused |= set(keys)
    if whole is None:
        world.unheard += items
        world.step(ev.PlaybackStopped(Cut(None, 0, (), keys)))
    else:
        world.unheard += items[whole:]
        world.step(ev.PlaybackStopped(Cut(keys[whole], 50, keys[:whole], keys[whole + 1 :])))


def _speaker_lost(world: World) -> None:
    """The speaker fails with half of the first item played."""
    items = _taken(world, len(world.playing))
    first, *others = world.keys(items)
    world.refused |= {first, *others}
    world.unheard += items
    world.step(ev.SpeakerLost(Cut(first, 50, (), tuple(others))))


def _tool(world: World) -> None:
    world.step(ev.ToolDone(world.tools.pop(0), "Done."))


def _found(world: World) -> None:
    """A connection is made, in one go."""
    sessions = world.machine.connections.sessions
    if sessions.next is None:
        _due(world, "line", "retry")
    for what in ("greeted", "configured", "knows"):
        if sessions.next is not None:
            connection(world, sessions.next.conn, what)


def _moved(world: World) -> None:
    """The session is worn out, and the next one is there."""
    _due(world, "line", "hard")
    _found(world)


def _lost(world: World) -> None:
    live = world.machine.connections.sessions.live
    assert live is not None
    connection(world, live.conn, "lost")


_LOCAL: dict[str, Callable[[World], None]] = {
    "press": lambda world: _edge(world, True, MOMENT_S),
    "let go": lambda world: _edge(world, False, MOMENT_S),
    "let go soon": lambda world: _edge(world, False, 0.1),
    "mute": lambda world: world.step(ev.MuteAsked(not world.machine.muted)),
    "stop": lambda world: world.step(ev.StopAsked()),
    "forget": lambda world: world.step(ev.ForgetAsked()),
    "text": lambda world: world.step(ev.TextAsked("hello")),
    "say": lambda world: world.step(ev.SayAsked("hello")),
    "tap": _tap,
    "wake": lambda world: world.step(ev.Opened("wake", world.now)),
    "pause": lambda world: world.step(ev.SpeechEnded(True)),
    "nothing said": lambda world: world.step(ev.SpeechEnded(False)),
    "later": _later,
    "sound": lambda world: world.step(ev.Captured(ENOUGH)),
    "tail": _tail,
    "drained": _drained,
    "speaker lost": _speaker_lost,
    "silent unheard": lambda world: _silent(world, None),
    "silent heard": lambda world: _silent(world, 0),
    "silent late": lambda world: _silent(world, 1),
    "tool": _tool,
    "noise": noise,
    "found": _found,
    "moved": _moved,
    "lost": _lost,
}
