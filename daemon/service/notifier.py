"""The event stream and its subscribers: lamps, journal, control socket, systemd, and others."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from daemon.service.error_isolation import ErrorIsolation
from daemon.telemetry.notifications import Notification

Event = TypeVar("Event")


class Notifier:
    """Passes each event to the subscribers of its type, in order of subscription. On the event loop."""

    def __init__(self, isolation: ErrorIsolation) -> None:
        self._isolation = isolation
        self._subscribers: dict[type, list[tuple[str, Callable[[Any], object]]]] = {}

    def subscribe(self, name: str, kind: type[Event], call: Callable[[Event], object]) -> None:
        """Call this with every event of this type; `name` is for the log, if a call fails."""
        self._subscribers.setdefault(kind, []).append((f"{name} of {kind.__name__}", call))

    def publish(self, event: Notification) -> None:
        """Pass an event to its subscribers; one that fails does not stop the others."""
        # Sound passes here too, without subscribers: that costs one look-up in a dictionary.
        for name, call in self._subscribers.get(type(event), ()):
            with self._isolation.guard(name):
                call(event)
