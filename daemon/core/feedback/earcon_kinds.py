"""The earcons: the sound of each, when it is due, and what the user knows once it has sounded.

One more is a class here, at its place in `_BY_PRECEDENCE`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from enum import Enum
from typing import ClassVar, Final

from daemon.audio.earcon_tones import PEAK, REST, Note, tone
from daemon.core import events as ev
from daemon.core.timers import Timers
from hardware.ports import Mono

LONG_S = 1.5


class ErrorTold(Enum):
    """The error of this turn: signalled once, however many there are, and not during an answer."""

    NOTHING = "nothing"
    UNTOLD = "untold"
    TOLD = "told"


class Situation:
    """The state after a step, and what the user knows by now.

    `entered`: the state has changed. `waited`: a user has waited for a while, for an answer or for a server.
    `away`: signalled that the server is away, since it was last there. `repeated`: a further error after one
    that was signalled. `no_microphone`: it was asked for, and is not there. `unused`: an open conversation
    has ended by itself. `woken`: the wake word was heard.
    """

    def __init__(self) -> None:
        self.state: ev.TurnState = "idle"
        self.link: ev.LinkState = "waiting"
        self.entered = self.waited = self.away = self.repeated = self.no_microphone = False
        self.unused = self.woken = False
        self.error = ErrorTold.NOTHING
        self._timers: Timers[str] = Timers()

    @property
    def deadline(self) -> float | None:
        """When a user will have waited for a while."""
        return self._timers.deadline

    def wait(self, now: float) -> None:
        """A user waits from now on."""
        self._timers.set("long", now + LONG_S)

    def follow(self, state: ev.TurnState, link: ev.LinkState, alert: bool, now: float) -> None:
        """This is the state after a step; `alert`: something went wrong in it."""
        self.entered, self.state, self.link = state != self.state, state, link
        if self.entered:
            self._enter(now)
        self.away &= link != "ready"
        self.no_microphone &= state == "listening"
        self.woken &= state == "listening"
        self.repeated = alert and self.error is ErrorTold.TOLD
        if alert and not self.repeated:
            self.error = ErrorTold.UNTOLD
        if self.error is ErrorTold.TOLD and state not in ("thinking", "speaking"):
            self.error = ErrorTold.NOTHING
        self.waited = bool(self._timers.pop_due(now))

    def _enter(self, now: float) -> None:
        self._timers.clear("long")
        if self.state == "thinking":
            self.wait(now)
        elif self.state in ("listening", "muted"):
            self.error = ErrorTold.NOTHING


class EarconKind(ABC):
    """One earcon."""

    name: ClassVar[str]
    melody: ClassVar[tuple[Note, ...]]
    peak: ClassVar[float] = PEAK
    optional: ClassVar[bool] = False
    """Played only where the owner wants all earcons."""

    def samples(self, rate_hz: int) -> Mono:
        """Its sound at the rate of the card."""
        return tone(self.melody, self.peak, rate_hz)

    @abstractmethod
    def due(self, now: Situation) -> bool:
        """Is it to be played, unless one before it is?"""

    def told(self, now: Situation, at: float) -> None:  # noqa: B027  # most have nothing to note
        """It is played: note what the user knows by it."""


class MutedEarcon(EarconKind):
    """The microphone is muted: when that begins, and at each press in vain."""

    name = "muted"
    melody = (Note(784.0, 0.09), Note(392.0, 0.14))

    def due(self, now: Situation) -> bool:
        """A press in vain is an alert."""
        return now.state == "muted" and (now.entered or now.error is ErrorTold.UNTOLD)

    def told(self, now: Situation, at: float) -> None:
        """The alert needs no earcon of its own."""
        now.error = ErrorTold.NOTHING


class ErrorEarcon(EarconKind):
    """Something went wrong, or a server refuses us."""

    name = "error"
    melody = (Note(370.0, 0.08), REST, Note(370.0, 0.08), REST, Note(370.0, 0.12))

    def due(self, now: Situation) -> bool:
        """While listening only if there is no microphone."""
        if now.state == "listening":
            return now.no_microphone
        return now.error is ErrorTold.UNTOLD or (now.waited and now.link == "refused")

    def told(self, now: Situation, at: float) -> None:
        """One error is enough while the user waits."""
        now.no_microphone = False
        now.away |= now.waited and now.error is not ErrorTold.UNTOLD
        now.error = ErrorTold.TOLD if now.state == "thinking" else ErrorTold.NOTHING


class OfflineEarcon(EarconKind):
    """A user waits and the server is away; the offline brain may step in."""

    name = "offline"
    melody = (Note(784.0, 0.11), Note(587.0, 0.11), Note(440.0, 0.16))

    def due(self, now: Situation) -> bool:
        """At once if the brain answers, but only once in an outage."""
        if now.link == "fallback":
            return now.state == "thinking" and not now.away
        return now.waited and now.link != "ready"

    def told(self, now: Situation, at: float) -> None:
        """The wait for the brain begins; without one it is still news that the question is dropped."""
        now.away = True
        if now.link == "fallback":
            now.wait(at)
        else:
            now.error = ErrorTold.NOTHING


class ThinkingEarcon(EarconKind):
    """A user has waited for a while, and an answer may still come."""

    name = "thinking"
    melody = (Note(523.0, 0.07), REST, Note(523.0, 0.07))

    def due(self, now: Situation) -> bool:
        """The server or the brain is there, or an earcon before this one would be due."""
        return now.waited


class ClosedEarcon(EarconKind):
    """An open conversation has ended by itself: nobody has spoken for a while."""

    name = "closed"
    melody = (Note(659.0, 0.08), REST, Note(494.0, 0.12))

    def due(self, now: Situation) -> bool:
        """Once, as soon as nothing else is to be heard."""
        return now.unused and now.state == "idle"

    def told(self, now: Situation, at: float) -> None:
        """The user knows."""
        now.unused = False


class WokenEarcon(EarconKind):
    """The wake word was heard, and the microphone opens: who has called need not look at the lamp."""

    name = "woken"
    melody = (Note(1047.0, 0.03), Note(1568.0, 0.03))
    peak = 0.03

    def due(self, now: Situation) -> bool:
        """Once for each word."""
        return now.woken and now.entered


class ListeningEarcon(EarconKind):
    """The microphone opens: a tick so short and quiet that it is over before the user speaks."""

    name = "listening"
    melody = (Note(1760.0, 0.03),)
    peak = 0.03
    optional = True

    def due(self, now: Situation) -> bool:
        """Once for each question."""
        return now.state == "listening" and now.entered


_BY_PRECEDENCE: Final = (
    MutedEarcon(),
    ErrorEarcon(),
    OfflineEarcon(),
    ThinkingEarcon(),
    ClosedEarcon(),
    WokenEarcon(),
    ListeningEarcon(),
)

EARCONS: Final[dict[str, EarconKind]] = {each.name: each for each in _BY_PRECEDENCE}
"""By name; the first that is due is played."""
