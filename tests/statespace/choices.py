"""What can happen in a world, by name, and how it happens."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from daemon import protocol as wire
from daemon.core import events as ev
from daemon.core.attempt import Stage
from daemon.core.outputs import Query
from daemon.core.playout import Cut
from daemon.protocol import ErrorDetail, Item, Response
from tests.statespace.world import ROLES, Server, World, said

ENOUGH = b"\1\0" * 2400
MOMENT_S = 0.6
MOST_PLAYING = 2
_STAGES = {
    Stage.DIALING: ("greeted", "refused"),
    Stage.CONFIGURING: ("configured", "rejected"),
    Stage.SEEDING: ("knows",),
}


def choices(world: World) -> Iterator[str]:
    """The names of all that can happen now."""
    yield "noise"
    yield from _hand(world)
    yield from _cards(world)
    if world.tools:
        yield "tool"
    yield from (f"due turn {name}" for name in world.machine._conversation._timers._times)
    lifeline = world.machine._lifeline
    if world.bounds.stages:
        yield from _stages(world)
    else:
        yield from ("lost", "moved") if lifeline.live else ("found",)
    if lifeline.live is not None:
        yield from _server(world)


def _stages(world: World) -> Iterator[str]:
    """Each connection, step by step."""
    lifeline = world.machine._lifeline
    used = [name for name in lifeline._timers._times if name != "outage" or world.bounds.fallback]
    yield from (f"due line {name}" for name in used)
    for role in ROLES:
        attempt = getattr(lifeline, role)
        if attempt is not None:
            yield f"{role} lost"
        if attempt is not None and role != "live":
            yield from (f"due {role} {name}" for name in attempt._timers._times)
            yield from (f"{role} {what}" for what in _STAGES.get(attempt.stage, ()))


def _hand(world: World) -> Iterator[str]:
    talk = world.machine._conversation
    if world.bounds.button:
        yield "let go" if world.down else "press"
    if world.down and world.capturing:
        yield "let go soon"
    if world.bounds.wishes:
        yield from ("mute", "stop")
    if world.bounds.wishes or (world.bounds.stages and world.idle):
        yield "forget"
    if len(talk._texts) < world.bounds.texts:
        yield "text"
    if talk.question is not None and talk.question.pressed_at is not None:
        yield "later"


def _cards(world: World) -> Iterator[str]:
    if (world.capturing or world.tail) and not world.machine._conversation._listener._utterance._chunks:
        yield "sound"
    if world.tail:
        yield "tail"
    if world.playing:
        yield "drained"
    if world.silencing:
        yield from ("silent unheard", "silent heard") if world.playing else ("silent unheard",)


def _server(world: World) -> Iterator[str]:
    server = world.server
    if server.committing:
        yield from ("committed", "commit refused", "transcribed")
    if server.owed:
        yield from ("created", "create refused", "busy")
    if server.response:
        yield from ("done", "failed")
        if not server.voiced and len(world.playing) < MOST_PLAYING:
            yield "audio"
        if world.bounds.written and not server.voiced and not server.worded:
            yield "words"
        if len(world.tools) < world.bounds.tools:  # and not one after the other without end
            yield from ("done with a call", "done twice with a call")


def happen(world: World, name: str) -> None:
    """Let it happen, by its name."""
    world.broken = ""
    first, _, rest = name.partition(" ")
    if first == "due":
        _due(world, *rest.split())
    elif first in ROLES:
        _connection(world, getattr(world.machine._lifeline, first).conn, rest)
    elif name in _LOCAL:
        _LOCAL[name](world)
    else:
        event = _SAYS[name](world)
        conn = world.machine._outbox.conn
        for _ in range(2 if "twice" in name else 1):
            world.step(ev.Received(conn, event))


def _due(world: World, role: str, name: str) -> None:
    """This becomes due before anything else does, whatever was to be first."""
    world.timers()[role].set(name, world.now)
    if name in ("stall", "cancel"):
        world.server = Server()  # it has let the deadline pass, and says no more of that answer
    if name in ("drain", "cut"):
        world.playing, world.silencing = [], False  # a speaker that has not said so by now never will
    world.step(ev.Tick())
    if name == "utterance":
        _edge(world, False, MOMENT_S)  # which is of no more consequence


# ---------------------------------------------------------------- the hand and the cards


def _edge(world: World, pressed: bool, after_s: float) -> None:
    world.pass_by(after_s)
    world.down = pressed
    world.step(ev.Edge(pressed, world.now))
    world.machine._gestures._quiet_until = None  # it has come to rest when the next thing happens


def _later(world: World) -> None:
    """What was pressed is older than anybody waits for."""
    question = world.machine._conversation.question
    assert question is not None
    question.pressed_at = None
    world.pass_by(MOMENT_S)


def _tail(world: World) -> None:
    world.tail = False
    world.step(ev.CaptureEnded())


def _drained(world: World) -> None:
    items, world.playing = tuple(world.playing), []
    world.step(ev.Drained(items))


def _silent(world: World, heard: bool) -> None:
    items, world.playing, world.silencing = world.playing, [], False
    world.unheard += items
    if heard:
        world.step(ev.Stopped(Cut(items[0], 50, (), tuple(items[1:]))))
    else:
        world.step(ev.Stopped(Cut(None, 0, (), tuple(items))))


def _tool(world: World) -> None:
    world.step(ev.ToolDone(world.tools.pop(0), "Done."))


def _noise(world: World) -> None:
    """What is late, stray, empty or of no consequence; whatever is under way, it goes on as before."""
    before = world.key()
    for event in _noises(world):
        world.step(event)
        if world.key() != before:
            what = event.event if isinstance(event, ev.Received) else event
            world.broken = world.broken or f"a stray {type(what).__name__} changes something"
            return


def _noises(world: World) -> Iterator[ev.Input]:
    conn, server, gone = world.machine._outbox.conn, world.server, world.machine._lifeline._conns + 100
    yield from (ev.Xrun("underrun"), ev.Sounded("item_0", world.now), ev.Deaf())
    yield from (() if world.playing else (ev.Drained(()),))
    yield from (ev.ToolDone("call_0", "Done."), ev.Edge(world.down, world.now), ev.Tick())
    yield ev.DeviceAsked(0, Query("lamp"))
    late: list[wire.ServerEvents] = [
        wire.OutputAudioDelta(response_id=server.past, item_id="item_0", delta=ENOUGH),
        wire.OutputTranscriptDelta(response_id=server.past, item_id="item_0", delta="late"),
        wire.OutputAudioDone(response_id=server.past, item_id="item_0"),
    ]
    if world.machine._conversation.answer._responses.active != "":  # else it may be the end that is waited for
        # Completed, it would be a sign that the server refuses nothing any more.
        status = "cancelled" if world.machine._lifeline._fatal else "completed"
        output = [_call("call_0")]
        late.append(wire.ResponseDone(response=Response(id=server.past, status=status, output=output)))
    empty = [wire.OutputAudioDelta(response_id=server.response, item_id="item_0", delta=b"")]
    other = [
        _error("something_else", "other"),
        _error("response_cancel_not_active", "other"),
        wire.TranscriptionCompleted(item_id="item_0", transcript="of an earlier turn"),
        wire.RateLimitsUpdated(),
    ]
    for event in [*(late if server.past else []), *(empty if server.response else []), *other]:
        yield ev.Received(conn, event)
    yield from (ev.Received(gone, event) for event in (wire.SessionCreated(), wire.SessionUpdated(), *late))
    yield ev.Disconnected(gone, 1006, "late")


def _found(world: World) -> None:
    """A connection is made, in one go."""
    lifeline = world.machine._lifeline
    if lifeline.next is None:
        _due(world, "line", "retry")
    for what in ("greeted", "configured", "knows"):
        if lifeline.next is not None:
            _connection(world, lifeline.next.conn, what)


def _moved(world: World) -> None:
    """The session is worn out, and the next one is there."""
    _due(world, "line", "hard")
    _found(world)


def _lost(world: World) -> None:
    live = world.machine._lifeline.live
    assert live is not None
    _connection(world, live.conn, "lost")


_LOCAL: dict[str, Callable[[World], None]] = {
    "press": lambda world: _edge(world, True, MOMENT_S),
    "let go": lambda world: _edge(world, False, MOMENT_S),
    "let go soon": lambda world: _edge(world, False, 0.1),
    "mute": lambda world: world.step(ev.MuteAsked(not world.machine.muted)),
    "stop": lambda world: world.step(ev.StopAsked()),
    "forget": lambda world: world.step(ev.ForgetAsked()),
    "text": lambda world: world.step(ev.TextAsked("hello")),
    "later": _later,
    "sound": lambda world: world.step(ev.Captured(ENOUGH)),
    "tail": _tail,
    "drained": _drained,
    "silent heard": lambda world: _silent(world, True),
    "silent unheard": lambda world: _silent(world, False),
    "tool": _tool,
    "noise": _noise,
    "found": _found,
    "moved": _moved,
    "lost": _lost,
}


# ---------------------------------------------------------------- the servers


def _connection(world: World, conn: int, what: str) -> None:
    event: ev.Input
    match what:
        case "lost":
            event = ev.Disconnected(conn, 1006, "")
        case "refused":
            event = ev.Disconnected(conn, 401, "HTTP 401")
        case "greeted":
            event = ev.Received(conn, wire.SessionCreated())
        case "configured":
            event = ev.Received(conn, wire.SessionUpdated())
        case "knows":
            for _ in range(world.machine.ledger.last):
                world.step(ev.Received(conn, wire.ItemAdded(item=Item())))
            return
        case _:
            code = "session_limit_reached" if what == "one session" else "unknown_parameter"
            event = ev.Received(conn, wire.Error(error=ErrorDetail(code=code, message="No.")))
    world.step(event)


def _committed(world: World) -> wire.ServerEvents:
    world.server.committing = False
    return wire.AudioCommitted(item_id=world.new("item"))


def _commit_refused(world: World) -> wire.ServerEvents:
    world.server.committing = False
    return _error("input_audio_buffer_commit_empty", "commit")


def _error(code: str, event_id: str) -> wire.ServerEvents:
    return wire.Error(error=ErrorDetail(code=code, event_id=event_id, message="No."))


def _not_created(world: World, code: str) -> wire.ServerEvents:
    world.server.owed -= 1
    return _error(code, "create")


def _created(world: World) -> wire.ServerEvents:
    server = world.server
    server.owed -= 1
    server.response = world.new("resp")
    server.voiced = server.worded = False
    return wire.ResponseCreated(response=Response(id=server.response))


def _item(world: World) -> str:
    """An answer has one item."""
    return world.server.response.replace("resp", "item")


def _audio(world: World) -> wire.ServerEvents:
    """With the words that are spoken, if they have not come before."""
    if not world.server.worded:
        world.step(ev.Received(world.machine._outbox.conn, _words(world)))
    world.server.voiced = True
    return wire.OutputAudioDelta(response_id=world.server.response, item_id=_item(world), delta=ENOUGH)


def _words(world: World) -> wire.ServerEvents:
    world.server.worded = True
    item = _item(world)
    return wire.OutputTranscriptDone(response_id=world.server.response, item_id=item, transcript=said(item))


def _done(world: World, status: str = "completed") -> wire.ServerEvents:
    return wire.ResponseDone(response=Response(id=_end(world), status=status))


def _end(world: World) -> str:
    world.server.past, world.server.response = world.server.response, ""
    return world.server.past


def _done_with_a_call(world: World) -> wire.ServerEvents:
    output = [_call(world.new("call"))]
    return wire.ResponseDone(response=Response(id=_end(world), status="completed", output=output))


def _call(call_id: str) -> Item:
    return Item(type="function_call", call_id=call_id, name="set_device", arguments="{}")


_SAYS: dict[str, Callable[[World], Any]] = {
    "committed": _committed,
    "commit refused": _commit_refused,
    "transcribed": lambda world: wire.TranscriptionCompleted(item_id="", transcript="hello"),
    "created": _created,
    "create refused": lambda world: _not_created(world, "invalid_value"),
    "busy": lambda world: _not_created(world, "conversation_already_has_active_response"),
    "audio": _audio,
    "words": _words,
    "done": _done,
    "failed": lambda world: _done(world, "failed"),
    "done with a call": _done_with_a_call,
    "done twice with a call": _done_with_a_call,
}
