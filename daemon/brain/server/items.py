"""The items that a client may add to the conversation, and their checks."""

from __future__ import annotations

import re

from msgspec import UNSET, UnsetType

from daemon.brain.server import errors
from daemon.brain.server.conversation import StoredItem
from daemon.brain.server.formats import WireFormat
from daemon.brain.server.ids import new_id
from daemon.realtime.events import Content, Item, Json
from daemon.realtime.limits import MAX_ITEM_ID

_CALL_ID = re.compile(r"[a-zA-Z0-9_-]+")
_NEEDED = {"input_text": "text", "input_audio": "audio", "input_image": "image_url", "output_text": "text"}
_PARTS = {
    "user": {"input_text", "input_audio", "input_image"},
    "system": {"input_text"},
    "assistant": {"output_text", "output_audio"},
}


def checked(item: Item, format: WireFormat, root: str) -> Item:
    """The item as stored: with an id, and status `completed`. Raises Refusal.

    `format` is that of its audio, `root` is the path of the item in its event. The conversation checks that
    an output has a call.
    """
    _check_id(item.id, f"{root}.id")
    match item.type:
        case "message":
            return _message(item, format, root)
        case "function_call":
            return _call(item, root)
        case "function_call_output":
            call_id, output = _present(item, "call_id", root), _present(item, "output", root)
            return Item(**_identity(item), call_id=call_id, output=output)
    supported = "Supported values are: 'message', 'function_call', 'function_call_output'."
    raise errors.invalid(f"{root}.type", supported)


def _identity(item: Item) -> Json:
    item_id = item.id or new_id("item_")
    return {"id": item_id, "object": "realtime.item", "type": item.type, "status": "completed"}


def _present(item: Item, field: str, root: str) -> str:
    value = getattr(item, field)
    if value is UNSET:
        raise errors.missing(f"{root}.{field}")
    return str(value)


def _check_id(value: str | UnsetType, param: str) -> None:
    if value is not UNSET and len(value) > MAX_ITEM_ID:
        raise errors.too_long(param, MAX_ITEM_ID, len(value))


def _call(item: Item, root: str) -> Item:
    _check_id(item.call_id, f"{root}.call_id")
    call_id = item.call_id or new_id("call_", 16)
    if not _CALL_ID.fullmatch(call_id):
        raise errors.invalid(f"{root}.call_id", "Expected letters, digits, underscores and hyphens.")
    name, arguments = _present(item, "name", root), _present(item, "arguments", root)
    return Item(**_identity(item), call_id=call_id, name=name, arguments=arguments)


def _message(item: Item, format: WireFormat, root: str) -> Item:
    role = _present(item, "role", root)
    if role not in _PARTS:
        raise errors.invalid(f"{root}.role", "Supported values are: 'user', 'assistant', 'system'.")
    if item.content is UNSET:
        raise errors.missing(f"{root}.content")
    parts = [_part(part, role, format, f"{root}.content[{index}]") for index, part in enumerate(item.content)]
    return Item(**_identity(item), role=role, content=parts)


def _part(part: Content, role: str, format: WireFormat, root: str) -> Content:
    if part.type not in _PARTS[role]:
        supported = ", ".join(f"'{each}'" for each in sorted(_PARTS[role]))
        raise errors.invalid(f"{root}.type", f"Supported values for the role '{role}' are: {supported}.")
    if part.type == "output_audio":
        # The service too accepts past assistant messages in text only.
        raise errors.missing(f"{root}.text")
    if getattr(part, _NEEDED[part.type]) is UNSET:
        raise errors.missing(f"{root}.{_NEEDED[part.type]}")
    if part.type == "input_audio" and len(part.audio or b"") % format.sample_bytes:
        raise errors.invalid(f"{root}.audio", "Half a sample is missing at its end.")
    return part


def entry_of(item: Item, format: WireFormat, root: str = "item") -> StoredItem:
    """A checked item, with its audio, in this format, taken out. Raises Refusal."""
    entry = StoredItem(checked(item, format, root), format=format)
    for part in entry.parts:
        if part.type == "input_audio":
            entry.audio += part.audio or b""
            part.audio = UNSET
    return entry
