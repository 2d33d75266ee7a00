"""Refusals of a server: which only the owner can mend, and in what words they are told."""

from __future__ import annotations

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
