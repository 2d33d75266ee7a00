"""The watchdog is fed by progress of every part, and by nothing else."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from daemon import watchdog

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


def run(parts: dict[str, watchdog.GetsOn], scenario: Callable[[], Awaitable[None]]) -> None:
    async def beside() -> None:
        feeding = asyncio.create_task(watchdog.feed(parts, INTERVAL_S))
        await asyncio.wait_for(scenario(), 30)
        feeding.cancel()

    asyncio.run(beside())


def test_one_part_that_stands_still_starves_it_and_is_named_once(
    systemd: socket.socket, caplog: pytest.LogCaptureFixture
) -> None:
    beats = {"microphone": 0, "speaker": 0}
    frozen: set[str] = set()

    def beat(part: str) -> int:
        if part not in frozen:
            beats[part] += 1
        return beats[part]

    async def scenario() -> None:
        await fed(systemd)
        frozen.add("speaker")
        assert await starved(systemd)
        assert [record.getMessage() for record in caplog.records] == [
            "no progress: speaker; systemd starts voiced anew if that lasts"
        ]
        frozen.clear()
        await fed(systemd)

    parts = {part: watchdog.moving(lambda part=part: beat(part)) for part in beats}  # type: ignore[misc]
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
