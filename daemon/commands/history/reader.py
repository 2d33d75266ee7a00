"""Reads the service's records from the journal, oldest first."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final, TypeAlias

from daemon.errors import OwnerError
from daemon.telemetry.event_log import LATENCIES
from daemon.telemetry.journal import IDENTIFIER, RecordKind

UNIT: Final = "voiced.service"
FOLLOW_S: Final = 1.0  # systemd's wait ignores signals: Ctrl-C may take this long
SYSTEM_JOURNALS: Final = (Path("/var/log/journal"), Path("/run/log/journal"))

Value: TypeAlias = str | int | float
_UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_SPAN: Final = re.compile(r"(\d+)([smhdw])")
_WORDS: Final = (
    *("arguments", "cause", "device", "heard", "link", "model", "output", "part", "provider", "reply"),
    *("source", "tool", "tools", "trouble", "value", "version", "xrun"),
)
_NUMBER: Final = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,6})?")
_KINDS: Final = {kind.value: kind for kind in RecordKind}
WAIT: Final = tuple(LATENCIES)[1:]
"""The latencies that add up to the user's waiting time."""


class HistoryError(OwnerError):
    """The journal cannot be read; the message is one sentence with the remedy."""


@dataclass(frozen=True)
class Record:
    """One journal entry. `fields` are those with the prefix VOICED_, in lower case, numbers as numbers.

    `kind` is None for a line of the service that is no record.
    """

    kind: RecordKind | None
    time: datetime
    message: str
    fields: dict[str, Value] = field(default_factory=dict)

    def number(self, name: str) -> float:
        """A field as a number, 0 if it is missing."""
        value = self.fields.get(name, 0)
        return 0 if isinstance(value, str) else value

    def total(self, names: Collection[str]) -> float | None:
        """The sum of some fields, None if one of them is missing."""
        return sum(map(self.number, names)) if self.fields.keys() >= set(names) else None


def moment(text: str) -> datetime:
    """A point in time: relative ("90m", "24h", "1d12h" ago), or a date with or without a time.

    Raises HistoryError.
    """
    parts = _SPAN.findall(text)
    try:
        if parts and "".join(map("".join, parts)) == text:
            return datetime.now().astimezone() - sum(
                (timedelta(**{_UNITS[unit]: int(count)}) for count, unit in parts), timedelta()
            )
        return datetime.fromisoformat(text).astimezone()
    except (ValueError, OverflowError):
        raise HistoryError(
            f'"{text}" is no time; write so long ago as in 30m, 24h or 7d, or a date as in 2026-11-21.'
        ) from None


class History:
    """A reader of the system's journal, or of one in a directory, such as on another machine's SD card.

    With `everything` also lines of the service that are no records. Raises HistoryError.
    """

    def __init__(
        self,
        directory: Path | None = None,
        *,
        everything: bool = False,
        system: Collection[Path] = SYSTEM_JOURNALS,
    ) -> None:
        self._directory = directory
        try:
            from systemd.journal import Reader
        except ImportError:
            raise HistoryError(
                "There is no systemd here (or no python3-systemd), so there is no journal; "
                "what `voiced run` prints is its log then."
            ) from None
        self._check(directory, system)
        try:
            self._reader: Any = Reader(path=str(directory)) if directory else Reader()
        except OSError as error:
            raise HistoryError(f"The journal cannot be opened ({error.strerror}); try sudo.") from None
        _match(self._reader, everything)

    def records(self, since: datetime, until: datetime | None = None) -> Iterator[Record]:
        """The records of this time span."""
        self._reader.seek_realtime(max(0.0, since.timestamp()))
        yield from self._to_the_end(until)

    def follow(self) -> Iterator[Record]:
        """New records after those of `records`, for ever."""
        while True:
            self._reader.wait(FOLLOW_S)
            yield from self._to_the_end(None)

    def _to_the_end(self, until: datetime | None) -> Iterator[Record]:
        for entry in self._reader:
            if until is not None and entry["__REALTIME_TIMESTAMP"] > until:
                return
            yield record(entry)

    def _check(self, directory: Path | None, system: Collection[Path]) -> None:
        if directory is not None:
            if not any(directory.rglob("*.journal")):
                raise HistoryError(
                    f"There is no journal in {directory}; give the directory that holds *.journal."
                )
            return
        there = [path for path in system if path.is_dir()]
        if not there:
            raise HistoryError("This machine has no journal; start systemd-journald, or give --directory.")
        files = [file for path in there for file in path.glob("*/system.journal")]
        if os.geteuid() and not any(os.access(file, os.R_OK) for file in files):
            raise HistoryError(
                "You may not read the system's journal; use sudo, or join the group systemd-journal."
            )


def _match(reader: Any, everything: bool) -> None:
    """Match the packaged unit, or a manual run whose stderr was the journal; with details, systemd too."""
    sources = [{"_SYSTEMD_UNIT": UNIT}, {"SYSLOG_IDENTIFIER": IDENTIFIER}]
    details = [{"UNIT": UNIT, "_PID": "1"}] if everything else []
    for source in sources + details:
        for kind in () if everything else RecordKind:
            reader.add_match(MESSAGE_ID=kind.value)
        reader.add_match(**source)
        reader.add_disjunction()


def record(entry: dict[str, Any]) -> Record:
    """The record of an entry of systemd.journal.Reader."""
    identity = entry.get("MESSAGE_ID")
    fields = {
        (key := name.removeprefix("VOICED_").lower()): _value(key, _one(value))
        for name, value in entry.items()
        if name.startswith("VOICED_")
    }
    return Record(
        kind=_KINDS.get(getattr(identity, "hex", "")),
        time=entry["__REALTIME_TIMESTAMP"].astimezone(),
        message=_one(entry.get("MESSAGE", "")),
        fields=fields,
    )


def _one(value: Any) -> str:
    """One value of a field, which may occur several times and may be no UTF-8."""
    value = value[-1] if isinstance(value, list) else value
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)


def _value(name: str, text: str) -> Value:
    """A value, as a number if it is written as ours are; foreign records may hold anything."""
    if name in _WORDS or not _NUMBER.fullmatch(text):
        return text
    return float(text) if "." in text else int(text)
