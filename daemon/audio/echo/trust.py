"""Whether what is left of the echo may be listened to: else the box would hear itself, and answer.

A canceller has to learn the way first, for some seconds after the start and whenever the way has become
another; what a microphone gives at full scale it cannot learn at all. Where nearly nothing of the speaker
is heard, as with headphones, there is nothing to learn.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from hardware.ports import Mono

_MEMORY_S: Final = 0.5
_ECHO_S: Final = 0.3
"""For so long a room sounds after the speaker."""
_SOUNDING: Final = 1e-7  # mean square: -70 dB of full scale
_LEARNED: Final = 0.15
"""What is left of the microphone's power: -8 dB."""
_INAUDIBLE: Final = 1e-5
_FULL_SCALE: Final = 0.98
_OVERDRIVEN: Final = 0.005  # of all samples


class Trust:
    """Judges piece by piece; belongs to one canceller."""

    def __init__(self, rate_hz: int) -> None:
        self._rate_hz = rate_hz
        self.forget()

    def forget(self) -> None:
        """The way is another one: it has to be learned anew."""
        self._learned = False
        self._means = np.zeros(4)  # power of microphone, reference, what is left; share at full scale
        self._weight = 0.0
        self._sounds_for = 0

    @property
    def overdriven(self) -> bool:
        """The speaker drives the microphone to full scale."""
        return bool(self._means[3] > _OVERDRIVEN * self._weight)

    @property
    def trusted(self) -> bool:
        """Nobody plays, or what is left of it is faint."""
        return not self._sounds_for or (self._learned and not self.overdriven)

    def judge(self, microphone: Mono, reference: Mono, cleaned: Mono) -> None:
        """The next piece of all three."""
        self._sounds_for = max(0, self._sounds_for - len(microphone))
        played = _power(reference)
        if played > _SOUNDING:
            self._sounds_for = int(_ECHO_S * self._rate_hz)
        if not self._sounds_for:
            return
        full = np.mean(np.abs(microphone) > _FULL_SCALE)
        share = min(1.0, len(microphone) / (_MEMORY_S * self._rate_hz))
        self._means += share * (np.array([_power(microphone), played, _power(cleaned), full]) - self._means)
        self._weight += share * (1 - self._weight)
        heard, played, left, _ = self._means
        known = left < _LEARNED * heard or heard < _INAUDIBLE * played
        self._learned |= bool(self._weight > 0.5 and known)


def _power(samples: Mono) -> float:
    return float(np.dot(samples, samples)) / len(samples)
