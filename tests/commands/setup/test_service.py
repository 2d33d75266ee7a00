"""The turn that the wizard shows at the end, by a real control socket."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from daemon.commands.setup.service import watch_turn
from daemon.control.server import ControlServer, Emit
from daemon.realtime.events import Json

CALL = {"name": "set_device", "arguments": '{"device": "lamp"}', "output": "The lamp is on."}
TURN = {"heard": "turn on the lamp", "reply": "The lamp is on.", "trouble": None}


class Appliance:
    """A control socket on a thread of its own, whose events the test sends."""

    def __init__(self, path: Path) -> None:
        self._loop = asyncio.new_event_loop()
        self.control = ControlServer(str(path), self._handle)
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self.control.open(), self._loop).result()

    def live_through(self, *events: Json) -> None:
        """Publish these once somebody watches, again and again until the socket is closed."""
        asyncio.run_coroutine_threadsafe(self._repeat(events), self._loop)

    def close(self) -> None:
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _repeat(self, events: tuple[Json, ...]) -> None:
        while True:
            for event in events:
                self.control.publish(**event)
            await asyncio.sleep(0.02)

    async def _end(self) -> None:
        await self.control.close()
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def _handle(self, request: Json, emit: Emit) -> Json:
        return {}


@pytest.fixture
def appliance(tmp_path: Path) -> Iterator[Appliance]:
    made = Appliance(tmp_path / "control.sock")
    yield made
    made.close()


@pytest.mark.parametrize(("reply", "works"), [("The lamp is on.", True), ("", False)])
def test_a_turn_is_told(appliance: Appliance, tmp_path: Path, reply: str, works: bool) -> None:
    said: list[str] = []
    events: list[Json] = [
        {"event": "button", "pressed": True},
        {"event": "tool", **CALL},
        {"event": "turn", **TURN, "reply": reply},
    ]
    appliance.live_through(*events)
    assert watch_turn(tmp_path / "control.sock", said.append) is works
    assert "  heard: turn on the lamp" in said
    assert said[-1] == f"  answered: {reply or '(nothing)'}"
