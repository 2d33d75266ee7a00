"""The phases of a session's setup and of the link, and all transitions between them.

A session. The server speaks first: on an open socket we wait for `session.created`, then send the settings by
`session.update`, then the history. Only the server's first event is a must. Not every server greets, confirms
settings or acknowledges items, so each of these waits has a deadline, after which we go on as if the event
had come: a session that might work is better than none. A server that greets late may have missed the
settings, so they are sent again.

A conversation may use a session from CONFIGURED on. It is sent whatever is new in the history, so it goes
from SEEDED to SEEDING again, also while it is in use. Without any event in time it is UNRESPONSIVE, which is
its end. Any phase also ends when the connection is lost or given up: then the session is dropped, so the
table has no edge for it.

The link. There are up to three sessions at a time (see `sessions.py`); the link is what people see of them.
The session in use decides: READY with the server, FALLBACK with the brain. A successor takes over from there
without a phase between. While none is in use, the link shows how far the attempt to reach the server has
come. Between attempts it is WAITING, or REFUSED if only the owner can mend what is wrong: then there is an
attempt every five minutes. If the session in use is lost and a successor is being set up, the link goes to
WAITING and at once on to the successor's phase; only the last one is shown.
"""

from __future__ import annotations

from enum import Enum, StrEnum
from typing import Final

from daemon.core.events import LinkState
from daemon.core.transitions import TransitionTable


class SessionPhase(Enum):
    """The phases of a session's setup."""

    DIALING = "dialing"
    GREETING = "greeting"
    CONFIGURING = "configuring"
    CONFIGURED = "configured"
    SEEDING = "seeding"
    SEEDED = "seeded"
    UNRESPONSIVE = "unresponsive"


class SessionCause(Enum):
    """The causes of its transitions."""

    OPENED = "the socket is open"
    GREETED = "greeted"
    GREETED_LATE = "greeted after all"
    UNGREETED = "no greeting in time"
    AGREED = "settings confirmed, or as many as it accepts"
    UNCONFIRMED = "settings not confirmed in time"
    TOLD = "history sent"
    ACKNOWLEDGED = "history confirmed"
    UNACKNOWLEDGED = "history not confirmed in time"
    SILENT = "no event in time"


_P, _C = SessionPhase, SessionCause
SESSION: Final = TransitionTable(
    {
        (_P.DIALING, _C.OPENED): _P.GREETING,
        (_P.DIALING, _C.GREETED): _P.CONFIGURING,
        (_P.DIALING, _C.SILENT): _P.UNRESPONSIVE,
        (_P.GREETING, _C.GREETED): _P.CONFIGURING,
        (_P.GREETING, _C.UNGREETED): _P.CONFIGURING,
        (_P.GREETING, _C.SILENT): _P.UNRESPONSIVE,
        (_P.CONFIGURING, _C.GREETED_LATE): _P.CONFIGURING,
        (_P.CONFIGURING, _C.AGREED): _P.CONFIGURED,
        (_P.CONFIGURING, _C.UNCONFIRMED): _P.CONFIGURED,
        (_P.CONFIGURING, _C.SILENT): _P.UNRESPONSIVE,
        (_P.CONFIGURED, _C.TOLD): _P.SEEDING,
        (_P.SEEDING, _C.TOLD): _P.SEEDING,
        (_P.SEEDING, _C.ACKNOWLEDGED): _P.SEEDED,
        (_P.SEEDING, _C.UNACKNOWLEDGED): _P.SEEDED,
        (_P.SEEDED, _C.TOLD): _P.SEEDING,
    }
)
USABLE: Final = frozenset({_P.CONFIGURED, _P.SEEDING, _P.SEEDED})
"""The phases in which a conversation may use the session."""


class LinkPhase(Enum):
    """The phases of the link to the server."""

    _value_: LinkState
    WAITING = "waiting"
    REFUSED = "refused"
    CONNECTING = "connecting"
    CONFIGURING = "configuring"
    READY = "ready"
    FALLBACK = "fallback"


class LinkCause(Enum):
    """The causes of its transitions."""

    DIALED = "the server is dialed"
    GREETED = "greeted, or no greeting in time"
    TAKEN = "a configured session takes over"
    BRAIN_TAKEN = "a user waits, and the brain is connected"
    LOST = "lost, or given up"
    REFUSED = "lost, and only the owner can mend it"


_L, _W = LinkPhase, LinkCause
LINK: Final = TransitionTable(
    {
        (_L.WAITING, _W.DIALED): _L.CONNECTING,
        (_L.WAITING, _W.BRAIN_TAKEN): _L.FALLBACK,
        (_L.REFUSED, _W.DIALED): _L.CONNECTING,
        (_L.REFUSED, _W.BRAIN_TAKEN): _L.FALLBACK,
        (_L.CONNECTING, _W.GREETED): _L.CONFIGURING,
        (_L.CONNECTING, _W.BRAIN_TAKEN): _L.FALLBACK,
        (_L.CONNECTING, _W.LOST): _L.WAITING,
        (_L.CONNECTING, _W.REFUSED): _L.REFUSED,
        (_L.CONFIGURING, _W.TAKEN): _L.READY,
        (_L.CONFIGURING, _W.BRAIN_TAKEN): _L.FALLBACK,
        (_L.CONFIGURING, _W.LOST): _L.WAITING,
        (_L.CONFIGURING, _W.REFUSED): _L.REFUSED,
        (_L.READY, _W.TAKEN): _L.READY,
        (_L.READY, _W.LOST): _L.WAITING,
        (_L.READY, _W.REFUSED): _L.REFUSED,
        (_L.FALLBACK, _W.TAKEN): _L.READY,
        (_L.FALLBACK, _W.LOST): _L.WAITING,
        (_L.FALLBACK, _W.REFUSED): _L.REFUSED,
    }
)


class LinkTimer(StrEnum):
    """The timers of the link."""

    RETRY = "retry"  # the pause between two attempts
    HASTE = "haste"  # the shorter pause, while a user waits
    OUTAGE = "outage"  # the server has been away for long enough to call the brain
    BRAIN = "brain"  # the pause between two attempts to reach the brain
    SOFT = "soft"  # the session in use is old: it needs a successor in a quiet moment
    HARD = "hard"  # ... and at once
    PROBE = "probe"  # a user waits, and the server has been silent
