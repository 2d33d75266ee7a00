"""The phases of a response and all transitions between them.

A response is ASKED for, is UNDER_WAY from `response.created` on, and ends with `response.done`. The server
works on one at a time, and a cancel before it has begun would do nothing. So one that nobody wants any more
stays in the way as UNWANTED until it begins, and as CANCELLED until it is done; only then may the next be
asked for.

A server may begin by itself: its voice detection cannot always be switched off. When nothing is asked it is
listened to; while somebody speaks it is cancelled; if the server has taken all that was said so far, it is
KEPT unheard, for it may turn out to be the answer. It also means that our own request can come when the
server is busy. Such a one is REFUSED and remembered: whatever ends makes room to ask again, and whatever
begins first is taken in its place, as it answers the same question.

Some servers say neither `created` nor `done`, or name nothing: the first piece is the beginning then, and
deadlines (`stall`, `cancel`) the end. A response may end in any phase; then nobody has it any more.
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
    EARLY = "it begins, all that was said so far is taken"
    UNWELCOME = "it begins while somebody speaks"
    BUSY = "the server is busy with another one"
    GIVEN_UP = "nobody wants it any more"
    CHOSEN = "it is the answer to what was asked"


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
TO_BEGIN: Final = frozenset({_P.ASKED, _P.UNWANTED})
"""The server has yet to begin it."""
TO_ASK_AGAIN: Final = frozenset({_P.REFUSED, _P.REFUSED_UNWANTED})
"""To be requested again once the server is free."""
WANTED: Final = frozenset({_P.ASKED, _P.REFUSED, _P.UNDER_WAY})
"""The user is to hear it."""
