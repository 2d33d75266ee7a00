"""Style `open`: a tap opens a conversation without hands, and a tap closes it."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from daemon.core.turn.style import TurnStyle

if TYPE_CHECKING:
    from daemon.core.events import Opener
    from daemon.realtime.events import Json


class Open(TurnStyle):
    """Tap and speak, again after each answer; one more tap ends it, and so does silence."""

    turn_detection: ClassVar[Json | None] = {"type": "server_vad"}
    gated: ClassVar[bool] = True
    how_to_ask: ClassVar[str] = "tap the button, and say {words}"

    def press(self, at: float, now: float) -> None:
        """Open, or close and be silent."""
        if self.talk.hands_free.is_open:
            self.stop(now)
        else:
            self.opened("button", at, now)

    def opened(self, by: Opener, at: float, now: float) -> None:
        """Listen; what is being said to the user now is cut off."""
        self.talk.open(by, at, now)


STYLE: Final = Open
