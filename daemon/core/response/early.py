"""An answer that the server began by itself while the button was still down, to all that was said by then.

Its voice detection cannot be switched off, and has heard an end. Nobody hears the answer yet: if nothing more
is said until the button is let go it is taken, else it is cancelled.
"""

from __future__ import annotations

from daemon.core.response.tracker import Reply
from daemon.realtime.events import BYTES_PER_S, OutputAudioDelta, Response, ResponsePiece

_MOST_PIECES = 4000
_MOST_BYTES = 120 * BYTES_PER_S


class Early:
    """`reply` is the answer that is kept, if there is one; `end` is how it ended, if it has."""

    def __init__(self) -> None:
        self.reply: Reply | None = None
        self.end: Response | None = None
        self.pieces: list[ResponsePiece] = []
        self._bytes = 0

    @property
    def too_long(self) -> bool:
        """Is it more than anybody keeps?"""
        return len(self.pieces) > _MOST_PIECES or self._bytes > _MOST_BYTES

    def keep(self, reply: Reply) -> None:
        """It begins."""
        self.forget()
        self.reply = reply

    def add(self, piece: ResponsePiece) -> None:
        """More of it."""
        self.pieces.append(piece)
        self._bytes += len(piece.delta) if isinstance(piece, OutputAudioDelta) else 0

    def forget(self) -> None:
        """It has been taken, or is not wanted."""
        self.reply, self.end, self.pieces, self._bytes = None, None, [], 0
