"""The meaning of a server's errors: one catalogue, for the machine and for doctor."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import Enum
from typing import Final

from daemon.realtime.items import ErrorDetail


class RefusalCause(Enum):
    """Why a server refuses us: what it does, the owner's remedy, and whether only that helps."""

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
        """Whether only the owner's remedy helps, so that trying again soon is useless."""


CODES: Final = {
    "account_deactivated": RefusalCause.ACCESS,
    "beta_api_shape_disabled": RefusalCause.DIALECT,
    "billing_hard_limit_reached": RefusalCause.QUOTA,
    "insufficient_quota": RefusalCause.QUOTA,
    "invalid_api_key": RefusalCause.KEY,
    "model_not_found": RefusalCause.PLACE,
    "rate_limit_exceeded": RefusalCause.RATE,
}
"""Servers' own codes, which say more than the HTTP status of a handshake."""

STATUSES: Final = {
    400: RefusalCause.REQUEST,
    401: RefusalCause.KEY,
    403: RefusalCause.ACCESS,
    404: RefusalCause.PLACE,
    429: RefusalCause.RATE,
}

FATAL: Final = frozenset(code for code, cause in CODES.items() if cause.fatal)

ONE_SESSION = frozenset({"session_limit_reached", "too_many_sessions"})
"""Codes of a server that allows one session at a time."""

_OTHER_EVENTS = re.compile(
    r"(?:item|input_audio_buffer|output_audio_buffer|response|session)[._](?:\w+[._])?"
    r"(?:append|cancel|clear|delete|retrieve|truncate|update)"
)
"""In a code, parameter or message: names of our events that request no answer."""

_BUSY = re.compile(
    r"already\b.{0,60}\b(?:active|in progress|running|responding|generating|speaking)"
    r"|\bhas (?:an )?active response|\bresponse (?:is )?(?:active|in progress)",
    re.IGNORECASE | re.DOTALL,
)
"""In a code or message: the server is already answering."""

_MOST_TOLD = 300


def cause_of(status: int, reason: str) -> RefusalCause | None:
    """The cause of a connection's end: by the code at the end of its reason, else by its status."""
    return CODES.get(reason.rpartition(".")[2]) or STATUSES.get(status)


def fatal_refusal(status: int, reason: str) -> str:
    """A sentence if trying again soon cannot help, else an empty text."""
    cause = cause_of(status, reason)
    if cause is None or not cause.fatal:
        return ""
    return f"The server {cause.clause} ({reason or status}); {cause.remedy}."


def of_another_event(error: ErrorDetail) -> bool:
    """Whether an error says that it is about something other than a question."""
    words = f"{error.code} {error.type} {error.param} {error.message[:_MOST_TOLD]}"
    return _OTHER_EVENTS.search(words) is not None


def busy(error: ErrorDetail) -> bool:
    """Whether the server refuses because it is already answering."""
    words = f"{error.code} {error.type} {error.message[:_MOST_TOLD]}".replace("_", " ")
    return _BUSY.search(words) is not None and not of_another_event(error)


def told(left_out: Mapping[str, str]) -> str:
    """A sentence about the settings that the server refuses; empty if there are none."""
    if not left_out:
        return ""
    names, why = ", ".join(left_out)[:_MOST_TOLD], next(iter(left_out.values()))
    return f"The server refuses {names}; mend or remove that ({why})."
