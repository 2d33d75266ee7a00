"""Converts the shapes in which servers send errors to that of the protocol.

{"type": "error", "error": {"type", "code", "message", "param", "event_id"}}     as it should be
{"type": "error", "message": "..."}         {"type": "server_error", "message": "..."}      flat
{"type": "error", "error": "..."}           {"error": "..."}                                as text
{"error": {"message": "..."}}               {"type": "error", "error": {"error": {...}}}    wrapped
"""

from __future__ import annotations

import re
from typing import Any, Final

import msgspec

from daemon.realtime.items import Json

_AN_ERROR: Final = re.compile(r"(?:^|[._-])error$", re.IGNORECASE)
_TEXTS: Final = (
    *("message", "detail", "reason", "msg", "description"),
    *("error_message", "error_description", "title"),
)
_KNOWN: Final = ("type", "code", "param", "event_id")
_INNER: Final = ("error", "errors")
_MOST_WRAPPINGS: Final = 4


def with_its_error(raw: Any) -> Any:
    """The frame, converted if it is an error in another shape."""
    if not isinstance(raw, dict):
        return raw
    name = raw.get("type")
    if name == "response.done":
        return _with_its_reason(raw)
    nameless = not isinstance(name, str) and any(key in raw for key in (*_INNER, "detail"))
    if not nameless and not (isinstance(name, str) and _AN_ERROR.search(name)):
        return raw
    detail = _detail(raw)
    return {**raw, "type": "error", "error": detail} if detail else raw


def _with_its_reason(raw: Json) -> Json:
    """A failed answer that gives its reason as plain text."""
    response = raw.get("response")
    told = response if isinstance(response, dict) else {}
    details = told.get("status_details") or (told.get("error") and {"error": told["error"]})
    if isinstance(details, str):
        details = {"error": details}
    if not isinstance(details, dict) or not details.get("error"):
        return raw
    details = {**details, "error": _detail({"error": details["error"]})}
    return {**raw, "response": {**raw["response"], "status_details": details}}


def _detail(raw: Json) -> Json:
    """The error's fields in the protocol's form; empty if there are none."""
    inner = _unwrapped(raw.get("error") if raw.get("error") is not None else raw)
    if not isinstance(inner, dict):
        return {"message": _text(inner)} if inner else {}
    message = next((_text(inner[key]) for key in _TEXTS if inner.get(key)), "")
    odd = {key: value for key, value in inner.items() if key not in _KNOWN and value}
    if not message and odd and not inner.get("code"):
        message = _text(odd)
    kind = inner.get("type")
    found = {
        "type": kind if isinstance(kind, str) and kind != "error" else "",
        "message": message,
        **{key: _text(inner[key]) for key in ("code", "param", "event_id") if inner.get(key) is not None},
    }
    return found if any(found.values()) else {}


def _unwrapped(value: Any) -> Any:
    """The inner error of a nested one."""
    for _ in range(_MOST_WRAPPINGS):
        if isinstance(value, list) and len(value) == 1:
            value = value[0]
        elif isinstance(value, dict) and (inside := _inside(value)):
            value = inside
        else:
            break
    return value


def _inside(value: Json) -> Any:
    return next((value[key] for key in _INNER if isinstance(value.get(key), dict | list | str)), None)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
