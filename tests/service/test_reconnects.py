"""A thousand reconnects over real sockets leave nothing behind: no task, no descriptor, no object."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter

import pytest

from daemon.service.realtime_link import RealtimeLink
from tests.scenarios.faults.network import CLOSE_CODES
from tests.scenarios.soak.gauge import Holding, holding
from tests.service.reconnects import REFUSALS, Bouncer, Impatient

FIRST, MANY, SOME = 25, 1000, 25
RESET = 1006


@pytest.fixture(autouse=True)
def _quiet(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL, "websockets")


async def _reconnect(times: int) -> tuple[Counter[int], Holding, Holding]:
    """How the connections ended; what was held before, and after so many of them."""
    async with Bouncer().listening() as url:
        shell = Impatient(url)
        await shell.reconnect(FIRST)
        before = holding()
        await shell.reconnect(times)
        after = holding()
        await shell.link.aclose()
    return shell.codes, before, after


def test_a_thousand_reconnects_leave_nothing_behind() -> None:
    codes, before, after = asyncio.run(_reconnect(MANY))
    assert codes.keys() >= {*CLOSE_CODES, *REFUSALS, RESET}, "it was thrown out in every manner"
    assert (after.tasks, after.fds) == (before.tasks, before.fds)
    assert after.objects < before.objects + MANY // 2, "less than an object for two of them is no leak"


def test_a_link_that_forgets_to_close_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(RealtimeLink, "close", _forget)
    _, before, after = asyncio.run(_reconnect(SOME))
    assert after.fds > before.fds
    assert after.tasks > before.tasks


def _forget(self: RealtimeLink, conn: int) -> None:
    self._connections.pop(conn, None)
