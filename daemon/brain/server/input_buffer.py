"""The input buffer: the user's audio since the last commit, by position in the session's audio."""

from __future__ import annotations

from daemon.brain.server import errors
from daemon.brain.server.errors import Refusal
from daemon.brain.server.formats import PCM16, WireFormat, recoded
from daemon.brain.server.unfinished_utterance import UnfinishedUtterance
from daemon.realtime.events import MIN_COMMIT_MS, RATE_HZ

MAX_BUFFER_S = 180
_BYTES_PER_S = RATE_HZ * 2


class InputBuffer:
    """Holds audio in the session's format.

    Positions count all audio appended in this session, in bytes of PCM16 at 24 kHz for any format.
    """

    def __init__(self) -> None:
        self.format = PCM16
        self._sound = bytearray()
        self.end = 0
        self.utterance = UnfinishedUtterance(self.format)

    @property
    def _scale(self) -> int:
        return PCM16.bytes_per_ms // self.format.bytes_per_ms

    @property
    def start(self) -> int:
        """The position at which the buffer begins."""
        return self.end - len(self._sound) * self._scale

    @property
    def held_ms(self) -> float:
        """The duration of the buffer."""
        return len(self._sound) / self.format.bytes_per_ms

    def change_format(self, format: WireFormat) -> None:
        """Change the format; the audio held is converted."""
        self._sound = bytearray(recoded(bytes(self._sound), self.format, format))
        self.format = format
        self._begin_utterance()

    def append(self, sound: bytes) -> None:
        """Append audio. Raises Refusal beyond MAX_BUFFER_S, and appends nothing then."""
        if len(self._sound) + len(sound) > MAX_BUFFER_S * 1000 * self.format.bytes_per_ms:
            raise Refusal(
                "invalid_value",
                f"The input audio buffer is full at {MAX_BUFFER_S} s: commit it or clear it.",
                "audio",
            )
        self._sound += sound
        self.utterance.append(sound)
        self.end += len(sound) * self._scale

    def drop_before(self, position: int) -> None:
        """Drop audio before this position."""
        if position > self.start:
            del self._sound[: (position - self.start) // self._scale]
            self._begin_utterance()

    def clear(self) -> None:
        """Drop all audio."""
        self._sound.clear()
        self._begin_utterance()

    def sound(self) -> bytes:
        """All audio, which stays."""
        return bytes(self._sound)

    def take(self) -> bytes:
        """Return all audio and empty the buffer. Raises Refusal below MIN_COMMIT_MS."""
        if self.held_ms < MIN_COMMIT_MS:
            raise errors.commit_empty(self.held_ms)
        whole = len(self._sound) // self.format.sample_bytes * self.format.sample_bytes
        sound = bytes(self._sound[:whole])
        self.clear()
        return sound

    def _begin_utterance(self) -> None:
        self.utterance.over = True
        self.utterance = UnfinishedUtterance(self.format)


def ms(position: int) -> float:
    """A position or a length in bytes as milliseconds."""
    return position * 1000 / _BYTES_PER_S


def position(time_ms: float) -> int:
    """Milliseconds as a position in bytes, at a whole sample."""
    return int(time_ms * RATE_HZ / 1000) * 2
