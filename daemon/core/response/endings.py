"""Why an answer is incomplete."""

from __future__ import annotations

from msgspec import json

from daemon.realtime.events import MAX_ERROR, Response


def shortfall(response: Response) -> str:
    """The reason in words for the user; empty if nothing is missing or we have cancelled it."""
    if response.status not in ("failed", "incomplete"):
        return ""
    details = response.status_details
    if details is None:
        return f"The answer is {response.status}."
    error = details.error or {}
    reasons = (error.get("message"), error.get("code"), error.get("type"), details.reason, response.status)
    return f"The server could not answer: {next(filter(None, map(_text, reasons)), '')[:MAX_ERROR]}"


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    try:
        return json.encode(value).decode() if value else ""
    except RecursionError:
        return ""
