"""The phases of a response and all transitions between them.

A response is ASKED for, is UNDER_WAY from `response.created` on, and ends with `response.done`. The server
works on one at a time, and a cancel before it has begun would do nothing. So one that is no longer wanted
blocks the next: it is UNWANTED until it begins, and CANCELLED until it is done.

A server may begin by itself: its voice detection cannot always be switched off. While no question is asked,
such a response is played; while the user speaks, it is cancelled; if the server has committed all that was
said so far, it is KEPT without being played, as it may turn out to be the answer. Our own request may then
find the server busy. It is REFUSED and remembered: when a response ends it is sent again, and a response that
begins earlier takes its place, as it answers the same question.

Some servers send neither `created` nor `done`, or no ids: then the first piece is the beginning, and
deadlines (`stall`, `cancel`) are the end. A response may end in any phase; then it is dropped.
"""

from __future__ import annotations

from enum import Enum
from typing import Final

from daemon.core.transitions import TransitionTable


class ResponsePhase(Enum):
    """The phases of a response."""

    UNASKED = "unasked"
    ASKED = "asked"
    UNWANTED = "unwanted"
    REFUSED = "refused"
    REFUSED_UNWANTED = "refused, unwanted"
    KEPT = "kept"
    UNDER_WAY = "under way"
    CANCELLED = "cancelled"


class ResponseCause(Enum):
    """The causes of its transitions."""

    BEGUN = "it begins"
    EARLY = "it begins, and all speech so far is committed"
    UNWELCOME = "it begins while the user speaks"
    BUSY = "the server is busy with another"
    GIVEN_UP = "it is no longer wanted"
    CHOSEN = "it is the answer to the question"


_P, _C = ResponsePhase, ResponseCause
RESPONSE: Final = TransitionTable(
    {
        (_P.UNASKED, _C.BEGUN): _P.UNDER_WAY,
        (_P.UNASKED, _C.EARLY): _P.KEPT,
        (_P.UNASKED, _C.UNWELCOME): _P.CANCELLED,
        (_P.ASKED, _C.BEGUN): _P.UNDER_WAY,
        (_P.ASKED, _C.BUSY): _P.REFUSED,
        (_P.ASKED, _C.GIVEN_UP): _P.UNWANTED,
        (_P.UNWANTED, _C.BEGUN): _P.CANCELLED,
        (_P.UNWANTED, _C.BUSY): _P.REFUSED_UNWANTED,
        (_P.REFUSED, _C.BEGUN): _P.UNDER_WAY,
        (_P.REFUSED, _C.GIVEN_UP): _P.REFUSED_UNWANTED,
        (_P.REFUSED_UNWANTED, _C.BEGUN): _P.CANCELLED,
        (_P.KEPT, _C.CHOSEN): _P.UNDER_WAY,
        (_P.KEPT, _C.GIVEN_UP): _P.CANCELLED,
        (_P.UNDER_WAY, _C.GIVEN_UP): _P.CANCELLED,
    }
)
TO_ASK_AGAIN: Final = frozenset({_P.REFUSED, _P.REFUSED_UNWANTED})
"""To be requested again once the server is free."""
WANTED: Final = frozenset({_P.ASKED, _P.REFUSED, _P.UNDER_WAY})
"""The user is to hear it."""
