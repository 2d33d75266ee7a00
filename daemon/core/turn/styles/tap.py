"""Style `tap`: a tap opens the microphone, and the server's voice detection finds the end."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from daemon.core.turn.style import TurnStyle

if TYPE_CHECKING:
    from daemon.core.events import Opener
    from daemon.realtime.events import Json


class Tap(TurnStyle):
    """Tap and speak; one more tap withdraws the question."""

    turn_detection: ClassVar[Json | None] = {"type": "server_vad"}
    how_to_ask: ClassVar[str] = "tap the button, and say {words}"

    def press(self, at: float, now: float) -> None:
        """Open the microphone, or close it and withdraw the question."""
        if self.talk.state == "listening":
            self.talk.listening.withdraw(now)
        else:
            self.opened("button", at, now)

    def opened(self, by: Opener, at: float, now: float) -> None:
        """Open the microphone."""
        self.talk.listen(at, now)
        self.talk.listening.expect_speech(now)


STYLE: Final = Tap
