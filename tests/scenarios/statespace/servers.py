"""What the servers say in a world."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from daemon.core import events as ev
from daemon.realtime import events as wire
from daemon.realtime.events import ErrorDetail, Item, Response
from tests.scenarios.statespace import inside
from tests.scenarios.statespace.world import World, said

ENOUGH = b"\1\0" * 2400


def connection(world: World, conn: int, what: str) -> None:
    """What becomes of a connection, by its name."""
    event: ev.Input
    match what:
        case "lost":
            event = ev.Disconnected(conn, 1006, "")
        case "refused":
            event = ev.Disconnected(conn, 401, "HTTP 401")
        case "connected":
            event = ev.Connected(conn)
        case "greeted":
            event = ev.Received(conn, wire.SessionCreated())
        case "configured":
            event = ev.Received(conn, wire.SessionUpdated())
        case "knows":
            for _ in range(world.machine.history.last):
                world.step(ev.Received(conn, wire.ItemAdded(item=Item())))
            return
        case _:
            event = ev.Received(conn, error("unknown_parameter", ""))
    world.step(event)


def _committed(world: World) -> wire.ServerEvent:
    world.server.committing, world.server.commit = False, ""
    return wire.AudioCommitted(item_id=world.wire(world.new("item")))


def _commit_refused(world: World) -> wire.ServerEvent:
    commit, world.server.commit = world.server.commit, ""
    world.server.committing = False
    return error("input_audio_buffer_commit_empty", commit)


def error(code: str, event_id: str) -> wire.ServerEvent:
    """A complaint about an event of ours."""
    return wire.Error(error=ErrorDetail(code=code, event_id=event_id, message="No."))


def _not_created(world: World, code: str) -> wire.ServerEvent:
    server, create = world.server, _decided(world)
    server.own = "busy" if world.bounds.detects and "active" in code and not server.response else ""
    return error(code, create)


def _created(world: World) -> wire.ServerEvent:
    _decided(world)
    return _begins(world)


def _decided(world: World) -> str:
    """The server takes or refuses a request for an answer, whose id this gives.

    It has made the commit before, so that nothing of that is left to its voice detection.
    """
    server, create = world.server, world.server.create
    server.hearing = server.hearing and not server.committing
    server.owed, server.create = server.owed - 1, ""
    return create


def _begins(world: World) -> wire.ServerEvent:
    """An answer, whoever has asked for it."""
    server = world.server
    server.unwanted, server.own = server.own == "withdrawn", ""
    server.response = world.new("resp")
    server.voiced = server.worded = server.second = server.calls = server.cancelled = False
    world.sounding = world.calling = ""
    return wire.ResponseCreated(response=Response(id=world.wire(server.response)))


def _item(world: World) -> str:
    """The first item of the answer."""
    return world.server.response.replace("resp", "item")


def _audio(world: World) -> wire.ServerEvent:
    """With the words that are spoken, if they have not come before."""
    if not world.server.worded:
        world.step(ev.Received(inside.conn(world.machine), _words(world)))
    world.server.voiced = True
    return _sound(world, _item(world))


def _sound(world: World, item: str) -> wire.ServerEvent:
    world.sounding = item
    index = 0 if item == _item(world) else 1
    return wire.OutputAudioDelta(**_in(world, item), output_index=index, delta=ENOUGH)


def _in(world: World, item: str) -> dict[str, Any]:
    """Where something of an item is."""
    name = "item_1" if world.bounds.names == "again" and item != _item(world) else world.wire(item)
    return {"response_id": world.wire(world.server.response), "item_id": name}


def _another_item(world: World) -> wire.ServerEvent:
    """A second one of the same answer, and no more of the first."""
    conn, server, item = inside.conn(world.machine), world.server, world.new("item")
    server.second = True
    world.step(ev.Received(conn, wire.OutputAudioDone(**_in(world, _item(world)))))
    words = wire.OutputTranscriptDone(**_in(world, item), output_index=1, transcript=said(item))
    world.step(ev.Received(conn, words))
    return _sound(world, item)


def _words(world: World) -> wire.ServerEvent:
    world.server.worded = True
    item = _item(world)
    return wire.OutputTranscriptDone(**_in(world, item), transcript=said(item))


def _done(world: World, status: str = "completed") -> wire.ServerEvent:
    world.calling = world.calling if status == "completed" else ""
    return wire.ResponseDone(response=Response(id=_end(world), status=status))


def _end(world: World) -> str:
    server = world.server
    server.past, server.response = server.response, ""
    server.calls = server.unwanted = False
    return world.wire(world.server.past)


def _calls(world: World) -> wire.ServerEvent:
    """A call is told before the end of the answer, and not again."""
    world.server.calls, world.calling = True, world.new("call")
    world.called = world.calling
    item = call(world.wire(world.calling))
    return wire.OutputItemDone(response_id=world.wire(world.server.response), item=item)


def _done_with_a_call(world: World) -> wire.ServerEvent:
    world.called = world.calling = world.new("call")
    output = [call(world.wire(world.calling))]
    return wire.ResponseDone(response=Response(id=_end(world), status="completed", output=output))


def call(call_id: str) -> Item:
    """The model wants the lamp to be switched."""
    return Item(type="function_call", call_id=call_id, name="set_device", arguments="{}")


def _detects(world: World) -> wire.ServerEvent:
    world.server.hearing = True
    return wire.SpeechStarted()


def _takes(world: World) -> wire.ServerEvent:
    """Its voice detection makes an item of what was said, and will answer."""
    world.server.hearing, world.server.own = False, "withdrawn" if world.withdrawn else "asked"
    return wire.AudioCommitted(item_id=world.wire(world.new("item")))


def _ends_unseen(world: World) -> wire.ServerEvent:
    """What it was busy with is over."""
    world.server.own = ""
    return wire.ResponseDone(response=Response(id=world.new("resp"), status="completed"))


SAYS: dict[str, Callable[[World], Any]] = {
    "committed": _committed,
    "commit refused": _commit_refused,
    "transcribed": lambda world: wire.TranscriptionCompleted(item_id="", transcript="hello"),
    "created": _created,
    "detects": _detects,
    "takes": _takes,
    "begins": _begins,
    "ends unseen": _ends_unseen,
    "create refused": lambda world: _not_created(world, "invalid_value"),
    "complaint": lambda world: error("something_else", ""),
    "busy": lambda world: _not_created(world, "conversation_already_has_active_response"),
    "audio": _audio,
    "another item": _another_item,
    "words": _words,
    "done": _done,
    "calls": _calls,
    "failed": lambda world: _done(world, "failed"),
    "done with a call": _done_with_a_call,
    "done twice with a call": _done_with_a_call,
}
