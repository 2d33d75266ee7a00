"""Every event of the GA Realtime protocol as a typed struct, without behaviour.

Reading is tolerant (every field has a default, see `codec`); writing is strict (UNSET fields are left out,
all others are written even when null). One set of types serves the client and the server. Audio fields are
bytes here and base64 on the wire. Source: OpenAI's API reference, realtime, GA form. This module is the
namespace of all of them: `from daemon.realtime import events as wire`.
"""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

from daemon.realtime.client_events import *  # noqa: F403
from daemon.realtime.items import *  # noqa: F403
from daemon.realtime.limits import *  # noqa: F403
from daemon.realtime.response_events import *  # noqa: F403
from daemon.realtime.server_events import *  # noqa: F403
from daemon.realtime.server_events import ServerEvent

Role: TypeAlias = Literal["client", "server"]


def _leaves(of: type[ServerEvent]) -> list[type[ServerEvent]]:
    return [leaf for each in of.__subclasses__() for leaf in _leaves(each)] or [of]


SERVER_EVENTS: Final = tuple(_leaves(ServerEvent))
"""The 46 events that a server sends: every class that is no base of another."""
