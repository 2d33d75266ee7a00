"""What the gestures of the button mean, in the style that the owner has chosen."""

from __future__ import annotations

from daemon.core import events as ev
from daemon.core.effects import EffectsBuffer
from daemon.core.input.button import Gesture
from daemon.core.turn.manager import TurnManager


class Hand:
    """`hold`: down while somebody speaks. `tap`: it opens the microphone, the server closes it."""

    def __init__(self, talk: TurnManager, effects: EffectsBuffer) -> None:
        self._talk = talk
        self._effects = effects

    def gesture(self, gesture: Gesture, at: float, now: float) -> None:
        """What the button did, and when."""
        talk = self._talk
        if gesture == "double_tap":
            talk.mute(not talk.muted, now)
        elif talk.muted:
            self._remind(gesture)
        elif talk.settings.style == "tap":
            self._toggle(gesture, at, now)
        elif gesture == "press":
            talk.listen(at, now)
        elif gesture == "release":
            talk.listening.let_go(at, now)
        else:
            talk.listening.untap()

    def _remind(self, gesture: Gesture) -> None:
        if gesture == "press":
            self._effects.do(ev.UserAlert("The microphone is muted; tap the button twice to open it."))

    def _toggle(self, gesture: Gesture, at: float, now: float) -> None:
        if gesture == "press" and self._talk.state == "listening":
            self._talk.listening.withdraw(now)
        elif gesture == "press":
            self._talk.listen(at, now)
            self._talk.listening.expect_speech(now)
