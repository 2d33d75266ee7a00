"""Style `hold`: the button is held while the user speaks."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from daemon.core.turn.style import TurnStyle

if TYPE_CHECKING:
    from daemon.core.events import Opener


class Hold(TurnStyle):
    """Press, speak, release; a tap asks nothing. A wake word opens too: then a pause ends what is said."""

    how_to_ask: ClassVar[str] = "hold the button, say {words}, and let go"
    _until_pause = False

    def press(self, at: float, now: float) -> None:
        """Open the microphone; what a wake word has begun is the button's from now on."""
        begun = self._until_pause and self.talk.state == "listening"
        self._until_pause = False
        if not begun:
            self.talk.listen(at, now)

    def release(self, at: float, now: float) -> None:
        """The utterance is complete."""
        self.talk.listening.let_go(at, now)

    def opened(self, by: Opener, at: float, now: float) -> None:
        """Open the microphone until a pause."""
        self._until_pause = True
        self.talk.listen(at, now)

    def speech_ended(self, spoken: bool, now: float) -> None:
        """The utterance is complete, or there is none: what it would have continued is kept."""
        if not self._until_pause or self.talk.state != "listening":
            return
        if spoken or self.talk.listening.continued:
            self.talk.listening.let_go(now, now)
        else:
            self.talk.listening.abandon()

    def tap(self, now: float) -> None:
        """Nothing was said."""
        self.talk.listening.untap()


STYLE: Final = Hold
