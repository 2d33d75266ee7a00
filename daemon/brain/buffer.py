"""The input buffer: what the user has said since the last commit, on the session's own clock of audio."""

from __future__ import annotations

from daemon.brain import errors
from daemon.brain.errors import Refusal
from daemon.protocol import MIN_COMMIT_MS, RATE_HZ

MAX_BUFFER_S = 180
_BYTES_PER_S = RATE_HZ * 2


class InputBuffer:
    """PCM16 mono 24 kHz. Positions are bytes of all the audio appended in this session."""

    def __init__(self) -> None:
        self._pcm = bytearray()
        self.end = 0

    @property
    def start(self) -> int:
        """Where what is held begins."""
        return self.end - len(self._pcm)

    @property
    def held_ms(self) -> float:
        """How much is held."""
        return ms(len(self._pcm))

    def append(self, pcm: bytes) -> None:
        """Take more. Raises Refusal beyond MAX_BUFFER_S: nothing of it is kept then."""
        if len(self._pcm) + len(pcm) > MAX_BUFFER_S * _BYTES_PER_S:
            raise Refusal(
                "invalid_value",
                f"The input audio buffer is full at {MAX_BUFFER_S} s: commit it or clear it.",
                "audio",
            )
        self._pcm += pcm
        self.end += len(pcm)

    def drop_before(self, position: int) -> None:
        """Forget what was appended before this position."""
        del self._pcm[: max(0, position - self.start)]

    def clear(self) -> None:
        """Forget all of it."""
        self._pcm.clear()

    def take(self) -> bytes:
        """All of it, and the buffer is empty. Raises Refusal under MIN_COMMIT_MS."""
        if self.held_ms < MIN_COMMIT_MS:
            raise errors.commit_empty(self.held_ms)
        pcm = bytes(self._pcm[: len(self._pcm) // 2 * 2])
        self._pcm.clear()
        return pcm


def ms(position: int) -> float:
    """A position or a length in bytes as milliseconds."""
    return position * 1000 / _BYTES_PER_S


def position(time_ms: float) -> int:
    """Milliseconds as a position in bytes, at a whole sample."""
    return int(time_ms * RATE_HZ / 1000) * 2
