"""What the errors of a server mean: the one catalogue, for the machine that decides and for doctor."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import Enum
from typing import Final

from daemon.realtime.items import ErrorDetail


class RefusalCause(Enum):
    """What a server refuses us for: what it does, what the owner can do, and whether nobody else can."""

    KEY = ("refuses the key", "store a valid one with `voiced setup`", True)
    ACCESS = (
        "does not let this key use the model",
        "give the project access to it, check organization, project and country, or name another model",
        True,
    )
    PLACE = ("does not know the address or the model", "check realtime.model and realtime.url", True)
    QUOTA = ("says that the quota is used up", "add credit, or raise the limit of the account", True)
    DIALECT = ("does not take this form of the protocol", "check realtime.url, or update voiced", True)
    RATE = ("says that there were too many requests", "wait some minutes; see who else uses this key", False)
    REQUEST = ("does not like the request", "check realtime.url and realtime.model", False)

    def __init__(self, clause: str, remedy: str, fatal: bool) -> None:
        self.clause = clause
        self.remedy = remedy
        self.fatal = fatal
        """Does nothing but the owner's remedy help? Then trying again soon is of no use."""


CODES: Final = {
    "account_deactivated": RefusalCause.ACCESS,
    "beta_api_shape_disabled": RefusalCause.DIALECT,
    "billing_hard_limit_reached": RefusalCause.QUOTA,
    "insufficient_quota": RefusalCause.QUOTA,
    "invalid_api_key": RefusalCause.KEY,
    "model_not_found": RefusalCause.PLACE,
    "rate_limit_exceeded": RefusalCause.RATE,
}
"""A server's own codes: they say more than the status of a handshake does."""

STATUSES: Final = {
    400: RefusalCause.REQUEST,
    401: RefusalCause.KEY,
    403: RefusalCause.ACCESS,
    404: RefusalCause.PLACE,
    429: RefusalCause.RATE,
}

FATAL: Final = frozenset(code for code, cause in CODES.items() if cause.fatal)

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


def cause_of(status: int, reason: str) -> RefusalCause | None:
    """What the end of a connection means: by the code at the end of its reason, else by its status."""
    return CODES.get(reason.rpartition(".")[2]) or STATUSES.get(status)


def fatal_refusal(status: int, reason: str) -> str:
    """A sentence if this end is one that trying again soon cannot mend, else nothing."""
    cause = cause_of(status, reason)
    if cause is None or not cause.fatal:
        return ""
    return f"The server {cause.clause} ({reason or status}); {cause.remedy}."


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
