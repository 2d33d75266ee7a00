"""Single events in shapes that servers of the field give them; for servers that always do see `link.zoo`."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from tests.service.zoo import Json, objects

_IDS = {"id", "item_id", "response_id", "call_id", "event_id", "previous_item_id"}


def _nameless(event: Json) -> None:
    for each in objects(event):
        each.update(dict.fromkeys(_IDS & each.keys()))


def _foreign(event: Json) -> None:
    event["response_id"] = "resp_of_another"


def _unlisted(event: Json) -> None:
    event["response"] |= {"output": None, "status": None}


def _as_object(event: Json) -> None:
    for each in objects(event):
        if isinstance(each.get("arguments"), str):
            each["arguments"] = msgspec.json.decode(each["arguments"] or "{}")


def _empty(event: Json) -> None:
    for key in event.keys() - {"type"}:
        event[key] = None


_ANSWER = "response."
SHAPES: dict[str, tuple[Callable[[Json], None], Callable[[str], bool]]] = {
    "nameless": (_nameless, lambda event: event != "session.created"),
    "foreign": (_foreign, lambda event: event.startswith(_ANSWER) and event.count(".") > 1),
    "unlisted": (_unlisted, lambda event: event == "response.done"),
    "as_object": (
        _as_object,
        lambda event: "function_call" in event or event.endswith(("item.done", "response.done")),
    ),
    "empty": (
        _empty,
        lambda event: event.endswith((".done", "created", "committed", "completed", "updated")),
    ),
}
"""How each alters an event, and which events it is tried with."""


def shaped(kind: str, frame: bytes) -> bytes:
    """The frame in this shape."""
    event: Json = msgspec.json.decode(frame)
    SHAPES[kind][0](event)
    return msgspec.json.encode(event)
