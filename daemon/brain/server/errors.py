"""The errors of this server, with the codes and messages of OpenAI's service.

A `Refusal` is raised where the fault is found, and becomes one `error` event; the session goes on.
"""

from __future__ import annotations

import re

import msgspec

from daemon.errors import PeerError
from daemon.realtime.events import MIN_COMMIT_MS, ErrorDetail

_AT = re.compile(r" - at `(?:key in )?\$\.?([^`]*)`$")
_BASE64 = "Expected base64-encoded audio bytes (mono PCM16 at 24kHz) but got an invalid value."
_NAMED = re.compile(r"`([^`]*)`")


class Refusal(PeerError):  # noqa: N818 (an error to the client, none of ours)
    """An event cannot be carried out; nothing of it was."""

    def __init__(self, code: str, message: str, param: str | None = None) -> None:
        super().__init__(message)
        self.detail = ErrorDetail(
            type="invalid_request_error", code=code, message=message, param=param, event_id=None
        )
        """What the client is told; `event_id` is that of its event."""


def missing(param: str) -> Refusal:
    """A required field is absent."""
    return Refusal("missing_required_parameter", f"Missing required parameter: '{param}'.", param)


def unknown(param: str) -> Refusal:
    """A field that the protocol does not have."""
    return Refusal("unknown_parameter", f"Unknown parameter: '{param}'.", param)


def invalid(param: str, reason: str) -> Refusal:
    """A field with an invalid value."""
    return Refusal("invalid_value", f"Invalid '{param}'. {reason}", param)


def too_long(param: str, limit: int, length: int) -> Refusal:
    """A string beyond its limit, in characters."""
    return Refusal(
        "string_above_max_length",
        f"Invalid '{param}': string too long. Expected a string with maximum length {limit}, "
        f"but got a string with length {length} instead.",
        param,
    )


def from_validation(error: msgspec.ValidationError, root: str = "") -> Refusal:
    """The refusal for an error of a typed decode; `root` is the path of the value in its event."""
    complaint = str(error)
    found = _AT.search(complaint)
    where = ".".join(part for part in (root, found[1] if found else "") if part)
    complaint = complaint[: found.start()] if found else complaint
    named = _NAMED.findall(complaint)
    if complaint.startswith("Object missing required field"):
        return missing(f"{where}.{named[0]}".lstrip("."))
    if complaint.startswith("Object contains unknown field"):
        return unknown(f"{where}.{named[0]}".lstrip("."))
    if "base64" in complaint:
        return invalid(where, _BASE64)
    if ", got " in complaint:
        expected, got = (name.replace(" | ", " or ") for name in named[:2])
        return Refusal(
            "invalid_type", f"Invalid type for '{where}': expected {expected}, but got {got} instead.", where
        )
    return invalid(where, f"{complaint.replace('`', '')}.")


def commit_empty(buffered_ms: float) -> Refusal:
    """Too little audio for a turn."""
    return Refusal(
        "input_audio_buffer_commit_empty",
        "Error committing input audio buffer: buffer too small. "
        f"Expected at least {MIN_COMMIT_MS}ms of audio, but buffer only has {buffered_ms:.2f}ms of audio.",
    )


def no_such_item(verb: str, item_id: str) -> Refusal:
    """An item to truncate, delete or retrieve that is not in the conversation."""
    doing = {"truncate": "truncating", "delete": "deleting", "retrieve": "retrieving"}[verb]
    return Refusal(
        f"item_{verb}_invalid_item_id", f"Error {doing} item: the item with id '{item_id}' does not exist."
    )


def no_such_call(call_id: str) -> Refusal:
    """The output of an unknown call."""
    return Refusal(
        "invalid_tool_call_id", f"Tool call ID '{call_id}' not found in conversation.", "item.call_id"
    )


def conversation_full(most: int) -> Refusal:
    """Too many items: each is read again for each answer."""
    return Refusal(
        "conversation_full",
        f"The conversation holds {most} items and takes no more: delete some, or begin a new session.",
    )


def already_answering(response_id: str) -> Refusal:
    """Only one response at a time may write to the conversation."""
    return Refusal(
        "conversation_already_has_active_response",
        f"Conversation already has an active response in progress: {response_id}. "
        "Wait until the response is finished before creating a new one.",
    )


def too_many_responses(most: int) -> Refusal:
    """Too many responses: each waits for the engines that all sessions share."""
    return Refusal(
        "rate_limit_exceeded", f"{most} responses are in progress: wait until one of them is finished."
    )


def nothing_to_cancel() -> Refusal:
    """There is no response to cancel, perhaps because it has just ended."""
    return Refusal("response_cancel_not_active", "Cancellation failed: no active response found")


def voice_is_fixed(param: str) -> Refusal:
    """The voice cannot change once audio was sent."""
    return Refusal(
        "cannot_update_voice", "Cannot update a conversation's voice if assistant audio is present.", param
    )
