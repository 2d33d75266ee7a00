"""The first hours of the day, and proof that the soak would notice."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from daemon.core import events as ev
from daemon.core.connection.manager import ConnectionManager
from daemon.core.connection.session_age import Age
from tests.scenarios.soak.__main__ import growth, row
from tests.scenarios.soak.day import Hour, live
from tests.scenarios.soak.gauge import Holding


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


@pytest.mark.parametrize(("fallback", "answered", "rotations"), [("offline", 85, 1), ("none", 50, 0)])
def test_two_hours_of_bad_weather_lose_nothing(fallback: str, answered: int, rotations: int) -> None:
    hours = list(live(2, seed=1, faults_an_hour=30, fallback=fallback))
    assert [hour.complaints for hour in hours] == [[], []], "\n".join(map(row, hours))
    assert sum(hour.outcomes["answered"] for hour in hours) > answered
    assert sum(hour.faults for hour in hours) > 40
    assert sum(hour.seamless for hour in hours) >= rotations


def test_a_rotation_that_breaks_before_it_makes_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ConnectionManager, "_renew", _too_late)
    (hour,) = live(1, seed=1, faults_an_hour=0, fallback="none")
    assert hour.broken
    assert hour.complaints


def _too_late(self: ConnectionManager, idle: bool, answering: bool, now: float) -> None:
    live = self.sessions.live
    if live is not None and self._age.age is Age.OVERDUE:
        self._hang_up(live, ev.NewSession.EXPIRING)
        self.dialer.dial(now)


def test_what_grows_is_noticed() -> None:
    few, many = Holding(500, 7, 4, 9, 50.0), Holding(900, 8, 4, 10, 90.0)
    hours = [Hour(1, holds=few), Hour(2, holds=few), Hour(3, holds=many)]
    assert growth(hours) == [
        "objects grew from 500 to 900",
        "tasks grew from 7 to 8",
        "fds grew from 9 to 10",
    ]
    assert growth(hours[:2]) == []
