"""The stream of what happens: by type, in the order of subscribing; who fails costs nobody else anything."""

from __future__ import annotations

import pytest

from daemon.core import events as ev
from daemon.service.error_isolation import ErrorIsolation
from daemon.service.notifier import Notifier
from daemon.telemetry.notifications import Loss


def test_each_subscriber_gets_the_types_that_it_asked_for_in_order() -> None:
    heard: list[str] = []
    notifier = Notifier(ErrorIsolation())
    notifier.subscribe("first", Loss, lambda event: heard.append(f"first {event.kind}"))
    notifier.subscribe("second", Loss, lambda event: heard.append(f"second {event.kind}"))
    notifier.subscribe("button", ev.ButtonEdge, lambda event: heard.append(f"button {event.pressed}"))
    notifier.publish(Loss("late_audio"))
    notifier.publish(ev.ButtonEdge(True, 1.0))
    notifier.publish(ev.StopPlayback())
    assert heard == ["first late_audio", "second late_audio", "button True"]


def test_a_subscriber_that_fails_costs_no_other_and_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    heard: list[Loss] = []
    isolation = ErrorIsolation()
    notifier = Notifier(isolation)
    notifier.subscribe("the panel", Loss, lambda event: 1 / 0)
    notifier.subscribe("the journal", Loss, heard.append)
    for _ in range(3):
        notifier.publish(Loss("late_audio"))
    assert len(heard) == 3
    assert isolation.failed == {"the panel of Loss: ZeroDivisionError"}
    assert [record.message for record in caplog.records] == [
        "the panel of Loss failed; everything else goes on"
    ]
