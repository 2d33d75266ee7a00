"""Refusals of a server: which only the owner can mend, and in what words they are told."""

from __future__ import annotations

import re
from collections.abc import Mapping

from daemon.realtime.events import ErrorDetail

FATAL = frozenset(
    {
        "account_deactivated",
        "beta_api_shape_disabled",
        "billing_hard_limit_reached",
        "insufficient_quota",
        "invalid_api_key",
        "model_not_found",
    }
)
"""Codes that only the owner can do something about."""

ONE_SESSION = frozenset({"session_limit_reached", "too_many_sessions"})
"""Codes of a server that holds one session at a time."""

_OTHER_EVENTS = re.compile(
    r"(?:item|input_audio_buffer|output_audio_buffer|response|session)[._](?:\w+[._])?"
    r"(?:append|cancel|clear|delete|retrieve|truncate|update)"
)
"""In a code, a parameter or words: an event of ours, or a code of one, that asks for no answer."""

_BUSY = re.compile(
    r"already\b.{0,60}\b(?:active|in progress|running|responding|generating|speaking)"
    r"|\bhas (?:an )?active response|\bresponse (?:is )?(?:active|in progress)",
    re.IGNORECASE | re.DOTALL,
)
"""In a code or words: the server answers already."""

_MOST_TOLD = 300
_REMEDIES = {
    401: "The server refuses the key; check realtime.key_file.",
    403: "The key may not use this model; check the account and realtime.model.",
    404: "The server does not know the address or the model; check realtime.url and realtime.model.",
}


def refusal(code: int, reason: str) -> str:
    """A sentence if this end is one that trying again soon cannot mend, else nothing."""
    if code in _REMEDIES:
        return _REMEDIES[code]
    cause = reason.rpartition(".")[2]
    return f"The server refuses us: {cause}." if cause in FATAL else ""


def of_another_event(error: ErrorDetail) -> bool:
    """Does an error say that it is about something else than a question?"""
    words = f"{error.code} {error.type} {error.param} {error.message[:_MOST_TOLD]}"
    return _OTHER_EVENTS.search(words) is not None


def busy(error: ErrorDetail) -> bool:
    """Does the server refuse to answer because it does so already?"""
    words = f"{error.code} {error.type} {error.message[:_MOST_TOLD]}".replace("_", " ")
    return _BUSY.search(words) is not None and not of_another_event(error)


def told(left_out: Mapping[str, str]) -> str:
    """A sentence about settings that the server refuses; nothing if there are none."""
    if not left_out:
        return ""
    names, why = ", ".join(left_out)[:_MOST_TOLD], next(iter(left_out.values()))
    return f"The server refuses {names}; mend or remove that ({why})."
