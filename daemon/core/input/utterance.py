"""One utterance, kept until it is answered, and how much of it the present connection has."""

from __future__ import annotations

from daemon.realtime.events import MAX_APPEND_BYTES, RATE_HZ

BYTES_PER_S = RATE_HZ * 2


class Utterance:
    """PCM16 mono 24 kHz in chunks, and a cursor for what was sent."""

    def __init__(self) -> None:
        self._chunks: list[bytes] = []
        self._sent = 0
        self.size_bytes = 0

    @property
    def duration_ms(self) -> int:
        """Its duration, rounded down."""
        return self.size_bytes * 1000 // BYTES_PER_S

    @property
    def pieces(self) -> tuple[bytes, ...]:
        """All of it."""
        return tuple(self._chunks)

    @property
    def begun(self) -> bool:
        """Whether the present connection has any of it."""
        return self._sent > 0

    def add(self, pcm: bytes) -> None:
        """Add a chunk."""
        self._chunks.append(pcm)
        self.size_bytes += len(pcm)

    def forget(self, but_bytes: int) -> None:
        """Keep so much of its end."""
        while self.size_bytes > but_bytes:
            self.size_bytes -= len(self._chunks.pop(0))
            self._sent = max(0, self._sent - 1)

    def unsent(self) -> list[bytes]:
        """What the present connection lacks, in pieces that fit one append; counted as sent."""
        chunks, self._sent = self._chunks[self._sent :], len(self._chunks)
        pieces: list[bytes] = []
        for chunk in chunks:
            if pieces and len(pieces[-1]) + len(chunk) <= MAX_APPEND_BYTES:
                pieces[-1] += chunk
            elif chunk:
                pieces.append(chunk)
        return pieces

    def rewind(self) -> None:
        """On a new connection nothing of it was sent."""
        self._sent = 0
