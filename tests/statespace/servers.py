"""What the servers say in a world."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from daemon import protocol as wire
from daemon.core import events as ev
from daemon.protocol import ErrorDetail, Item, Response
from tests.statespace.world import World, said

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
            for _ in range(world.machine.ledger.last):
                world.step(ev.Received(conn, wire.ItemAdded(item=Item())))
            return
        case _:
            event = ev.Received(conn, error("unknown_parameter", ""))
    world.step(event)


def _committed(world: World) -> wire.ServerEvents:
    world.server.committing = False
    return wire.AudioCommitted(item_id=world.new("item"))


def _commit_refused(world: World) -> wire.ServerEvents:
    world.server.committing = False
    return error("input_audio_buffer_commit_empty", "commit")


def error(code: str, event_id: str) -> wire.ServerEvents:
    """A complaint about an event of ours."""
    return wire.Error(error=ErrorDetail(code=code, event_id=event_id, message="No."))


def _not_created(world: World, code: str) -> wire.ServerEvents:
    world.server.owed -= 1
    return error(code, "create")


def _created(world: World) -> wire.ServerEvents:
    server = world.server
    server.owed -= 1
    server.response = world.new("resp")
    server.voiced = server.worded = server.second = False
    return wire.ResponseCreated(response=Response(id=server.response))


def _item(world: World) -> str:
    """The first item of the answer."""
    return world.server.response.replace("resp", "item")


def _audio(world: World) -> wire.ServerEvents:
    """With the words that are spoken, if they have not come before."""
    if not world.server.worded:
        world.step(ev.Received(world.machine._outbox.conn, _words(world)))
    world.server.voiced = True
    return wire.OutputAudioDelta(response_id=world.server.response, item_id=_item(world), delta=ENOUGH)


def _another_item(world: World) -> wire.ServerEvents:
    """A second one of the same answer, and no more of the first."""
    conn, server, item = world.machine._outbox.conn, world.server, world.new("item")
    server.second = True
    world.step(ev.Received(conn, wire.OutputAudioDone(response_id=server.response, item_id=_item(world))))
    words = wire.OutputTranscriptDone(response_id=server.response, item_id=item, transcript=said(item))
    world.step(ev.Received(conn, words))
    return wire.OutputAudioDelta(response_id=server.response, item_id=item, delta=ENOUGH)


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
    output = [call(world.new("call"))]
    return wire.ResponseDone(response=Response(id=_end(world), status="completed", output=output))


def call(call_id: str) -> Item:
    """The model wants the lamp to be switched."""
    return Item(type="function_call", call_id=call_id, name="set_device", arguments="{}")


SAYS: dict[str, Callable[[World], Any]] = {
    "committed": _committed,
    "commit refused": _commit_refused,
    "transcribed": lambda world: wire.TranscriptionCompleted(item_id="", transcript="hello"),
    "created": _created,
    "create refused": lambda world: _not_created(world, "invalid_value"),
    "busy": lambda world: _not_created(world, "conversation_already_has_active_response"),
    "audio": _audio,
    "another item": _another_item,
    "words": _words,
    "done": _done,
    "failed": lambda world: _done(world, "failed"),
    "done with a call": _done_with_a_call,
    "done twice with a call": _done_with_a_call,
}
