"""The capture of an utterance; the phase of its turn says if the microphone is open (see `turn/phase.py`)."""

from __future__ import annotations

from daemon.core import events as ev
from daemon.core.effects import EffectsBuffer
from daemon.core.input.utterance import BYTES_PER_S, Utterance
from daemon.core.timers import Timers
from daemon.core.turn.phase import TurnTimer
from daemon.realtime.events import MIN_COMMIT_MS, AudioAppend, AudioClear

TAIL_S = 0.5
ATTENDED_S = 3.0
"""So much of what is heard during an answer counts if the user speaks: a server takes a while to notice."""
_TAIL_BYTES = int(TAIL_S * BYTES_PER_S)


class CaptureControl:
    """Stores the utterance, and sends it while it is spoken. Sets the timers `utterance` and `tail`."""

    def __init__(self, effects: EffectsBuffer, timers: Timers[TurnTimer], max_utterance_s: float) -> None:
        self._utterance = Utterance()
        self._effects = effects
        self._timers = timers
        self._max_utterance_s = max_utterance_s
        self._most_bytes = 0

    @property
    def long_enough(self) -> bool:
        """Whether it is long enough for the server to accept a commit."""
        return self._utterance.duration_ms >= MIN_COMMIT_MS

    @property
    def spoken(self) -> tuple[bytes, ...]:
        """The utterance: PCM16 mono 24 kHz in pieces."""
        return self._utterance.pieces

    def start(self, now: float, anew: bool) -> None:
        """Open the microphone; `anew` begins an empty utterance, else the one before is continued."""
        if anew:
            self._utterance = Utterance()
            self._effects.send(AudioClear())
        self._timers.clear(TurnTimer.TAIL)
        self.limit(now)
        self._effects.do(ev.SetCapture(True))

    def limit(self, now: float) -> None:
        """From now on the user may speak for as long as is allowed."""
        self._timers.set(TurnTimer.UTTERANCE, now + self._max_utterance_s)
        self._most_bytes = self._utterance.size_bytes + int(self._max_utterance_s * BYTES_PER_S)

    def attend(self, now: float) -> None:
        """Open the microphone during an answer, for as long as that lasts."""
        self.start(now, anew=True)
        self._timers.clear(TurnTimer.UTTERANCE)

    def attended(self, pcm: bytes) -> None:
        """Send a piece from the microphone, and keep what was heard of late."""
        self._utterance.add(pcm)
        self._utterance.forget(int(ATTENDED_S * BYTES_PER_S))
        self.flush()

    def stop(self, now: float) -> None:
        """Close the microphone; the utterance is complete when the tail has come."""
        self.close()
        self._timers.set(TurnTimer.TAIL, now + TAIL_S)

    def close(self) -> None:
        """Close the microphone."""
        self._timers.clear(TurnTimer.UTTERANCE)
        self._effects.do(ev.SetCapture(False))

    def drop(self) -> None:
        """Discard the utterance."""
        self._timers.clear(TurnTimer.TAIL)
        if self._utterance.begun:
            self._effects.send(AudioClear())
        self._utterance = Utterance()

    def captured(self, pcm: bytes, now: float) -> None:
        """Add a piece from the microphone, unless there is more than can have been recorded since."""
        size_bytes = self._utterance.size_bytes + len(pcm)
        if size_bytes > self._most_bytes and TurnTimer.UTTERANCE in self._timers:
            self._timers.set(TurnTimer.UTTERANCE, now)
        if size_bytes <= self._most_bytes + _TAIL_BYTES:
            self._utterance.add(pcm)
            self.flush()

    def flush(self) -> None:
        """Send what the server does not have yet."""
        if self._effects.online:
            for pcm in self._utterance.unsent():
                self._effects.send(AudioAppend(audio=pcm))

    def rewind(self) -> None:
        """On a new connection, send it from the beginning."""
        self._utterance.rewind()
