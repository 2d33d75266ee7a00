"""How one session comes to be of use. This file has all of its phases, and every way from one to another.

The server speaks first: a socket that is open is waited on for `session.created`, then told by
`session.update` how the session is to be, then told what was said before it. Only the first word of the
server is a must. Not every server greets, confirms settings or acknowledges items, so each of these waits has
a deadline, and when that passes we go on as if the word had come: a session that might work is worth more
than one that is proper. A server that greets late may not have heard the settings, so it is told them again.

A conversation may use a session from CONFIGURED on. It is told the history whenever there is more of it, so
SEEDED is left for SEEDING again, also while it is in use. Without a word of the server in time it is
UNRESPONSIVE, which is the end of it. Any phase ends too when the connection is lost or given up: then nobody
has the session any more, so the table need not say it.
"""

from __future__ import annotations

from enum import Enum
from typing import Final

from daemon.core.transitions import TransitionTable


class SessionPhase(Enum):
    """How far a session has come."""

    DIALING = "dialing"
    GREETING = "greeting"
    CONFIGURING = "configuring"
    CONFIGURED = "configured"
    SEEDING = "seeding"
    SEEDED = "seeded"
    UNRESPONSIVE = "unresponsive"


class SessionCause(Enum):
    """What takes it further."""

    OPENED = "the socket is open"
    GREETED = "greeted"
    GREETED_LATE = "greeted after all"
    UNGREETED = "no greeting in time"
    AGREED = "settings confirmed, or as many as it takes"
    UNCONFIRMED = "settings not confirmed in time"
    TOLD = "told the history"
    ACKNOWLEDGED = "history confirmed"
    UNACKNOWLEDGED = "history not confirmed in time"
    SILENT = "not a word in time"


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
"""A conversation may use the session."""
