"""`voiced log`: one line for each record."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import Final

from rich.text import Text

from daemon.commands.history.reader import History, HistoryError, Record, moment
from daemon.commands.terminal import Terminal
from daemon.telemetry.event_log import LATENCIES
from daemon.telemetry.journal import RecordKind
from daemon.text.printable import complain, one_line, say, to_json

DETAILS: Final = frozenset(
    {None, RecordKind.TOOL, RecordKind.DEVICE, RecordKind.REMARK, RecordKind.LATE_TOKENS}
)
"""The kinds that are shown only with `--all`."""

_STYLES: Final = {
    RecordKind.READY: "green",
    RecordKind.CONNECTED: "green",
    RecordKind.FAULT_OVER: "green",
    RecordKind.TROUBLE: "yellow",
    RecordKind.DISCONNECTED: "yellow",
    RecordKind.FALLBACK: "yellow",
    RecordKind.XRUN: "yellow",
    RecordKind.LOSS: "yellow",
    RecordKind.FAULT: "red",
}


def run(since: str, directory: Path | None, *, follow: bool, as_json: bool, everything: bool) -> int:
    """Print the records of a span; the exit status is 0, or 1 if there are none or they cannot be read."""
    try:
        history = History(directory, everything=everything)
        found = _print(history.records(moment(since)), as_json, everything)
        if not found and not follow:
            complain(f"voiced has written nothing since {since}; try --since 30d, or --all.")
            return 1
        if follow:
            _print(history.follow(), as_json, everything)
    except HistoryError as error:
        complain(f"voiced: {error}")
        return 1
    except BrokenPipeError:
        # The reader has closed the pipe; without this Python would report an error at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def _print(records: Iterable[Record], as_json: bool, everything: bool) -> int:
    console = Terminal(soft_wrap=True)
    found = 0
    for record in records:
        if everything or record.kind not in DETAILS:
            found += 1
            say(as_line(record)) if as_json else console.print(line(record))
            console.file.flush()
    return found


def as_line(record: Record) -> str:
    """A record as a line of JSON."""
    kind = record.kind.name.lower() if record.kind else None
    facts = {"time": record.time.isoformat(), "kind": kind, "message": record.message}
    return to_json(facts | record.fields)


def line(record: Record) -> Text:
    """A record as people read it."""
    text = Text.assemble((record.time.strftime("%b %d %H:%M:%S  "), "dim"))
    if record.kind is RecordKind.TURN:
        return text.append_text(_turn(record))
    return text.append(one_line(record.message), _STYLES.get(record.kind) if record.kind else None)


def _turn(record: Record) -> Text:
    fields = record.fields
    text = Text.assemble((one_line(f"turn {fields.get('turn')}"), "bold"))
    text.append(one_line(f" {fields.get('source')}: "))
    if "trouble" in fields:
        text.append(one_line(fields["trouble"]), "yellow")
    else:
        text.append(one_line(fields.get("tools") or "answered").replace(" ", ", "))
    if record.number("interrupted"):
        text.append(" (cut off)", "yellow")
    for part in chain(_figures(record), _words(record)):
        text.append(one_line(f"; {part}"))
    return text


def _figures(record: Record) -> Iterator[str]:
    """Times in milliseconds, tokens, cost."""
    fields = record.fields
    known = {word: fields.get(name) for name, word in LATENCIES.items()}
    times = [f"{word} {value:.0f}" for word, value in known.items() if isinstance(value, int | float)]
    if times:
        yield f"{' '.join(times)} ms"
    tokens = sum(
        int(record.number(name)) for name in fields if name.endswith("_tokens") and "cached" not in name
    )
    if tokens:
        yield f"{tokens} tokens"
    if record.number("cost_usd"):
        yield f"{record.number('cost_usd'):.4f} USD"


def _words(record: Record) -> Iterator[str]:
    """Transcripts, if the owner has turned them on."""
    for name in ("heard", "reply"):
        if name in record.fields:
            yield f'{name} "{record.fields[name]}"'
