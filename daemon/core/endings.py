"""Why an answer did not come to its end."""

from __future__ import annotations

from daemon.protocol import MAX_ERROR, Response


def shortfall(response: Response) -> str:
    """In words for the user; empty where nothing is missing, or where we have cancelled it."""
    if response.status not in ("failed", "incomplete"):
        return ""
    details = response.status_details
    if details is None:
        return f"The answer is {response.status}."
    error = details.error or {}
    reason = error.get("message") or error.get("code") or details.reason or response.status
    return f"The server could not answer: {str(reason)[:MAX_ERROR]}"
