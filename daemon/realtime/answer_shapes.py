"""Converts the shapes in which servers begin and end an answer to those of the protocol.

{"type": "response.done", "response": {"id", "status", "output": [...]}}                   as it should be
{"type": "response.done", "response_id": "...", "status": "...", "output": [...]}          flat
{"type": "response.completed"}    {"type": "response.failed", "error": ...}                by another name
{"type": "response.done", "response": {"output": {...}}}                                   one item, no list
"""

from __future__ import annotations

from typing import Any, Final

from daemon.realtime.events import ResponseCreated, ResponseDone, ServerEvent
from daemon.realtime.items import Json, Response

_ENDS: Final = {
    "response.done": "",
    "response.completed": "",
    "response.failed": "failed",
    "response.incomplete": "incomplete",
    "response.cancelled": "cancelled",
    "response.canceled": "cancelled",
}
_INSIDE: Final[tuple[str, ...]] = ("status", "status_details", "output", "usage", "error")


def says_little(event: ServerEvent) -> bool:
    """Whether the frame may hold more than the protocol's own shape has shown."""
    match event:
        case ResponseCreated(response=response):
            return not response.id
        case ResponseDone(response=response):
            silent = response.status == "failed" and response.status_details is None
            return silent or not response.id or response == Response(id=response.id)
    return False


def with_its_answer(raw: Any) -> Any:
    """The frame, converted if it begins or ends an answer in another shape."""
    name = raw.get("type") if isinstance(raw, dict) else None
    if name != "response.created" and not (isinstance(name, str) and name in _ENDS):
        return raw
    answer = _answer(raw)
    if name != "response.created":
        answer["status"] = _ENDS[name] or answer.get("status")
    return {**raw, "type": "response.done" if name in _ENDS else name, "response": answer}


def _answer(raw: Json) -> Json:
    inner = raw.get("response")
    answer: Json = {key: raw[key] for key in _INSIDE if key in raw}
    answer |= inner if isinstance(inner, dict) else {}
    names = (answer.get("id"), raw.get("response_id"), raw.get("id") if inner is None else None)
    answer["id"] = next((name for name in names if name not in (None, "")), None)  # 0 is a name
    if isinstance(answer.get("output"), dict):
        answer["output"] = [answer["output"]]
    return answer
