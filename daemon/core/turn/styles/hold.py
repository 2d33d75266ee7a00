"""Style `hold`: the button is down while somebody speaks."""

from __future__ import annotations

from typing import ClassVar, Final

from daemon.core.turn.style import TurnStyle


class Hold(TurnStyle):
    """Press, speak, let go; a tap says nothing."""

    how_to_ask: ClassVar[str] = "hold the button, say {words}, and let go"

    def press(self, at: float, now: float) -> None:
        """Open the microphone."""
        self.talk.listen(at, now)

    def release(self, at: float, now: float) -> None:
        """All is said."""
        self.talk.listening.let_go(at, now)

    def tap(self, now: float) -> None:
        """Nobody spoke."""
        self.talk.listening.untap()


STYLE: Final = Hold
