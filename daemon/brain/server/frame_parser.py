"""Parses a client's frame into a typed event, or the error that the service would send."""

from __future__ import annotations

from typing import get_args

import msgspec
from msgspec import UNSET
from msgspec.structs import fields

from daemon.brain.server import errors
from daemon.brain.server.errors import Refusal
from daemon.brain.server.omitted import normalised
from daemon.realtime.codec import decode_client, loosely_typed
from daemon.realtime.events import ClientEvents
from daemon.realtime.limits import MAX_EVENT_ID

_FIELDS: dict[str, dict[str, bool]] = {
    event.__struct_config__.tag: {each.encode_name: each.default is not UNSET for each in fields(event)}
    for event in get_args(ClientEvents)
}
"""The fields of each client event, and whether they are required."""

_shallow: msgspec.json.Decoder[dict[str, msgspec.Raw]] = msgspec.json.Decoder(dict[str, msgspec.Raw])


def read(frame: bytes | str) -> ClientEvents:
    """The event in a text frame. Raises Refusal, whatever the frame holds."""
    event_id = None
    try:
        given = _shallowly(frame)
        event_id = _text(given.get("event_id"))
        _check(given, event_id)
        return _decode(frame)
    except Refusal as refused:
        refusal = refused
    except msgspec.ValidationError as error:
        refusal = errors.from_validation(error)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        reason = f"The event is not valid JSON: {error or type(error).__name__}."
        refusal = Refusal("invalid_json", reason)
    refusal.detail.event_id = event_id
    raise refusal


def _shallowly(frame: bytes | str) -> dict[str, msgspec.Raw]:
    try:
        given = _shallow.decode(frame)
    except msgspec.ValidationError:
        raise Refusal("invalid_event", "An event is a JSON object with a type.") from None
    return {name: raw for name, raw in given.items() if bytes(raw) != b"null"}


def _decode(frame: bytes | str) -> ClientEvents:
    try:
        return decode_client(frame)
    except msgspec.ValidationError:
        event: ClientEvents = msgspec.convert(normalised(loosely_typed(frame), ClientEvents), ClientEvents)
        return event


def _text(raw: msgspec.Raw | None) -> str | None:
    if raw is None:
        return None
    value = loosely_typed(raw)
    return value if isinstance(value, str) else None


def _check(given: dict[str, msgspec.Raw], event_id: str | None) -> None:
    name = _text(given.get("type"))
    if name is None:
        raise Refusal("invalid_event", "An event is a JSON object with a type.", "type")
    if name not in _FIELDS:
        supported = ", ".join(f"'{each}'" for each in _FIELDS)
        message = f"Unknown event '{name[:80]}'. Supported events are: {supported}."
        raise Refusal("unknown_event", message, "type")
    if event_id is not None and len(event_id) > MAX_EVENT_ID:
        raise errors.too_long("event_id", MAX_EVENT_ID, len(event_id))
    for param, required in _FIELDS[name].items():
        if required and param not in given:
            raise errors.missing(param)
    for param in given.keys() - _FIELDS[name].keys() - {"type"}:
        raise errors.unknown(param)
