"""Limits of the log: the records of one kind in a minute, and the length of each.

A server may fail thousands of times, and an error may repeat at every step; the journal is small, and shared
with everything else on the board.
"""

from __future__ import annotations

import copy
import logging
import time
from collections.abc import Callable, Collection
from typing import Final

from msgspec import Struct

from daemon.text.masking import mask

WINDOW_S: Final = 60.0
RECORDS_A_MINUTE: Final = 60
TURN_RECORDS_A_MINUTE: Final = 600
"""For the records of turns: costs are summed from them."""
MAX_MESSAGE: Final = 2000
MAX_FIELD: Final = 20_000
MAX_TRACEBACK: Final = 8000
_LONGEST_SECRET: Final = 4096


class _Window(Struct):
    since: float
    records: int = 0


class RecordLimit(logging.Filter):
    """Lets through what the limits allow; the last record of a kind says that more are left out.

    A kind is a MESSAGE_ID, or the source line that logs. `generous` has the MESSAGE_IDs that may come more
    often.
    """

    def __init__(self, generous: Collection[str], clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._generous = frozenset(generous)
        self._clock = clock
        self._windows: dict[str, _Window] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether to keep this record."""
        kind = getattr(record, "MESSAGE_ID", "") or f"{record.pathname}:{record.lineno}"
        limit = TURN_RECORDS_A_MINUTE if kind in self._generous else RECORDS_A_MINUTE
        window = self._window(kind)
        window.records += 1
        if window.records == limit:
            record.msg = f"{shortened(record.getMessage())} (more of these are left out for a minute)"
            record.args = None
        return window.records <= limit

    def _window(self, kind: str) -> _Window:
        now = self._clock()
        window = self._windows.get(kind)
        if window is None or now - window.since >= WINDOW_S:
            window = self._windows[kind] = _Window(now)
        return window


def bounded(record: logging.LogRecord) -> logging.LogRecord:
    """A copy of a record whose message and fields are not longer than is useful."""
    record = copy.copy(record)
    record.msg, record.args = shortened(record.getMessage()), None
    for name, value in vars(record).items():
        if isinstance(value, str) and len(value) > MAX_FIELD:
            setattr(record, name, shortened(value, MAX_FIELD))
    return record


def shortened(text: str, most: int = MAX_MESSAGE) -> str:
    """The beginning of a text, and how much more there is."""
    if len(text) <= most:
        return text
    begin = mask(text[: most + _LONGEST_SECRET])[:most]  # masked, as the cut might leave a part of a key
    return f"{begin} ... ({len(text) - most} characters more)"


def last_part(text: str) -> str:
    """The end of a traceback: what was raised, and where."""
    return text if len(text) <= MAX_TRACEBACK else f"    ...\n    {text[-MAX_TRACEBACK:]}"
