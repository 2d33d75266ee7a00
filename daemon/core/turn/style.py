"""A turn style: what people do to be heard, and who notices the end of what they say.

Each one is a file in `daemon/core/turn/styles`, named as in the configuration; all else asks
`daemon.core.turn.style_registry`. Nothing heavy is imported here: the configuration reads the styles too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, assert_never

if TYPE_CHECKING:
    from daemon.core.input.button import Gesture
    from daemon.core.turn.manager import TurnManager
    from daemon.realtime.events import Json


class TurnStyle:
    """What the user's gestures and requests do to a turn; a style overrides what it does differently."""

    turn_detection: ClassVar[Json | None] = None
    """The server's voice detection, as `session.update` asks for it; None: the button ends what is said."""
    needs_button: ClassVar[bool] = True
    how_to_ask: ClassVar[str]
    """What people do to say `{words}`: the end of a sentence of setup."""

    def __init__(self, talk: TurnManager) -> None:
        self.talk = talk

    def gesture(self, gesture: Gesture, at: float, now: float) -> None:
        """The button did this at `at`. Only a second tap reaches a muted microphone."""
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
        """The button goes down; nobody knows yet for how long."""

    def release(self, at: float, now: float) -> None:
        """The button is let go."""

    def tap(self, now: float) -> None:
        """The press that has just been released was a short one."""

    def second_tap(self, now: float) -> None:
        """A tap soon after another, which `tap` was called for as well."""
        self.mute(not self.talk.muted, now)

    def mute(self, muted: bool, now: float) -> None:
        """Close the microphone until it is opened again, or open it."""
        self.talk.mute(muted, now)

    def stop(self, now: float) -> None:
        """Be silent and idle."""
        self.talk.stop(now)
