"""The watchdog is fed by progress of every part, and by nothing else."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from daemon.service import watchdog
from tests.scenarios.faults.clock import virtual_time

INTERVAL_S = 0.01


@pytest.fixture
def systemd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """The other end of NOTIFY_SOCKET."""
    address = str(tmp_path / "notify")
    monkeypatch.setenv("NOTIFY_SOCKET", address)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
        receiver.bind(address)
        receiver.setblocking(False)
        yield receiver


def cleared(systemd: socket.socket) -> bool:
    """Take what is there; was there anything?"""
    meals = 0
    with contextlib.suppress(BlockingIOError):
        while systemd.recv(100):
            meals += 1
    return meals > 0


async def fed(systemd: socket.socket) -> None:
    """Wait for a meal that was not there before."""
    cleared(systemd)
    assert await asyncio.wait_for(asyncio.get_running_loop().sock_recv(systemd, 100), 10) == b"WATCHDOG=1"


async def starved(systemd: socket.socket) -> bool:
    """Has there been nothing for some rounds, after one that may have been on its way?"""
    await asyncio.sleep(2 * INTERVAL_S)
    cleared(systemd)
    await asyncio.sleep(5 * INTERVAL_S)
    return not cleared(systemd)


def run(parts: dict[str, watchdog.ProgressCheck], scenario: Callable[[], Awaitable[None]]) -> None:
    async def beside() -> None:
        feeding = asyncio.create_task(watchdog.feed(parts, INTERVAL_S))
        await asyncio.wait_for(scenario(), 30)
        feeding.cancel()

    asyncio.run(beside())


def test_one_part_that_stands_still_starves_it_and_is_named_once(
    systemd: socket.socket, caplog: pytest.LogCaptureFixture
) -> None:
    heartbeats = {"microphone": 0, "speaker": 0}
    frozen: set[str] = set()

    def count(part: str) -> int:
        if part not in frozen:
            heartbeats[part] += 1
        return heartbeats[part]

    async def scenario() -> None:
        await fed(systemd)
        frozen.add("speaker")
        assert await starved(systemd)
        assert [record.getMessage() for record in caplog.records] == [
            "no progress: speaker; systemd restarts voiced if that lasts"
        ]
        frozen.clear()
        await fed(systemd)

    parts = {part: watchdog.moving(lambda part=part: count(part)) for part in heartbeats}  # type: ignore[misc]
    run(parts, scenario)


def test_a_connection_that_nobody_sees_to_starves_it(systemd: socket.socket) -> None:
    attended = True

    async def scenario() -> None:
        nonlocal attended
        await fed(systemd)
        attended = False
        assert await starved(systemd)

    run({"connection": lambda: attended}, scenario)


def test_a_blocked_loop_starves_it(systemd: socket.socket) -> None:
    async def scenario() -> None:
        await fed(systemd)
        cleared(systemd)
        time.sleep(5 * INTERVAL_S)  # noqa: ASYNC251
        assert not cleared(systemd)

    run({}, scenario)


class Thread:
    """Its heartbeat goes on while it moves."""

    def __init__(self) -> None:
        self._heartbeats = 0
        self.hangs = False
        self.given_up = 0

    @property
    def heartbeats(self) -> int:
        self._heartbeats += not self.hangs
        return self._heartbeats

    def give_up(self) -> None:
        self.given_up += 1


def test_a_thread_that_hangs_is_given_up_within_three_seconds_and_once_each_time() -> None:
    well, ill = Thread(), Thread()
    with virtual_time() as loop:
        attending = loop.create_task(watchdog.attend((well, ill)))
        for _ in range(2):
            loop.run_until_complete(asyncio.sleep(60))
            before = ill.given_up
            ill.hangs = True
            loop.run_until_complete(asyncio.sleep(3))
            assert ill.given_up == before + 1
            loop.run_until_complete(asyncio.sleep(60))
            assert ill.given_up == before + 1
            ill.hangs = False
        attending.cancel()
    assert well.given_up == 0


def test_a_machine_that_stood_still_gives_no_thread_up() -> None:
    thread = Thread()
    with virtual_time() as loop:
        attending = loop.create_task(watchdog.attend((thread,)))
        for _ in range(10):
            loop.run_until_complete(asyncio.sleep(1.0))
            thread.hangs = True
            loop.pass_over(30.0)  # nobody moved, and nobody looked
            loop.run_until_complete(asyncio.sleep(0.6))
            thread.hangs = False
        attending.cancel()
    assert thread.given_up == 0
