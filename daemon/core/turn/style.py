"""A turn style: what the user does to speak, and who finds the end of the utterance.

Each one is a file in `daemon/core/turn/styles`, named as in the configuration; all other code asks
`daemon.core.turn.style_registry`. It imports nothing heavy: the configuration reads the styles too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, assert_never

if TYPE_CHECKING:
    from daemon.core.events import Opener
    from daemon.core.input.button import Gesture
    from daemon.core.turn.manager import TurnManager
    from daemon.realtime.events import Json


class TurnStyle:
    """What the user's gestures and requests do to a turn; a style overrides what it does differently."""

    turn_detection: ClassVar[Json | None] = None
    """The server's voice detection, as `session.update` sets it; None: the button ends the utterance."""
    gated: ClassVar[bool] = False
    """Whether the microphone is open while nobody speaks, so that silence is to be kept off the wire."""
    needs_button: ClassVar[bool] = True
    how_to_ask: ClassVar[str]
    """How the user says `{words}`: the end of a sentence of setup."""

    def __init__(self, talk: TurnManager) -> None:
        self.talk = talk

    def gesture(self, gesture: Gesture, at: float, now: float) -> None:
        """Handle a gesture of the button. While muted, only a second tap counts."""
        match gesture:
            case "double_tap":
                self.second_tap(now)
            case "press" if self.talk.muted:
                self.talk.listening.refuse_muted()
            case _ if self.talk.muted:
                pass
            case "press":
                self.press(at, now)
            case "release":
                self.release(at, now)
            case "tap":
                self.tap(now)
            case _:
                assert_never(gesture)

    def press(self, at: float, now: float) -> None:
        """The button goes down."""

    def release(self, at: float, now: float) -> None:
        """The button is released."""

    def tap(self, now: float) -> None:
        """The press just released was a tap."""

    def opened(self, by: Opener, at: float, now: float) -> None:
        """Something else than the button, such as a wake word, has the user listened to; none was so far."""

    def speech_ended(self, spoken: bool, now: float) -> None:
        """What was said behind a wake word is over, or nothing was; known by loudness alone."""

    def second_tap(self, now: float) -> None:
        """A second tap soon after the first; `tap` is called for it as well."""
        self.mute(not self.talk.muted, now)

    def mute(self, muted: bool, now: float) -> None:
        """Mute or unmute the microphone."""
        self.talk.mute(muted, now)

    def stop(self, now: float) -> None:
        """Be silent and idle."""
        self.talk.stop(now)
