"""The wire's judge: a log of JSON lines `{"dir": "client"|"server", "event": {...}}` against the protocol.

    python -m tests.realtime.oracle FILE ... [--order]

Each event is held against the official `openai` package's types, and with `--order` the server's events of
each connection (key `conn`, if there is one) against the order of the protocol.
"""

from __future__ import annotations

import argparse
import base64
import binascii
import json
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from tests.realtime.oracle_order import Order
from tests.realtime.oracle_types import Fault, Side, faults

MAX_APPEND_BYTES = 15 * 2**20
MAX_EVENT_ID = 512
MAX_ID = 32
MODALITIES = (["audio"], ["text"])


class Finding(NamedTuple):
    """One thing about one line; codes with E_ are violations, those with W_ are notes."""

    line: int
    side: str
    event: str
    code: str
    path: str
    message: str

    @property
    def fails(self) -> bool:
        """Whether this is a violation."""
        return self.code.startswith("E_")

    def __str__(self) -> str:
        return f"{self.line}: {self.code} {self.side} {self.event} {self.path}: {self.message}"


def check_lines(lines: Iterable[str], order: bool = False) -> list[Finding]:
    """Everything there is to say about a log, violations and notes."""
    return list(_findings(lines, order))


def violations(lines: Iterable[str], order: bool = True) -> list[Finding]:
    """What breaks the protocol; empty for a good log."""
    return [finding for finding in check_lines(lines, order) if finding.fails]


def check_event(side: Side, event: Any) -> list[Fault]:
    """What there is to say about one event alone."""
    if not isinstance(event, dict):
        return [("E_TYPE", "", f"an event is an object, not {type(event).__name__}")]
    return [*faults(side, event), *_sound(side, event), *(_beyond_types(event) if side == "client" else ())]


def _findings(lines: Iterable[str], order: bool) -> Iterator[Finding]:
    orders: defaultdict[Any, Order] = defaultdict(Order)
    number = 0
    for number, line in enumerate(lines, 1):
        entry = _entry(line)
        if entry is None:
            if line.strip():
                yield Finding(number, "-", "-", "E_LINE", "", "no line of a wire log")
            continue
        side, event = entry["dir"], entry["event"]
        found = check_event(side, event)
        name = str(event.get("type")) if isinstance(event, dict) else "-"
        yield from (Finding(number, side, name, *fault) for fault in found)
        if order and side == "server" and isinstance(event, dict):
            yield from _out_of_order(orders[entry.get("conn")], number, name, event)
    if order:
        rest = (message for each in orders.values() for message in each.end())
        yield from (Finding(number, "server", "-", "E_ORDER", "", message) for message in rest)


def _entry(line: str) -> dict[str, Any] | None:
    try:
        entry = json.loads(line)
    except ValueError:
        return None
    complete = isinstance(entry, dict) and entry.get("dir") in ("client", "server") and "event" in entry
    return entry if complete else None


def _out_of_order(order: Order, number: int, name: str, event: dict[str, Any]) -> Iterator[Finding]:
    try:
        yield from (Finding(number, "server", name, "E_ORDER", "", said) for said in order.feed(event))
    except (KeyError, TypeError) as error:
        yield Finding(number, "server", name, "E_ORDER", "", f"cannot be placed without {error}")


def _sound(side: Side, event: dict[str, Any]) -> Iterator[Fault]:
    field = {"response.output_audio.delta": "delta", "input_audio_buffer.append": "audio"}.get(
        str(event.get("type"))
    )
    if field is None or not isinstance(event.get(field), str):
        return
    try:
        pcm = base64.b64decode(event[field], validate=True)
    except binascii.Error:
        yield "E_B64", field, "this is no base64"
        return
    if len(pcm) % 2:
        yield "W_ODD", field, f"{len(pcm)} bytes split a sample"
    if not pcm:
        yield "W_EMPTY", field, "no sound in it"
    if side == "client" and len(pcm) > MAX_APPEND_BYTES:
        yield "E_BIG", field, "more than 15 MiB in one event"


def _beyond_types(event: dict[str, Any]) -> Iterator[Fault]:
    """The client's limits that no annotation states."""
    if _longer(event.get("event_id"), MAX_EVENT_ID):
        yield "E_LEN", "event_id", f"more than {MAX_EVENT_ID} characters"
    for key in ("session", "response"):
        config = event.get(key)
        if isinstance(config, dict) and config.get("output_modalities") not in (None, *MODALITIES):
            yield "E_ENUM", f"{key}.output_modalities", 'exactly ["audio"] or ["text"]'
    item = event.get("item")
    if isinstance(item, dict):
        yield from _in_item(item)


def _in_item(item: dict[str, Any]) -> Iterator[Fault]:
    for key in ("id", "call_id"):
        if _longer(item.get(key), MAX_ID):
            yield "E_LEN", f"item.{key}", f"more than {MAX_ID} characters"
    if item.get("role") == "assistant":
        content = item.get("content")
        for index, part in enumerate(content if isinstance(content, list) else []):
            if not isinstance(part, dict) or part.get("type") != "output_text":
                yield "E_SEED", f"item.content[{index}].type", "the assistant's past is seeded as output_text"


def _longer(value: Any, limit: int) -> bool:
    return isinstance(value, str) and len(value) > limit


def main(arguments: list[str]) -> int:
    """Judge files; 1 if any of them breaks the protocol."""
    parser = argparse.ArgumentParser(prog="python -m tests.realtime.oracle", description="Judge wire logs.")
    parser.add_argument("file", nargs="+", type=Path)
    parser.add_argument("--order", action="store_true", help="judge the order of events too")
    options = parser.parse_args(arguments)
    failed = 0
    for path in options.file:
        with path.open(encoding="utf-8") as lines:
            found = violations(lines, options.order)
        for finding in found:
            print(f"{path}:{finding}")
        print(f"{path}: {len(found)} violations", file=sys.stderr)
        failed += len(found)
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
