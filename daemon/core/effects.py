"""What the parts of the machine ask the shell for, in one order."""

from __future__ import annotations

from daemon.core import events as ev
from daemon.core.keys import Keys
from daemon.realtime.events import ClientEvents


class EffectsBuffer:
    """Effects since they were last taken, and names for what they are about.

    `conn` is the connection that the conversation uses, 0 for none.
    """

    def __init__(self, keys: Keys) -> None:
        self.conn = 0
        self.keys = keys
        self._effects: list[ev.Effect] = []

    @property
    def online(self) -> bool:
        """Is there a server that knows what it must know?"""
        return self.conn != 0

    def do(self, *effects: ev.Effect) -> None:
        """Ask the shell for something."""
        self._effects += effects

    def send(self, event: ClientEvents) -> None:
        """Put an event on the wire; a caller that must know whether it got there asks `online` first."""
        if self.online:
            self._effects.append(ev.Send(event, self.conn))

    def take(self) -> list[ev.Effect]:
        """What is to be done."""
        effects, self._effects = self._effects, []
        return effects
