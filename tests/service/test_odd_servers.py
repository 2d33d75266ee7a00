"""Servers with odd manners, over real websockets: none is left unconfigured, none gets a storm."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeAlias

import pytest
from websockets.asyncio.server import ServerConnection, serve

from daemon.core import events as ev
from daemon.core.connection.settings_negotiation import MOST_UPDATES
from daemon.core.machine import Machine
from daemon.core.turn.manager import TurnSettings
from daemon.devices.limiter import Devices
from daemon.network.endpoint import Endpoint
from daemon.realtime.session_config import session_config
from daemon.service.realtime_link import LinkEvent, RealtimeLink
from daemon.telemetry.wire_log import WireLog
from tests.service.hostile import url_of

Json: TypeAlias = dict[str, Any]
WAIT_S = 15.0
TOOLS: list[Json] = [
    {"type": "function", "name": name, "description": "Does.", "parameters": {"type": "object"}}
    for name in ("good", "bad", "fine")
]


class Shell:
    """As much of the service as a connection needs."""

    def __init__(self, url: str) -> None:
        session = session_config("You are a box.", TOOLS, None, False, {})
        self.machine = Machine(TurnSettings(), session, Devices({}), lambda: 0.5)
        self.link = RealtimeLink(lambda place: Endpoint(url, direct=True), self.step, WireLog(""))
        self.told: list[str] = []
        self.turns: list[Json] = []

    def step(self, event: ev.Input | LinkEvent) -> None:
        """The machine takes an event, and the link what it asks for."""
        for effect in self.machine.step(event, asyncio.get_running_loop().time()):
            match effect:
                case ev.Connect(conn, place):
                    self.link.open(conn, place)
                case ev.Disconnect(conn):
                    self.link.close(conn)
                case ev.Send(sent, conn):
                    self.link.send(conn, sent)
                case ev.SettingsRejected(message):
                    self.told.append(message)
                case ev.TurnOver(turn):
                    self.turns.append(turn)

    async def until(self, condition: Callable[[], bool]) -> None:
        """Live until this is so. Raises TimeoutError."""
        async with asyncio.timeout(WAIT_S):
            while not condition():
                self.step(ev.Tick())
                await asyncio.sleep(0.02)


class Odd:
    """Does not greet; takes updates or complains of them as it is told to, and of any question."""

    def __init__(self, answer: Callable[[Json], Json]) -> None:
        self.updates: list[Json] = []
        self._answer = answer

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[Shell]:
        """While it listens: a service that has come to be ready with it."""
        async with serve(self._talk, "127.0.0.1", 0, compression=None) as server:
            shell = Shell(url_of(server))
            shell.step(ev.Start())
            await shell.until(lambda: shell.machine.link == "ready")
            yield shell
            await shell.link.aclose()

    async def _talk(self, socket: ServerConnection) -> None:
        async for frame in socket:
            event = json.loads(frame)
            if event["type"] == "session.update":
                self.updates.append(event["session"])
                await socket.send(json.dumps(self._answer(event)))
            elif event["type"] == "response.create":
                await socket.send(json.dumps({"error": "The model is not loaded."}))


def confirmed(event: Json) -> Json:
    return {"type": "session.updated", "session": event["session"]}


def without_the_bad(event: Json) -> Json:
    """Strict, and tells by the id alone what it is about."""
    if any(tool["name"] == "bad" for tool in event["session"].get("tools", [])):
        return {"type": "error", "error": {"message": "Invalid schema.", "event_id": event["event_id"]}}
    return confirmed(event)


def complaint(event: Json) -> Json:
    return {"type": "error", "message": "No."}


def test_a_server_that_does_not_greet_is_used() -> None:
    async def play() -> None:
        server = Odd(confirmed)
        async with server.listening():
            assert [len(update["tools"]) for update in server.updates] == [3]

    asyncio.run(play())


def test_a_server_that_refuses_every_update_without_a_name_gets_two() -> None:
    async def play() -> None:
        server = Odd(complaint)
        async with server.listening() as shell:
            await asyncio.sleep(1.0)
            assert len(server.updates) == 2
            assert len(shell.told) == 2

    asyncio.run(play())


def test_a_strict_server_has_everything_but_the_tool_that_it_refuses() -> None:
    async def play() -> None:
        server = Odd(without_the_bad)
        async with server.listening() as shell:
            assert list(shell.machine.connections.sessions.left_out) == ["bad"]
            names = [[tool["name"] for tool in update.get("tools", [])] for update in server.updates]
            assert [each for each in names if "bad" not in each][-1] == ["good", "fine"]
            assert len(server.updates) <= MOST_UPDATES
            before = len(server.updates)
            shell.link.close(1)
            shell.step(ev.Disconnected(1, 1006, "cut"))
            await shell.until(lambda: shell.machine.link == "ready" and len(server.updates) > before)
            assert len(server.updates) == before + 1
            assert list(shell.machine.connections.sessions.left_out) == ["bad"]

    asyncio.run(play())


@pytest.mark.parametrize("answer", [confirmed, complaint, without_the_bad])
def test_an_error_as_text_ends_the_turn_with_its_words(answer: Callable[[Json], Json]) -> None:
    async def play() -> None:
        async with Odd(answer).listening() as shell:
            shell.step(ev.TextAsked("what time is it"))
            await shell.until(lambda: bool(shell.turns))
            assert shell.turns[0]["trouble"] == "The model is not loaded."

    asyncio.run(play())
