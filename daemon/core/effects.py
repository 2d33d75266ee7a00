"""The buffer in which the parts of the machine put their effects, in order."""

from __future__ import annotations

from daemon.core import events as ev
from daemon.core.keys import Keys
from daemon.realtime.events import ClientEvents


class EffectsBuffer:
    """Effects since the last `take`, and the keys for what they are about.

    `conn` is the connection that the conversation uses, 0 for none.
    """

    def __init__(self, keys: Keys) -> None:
        self.conn = 0
        self.keys = keys
        self._effects: list[ev.Effect] = []

    @property
    def online(self) -> bool:
        """Whether a configured session that knows the history is in use."""
        return self.conn != 0

    def do(self, *effects: ev.Effect) -> None:
        """Add an effect."""
        self._effects += effects

    def send(self, event: ClientEvents) -> None:
        """Send an event to the server, if there is one: a caller that must know asks `online` first."""
        if self.conn:
            self._effects.append(ev.Send(event, self.conn))

    def take(self) -> list[ev.Effect]:
        """All effects so far; the buffer is empty then."""
        effects, self._effects = self._effects, []
        return effects
