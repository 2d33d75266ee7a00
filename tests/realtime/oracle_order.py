"""The order of a server's events in one connection."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, TypeAlias

Event: TypeAlias = dict[str, Any]

_FINAL = {"completed", "cancelled", "failed", "incomplete"}
_WORDS = {
    "response.output_text": "text",
    "response.output_audio_transcript": "transcript",
    "response.function_call_arguments": "arguments",
}
"""What is told in deltas and again as a whole: the events' stem, and the field of the whole."""


@dataclass
class _Response:
    added: list[str] = field(default_factory=list)
    closed: list[str] = field(default_factory=list)
    done: bool = False


class Order:
    """Feed it every server event; it gives a sentence for each rule that is broken."""

    def __init__(self) -> None:
        self._count = 0
        self._event_ids: set[str] = set()
        self._responses: dict[str, _Response] = {}
        self._writing: str | None = None
        self._items: dict[str, str] = {}
        self._open_parts: set[tuple[str, int]] = set()
        self._words: defaultdict[tuple[str, str], str] = defaultdict(str)

    def feed(self, event: Event) -> Iterator[str]:
        """Take the next event."""
        name = str(event.get("type", ""))
        yield from self._always(name, event)
        if name == "response.created":
            yield from self._created(event["response"])
        elif name.startswith("response.") and "mcp" not in name:
            yield from self._within(name, event)
        elif name in ("conversation.item.added", "conversation.item.done"):
            yield from self._joined(name, event["item"]["id"])

    def end(self) -> Iterator[str]:
        """The connection is over."""
        for response_id, response in self._responses.items():
            if not response.done:
                yield f"{response_id} never got response.done"

    def _always(self, name: str, event: Event) -> Iterator[str]:
        self._count += 1
        if self._count == 1 and name not in ("session.created", "error"):
            yield "the first event must be session.created"
        if self._count > 1 and name == "session.created":
            yield "session.created came again"
        event_id = event.get("event_id")
        if event_id in self._event_ids:
            yield f"event_id {event_id} is repeated"
        self._event_ids.add(str(event_id))

    def _created(self, response: Event) -> Iterator[str]:
        response_id = response["id"]
        if response_id in self._responses:
            yield f"{response_id} was created twice"
        if response.get("status") != "in_progress":
            yield f"a new response has status {response.get('status')!r}"
        if response.get("conversation_id"):
            if self._writing:
                yield f"{self._writing} still writes to the conversation"
            self._writing = response_id
        self._responses[response_id] = _Response()

    def _within(self, name: str, event: Event) -> Iterator[str]:
        response_id = event.get("response_id") or event.get("response", {}).get("id")
        response = self._responses.get(str(response_id))
        if response is None:
            yield f"{response_id} was never created"
        elif response.done:
            yield f"{response_id} is already done"
        elif name == "response.done":
            yield from self._done(response, event["response"])
        elif name == "response.output_item.added":
            yield from self._item_added(response, event)
        elif name == "response.output_item.done":
            yield from self._item_done(response, event["item"])
        else:
            yield from self._inside_item(response, name, event)

    def _done(self, response: _Response, told: Event) -> Iterator[str]:
        response.done = True
        if self._writing == told["id"]:
            self._writing = None
        if told.get("status") not in _FINAL:
            yield f"{told.get('status')!r} is no final status"
        for item_id in response.added:
            if item_id not in response.closed:
                yield f"{item_id} was added but is not done"
        if [item.get("id") for item in told.get("output") or []] != response.added:
            yield "response.output does not list the added items in order"

    def _item_added(self, response: _Response, event: Event) -> Iterator[str]:
        if event["output_index"] != len(response.added):
            yield f"output_index {event['output_index']}, expected {len(response.added)}"
        response.added.append(event["item"]["id"])

    def _item_done(self, response: _Response, item: Event) -> Iterator[str]:
        if item["id"] not in response.added:
            yield f"{item['id']} was not added"
        response.closed.append(item["id"])
        for part in item.get("content") or []:
            kind = "transcript" if part.get("type") == "output_audio" else "text"
            told = self._words.get((item["id"], kind))
            complete = item.get("status") == "completed" and part.get(kind) is not None
            if told and complete and told != part[kind]:
                yield "the item's words differ from its deltas"

    def _inside_item(self, response: _Response, name: str, event: Event) -> Iterator[str]:
        item_id, stem = event["item_id"], name.rsplit(".", 1)[0]
        if item_id not in response.added:
            yield f"{item_id} was not announced by response.output_item.added"
        if item_id in response.closed:
            yield f"{item_id} is already done"
        if "content_index" in event:
            yield from self._inside_part(name, (item_id, event["content_index"]))
        if kind := _WORDS.get(stem):
            yield from self._told(name, (item_id, kind), event)

    def _inside_part(self, name: str, part: tuple[str, int]) -> Iterator[str]:
        if name == "response.content_part.added":
            self._open_parts.add(part)
        elif part not in self._open_parts:
            yield f"content part {part} is not open"
        if name == "response.content_part.done":
            self._open_parts.discard(part)

    def _told(self, name: str, key: tuple[str, str], event: Event) -> Iterator[str]:
        if name.endswith(".delta"):
            self._words[key] += event.get("delta") or ""
        elif key in self._words and self._words[key] != event.get(key[1]):
            yield f"{key[1]} differs from its deltas"

    def _joined(self, name: str, item_id: str) -> Iterator[str]:
        if name.endswith(".added"):
            self._items[item_id] = "added"
        elif self._items.get(item_id) != "added":
            yield f"{item_id} is done without having been added"
        else:
            self._items[item_id] = "done"
