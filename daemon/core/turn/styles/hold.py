"""Style `hold`: the button is held while the user speaks."""

from __future__ import annotations

from typing import ClassVar, Final

from daemon.core.turn.style import TurnStyle


class Hold(TurnStyle):
    """Press, speak, release; a tap asks nothing."""

    how_to_ask: ClassVar[str] = "hold the button, say {words}, and let go"

    def press(self, at: float, now: float) -> None:
        """Open the microphone."""
        self.talk.listen(at, now)

    def release(self, at: float, now: float) -> None:
        """The utterance is complete."""
        self.talk.listening.let_go(at, now)

    def tap(self, now: float) -> None:
        """Nothing was said."""
        self.talk.listening.untap()


STYLE: Final = Hold
