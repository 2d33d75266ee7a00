"""The service's events from `watch`, in order; a thread reads, and the demo waits for events."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from daemon.control.client import ControlError, Json, stream
from daemon.errors import DemoError


class EventStreamError(DemoError):
    """An expected event did not come; the message is one sentence."""


class EventStream:
    """All events since `follow`, each with "t" (time.monotonic seconds) and "event"."""

    def __init__(self) -> None:
        self.events: list[Json] = []
        self._news = threading.Condition()
        self.ended = ""  # the reason why the stream has ended, if it has

    def follow(self, socket: Path) -> None:
        """Read events until the service ends. Raises ControlError."""
        lines = stream(socket, "watch", None)
        next(lines)
        threading.Thread(target=self._read, args=(lines,), name="watch", daemon=True).start()

    def add(self, event: Json) -> None:
        """Add an event."""
        with self._news:
            self.events.append(event)
            self._news.notify_all()

    def wait(self, since: int, limit_s: float, what: str, wanted: Callable[[Json], bool]) -> Json:
        """The first wanted event from index `since` on; `what` describes it. Raises EventStreamError."""
        until = time.monotonic() + limit_s
        with self._news:
            while True:
                for event in self.events[since:]:
                    if wanted(event):
                        return event
                left_s = until - time.monotonic()
                if self.ended:
                    raise EventStreamError(f"{what} never came: {self.ended}")
                if left_s <= 0:
                    raise EventStreamError(f"{what} did not come within {limit_s:g} s; see journal.log")
                self._news.wait(left_s)

    def _read(self, lines: Iterator[Json]) -> None:
        ended = "the service has ended; see journal.log"
        try:
            for line in lines:
                self.add(line)
        except ControlError as error:
            ended = str(error)
        with self._news:
            self.ended = ended
            self._news.notify_all()


def flashes(events: list[Json], device: str) -> int:
    """How often an output went on in these events."""
    values = [event["value"] for event in events if event["event"] == "device" and event["name"] == device]
    return sum(1 for value in values if value not in (0, "#000000"))
