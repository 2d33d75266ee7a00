"""What is late, stray, empty or of no consequence: it must leave every state as it is."""

from __future__ import annotations

from collections.abc import Iterator

from daemon.core import events as ev
from daemon.devices.requests import Query
from daemon.realtime import events as wire
from daemon.realtime.events import Response
from tests.scenarios.statespace import inside
from tests.scenarios.statespace.servers import ENOUGH, call, error
from tests.scenarios.statespace.world import World

ITEM = "item_0"
"""Of which nothing else has ever spoken."""


def noise(world: World) -> None:
    """All of it, one after the other; whatever is under way goes on as before."""
    before = world.key()
    world.noise = True
    for event in _noises(world):
        world.step(event)
        if world.key() != before:
            what = event.event if isinstance(event, ev.Received) else event
            world.broken = world.broken or f"a stray {type(what).__name__} changes something"
            break
    world.noise = False


def _noises(world: World) -> Iterator[ev.Input]:
    yield from _at_home(world)
    for event in _said(world):
        yield ev.Received(inside.conn(world.machine), event)
    gone = world.machine.connections.sessions.opened + 100
    for event in (wire.SessionCreated(), wire.SessionUpdated(), *_late(world)):
        yield ev.Received(gone, event)
    yield ev.Disconnected(gone, 1006, "late")


def _at_home(world: World) -> Iterator[ev.Input]:
    yield from (
        ev.Tick(),
        ev.ButtonEdge(world.down, world.now),
        ev.Xrun("underrun"),
    )
    if not world.bounds.wake:  # what a wake word has opened is closed by it
        yield ev.MicrophoneUnavailable()
    yield from (ev.PlaybackStarted(ITEM, world.now), ev.ToolDone("call_0", "Done."))
    yield ev.DeviceAsked(0, Query("lamp"))
    if not world.playing:
        yield ev.PlaybackDrained(())
    if inside.is_listening(world.machine) or world.machine.muted:
        yield ev.Opened("wake", world.now)


def _said(world: World) -> Iterator[wire.ServerEvent]:
    """What the server says that matters to nobody."""
    ours = inside.new_key(world.machine)
    yield from (error("something_else", ours), error("response_cancel_not_active", "other"))
    yield error("item_truncate_invalid_item_id", "")
    yield from (wire.TranscriptionCompleted(item_id=ITEM, transcript="of long ago"), wire.RateLimitsUpdated())
    if world.server.past and not world.bounds.names:  # else it is not known to be late
        yield from _late(world)
    if world.server.response and not inside.talk(world.machine).answer.exchange.complaint:
        response_id = world.wire(world.server.response)
        yield wire.OutputAudioDelta(response_id=response_id, item_id=ITEM, delta=b"")


def _late(world: World) -> Iterator[wire.ServerEvent]:
    """What comes of an answer after its end."""
    past, machine = world.server.past, world.machine
    yield wire.OutputAudioDelta(response_id=past, item_id=ITEM, delta=ENOUGH)
    yield wire.OutputTranscriptDelta(response_id=past, item_id=ITEM, delta="late")
    yield wire.OutputAudioDone(response_id=past, item_id=ITEM)
    owed = inside.owed(machine)
    if not any(each.refused for each in owed):  # else any end is the one that is waited for
        # Completed, it would be a sign that the server refuses nothing any more.
        status = "cancelled" if machine.connections.sessions.fatal else "completed"
        yield wire.ResponseDone(response=Response(id=past, status=status, output=[call("call_0")]))
