"""Limits to the size of one answer: a server that sends more is interrupted.

No real answer comes near them. Without limits one of 20,000 items took 50 s of processor time and more memory
than the service may have.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct, field

from daemon.realtime.events import BYTES_PER_S, Item, ResponsePiece

MAX_ITEMS = 128
MAX_SOUND_S = 1200
MAX_CHARACTERS = 400_000
"""Words may be sent four times: in pieces, whole, with their part, with their item; sound twice."""
MAX_PIECES = 20_000
MAX_NAME = 200
"""Letters of a name that do not count."""
MAX_ANSWER_S = 600.0
TOO_MUCH = "The answer was cut off: it had more than {}."
TOO_LONG = f"The answer was cut off: it went on for more than {MAX_ANSWER_S / 60:.0f} minutes."


class Amount(Struct):
    """How much of an answer has come; `together`: the most items that came in one event."""

    items: set[tuple[str, int]] = field(default_factory=set)
    together: int = 0
    sound_bytes: int = 0
    characters: int = 0
    pieces: int = 0

    def add(self, piece: ResponsePiece) -> None:
        """Count one more piece."""
        self.pieces += 1
        item: Item | None = getattr(piece, "item", None)
        item_id = getattr(piece, "item_id", "") or (item.id if item else "") or ""
        self.items.add((item_id[:MAX_NAME], getattr(piece, "output_index", 0)))
        self._weigh(piece, getattr(piece, "part", None))
        self.end([item] if item else [])

    def end(self, items: list[Item]) -> None:
        """Count items that are sent whole."""
        self.together = max(self.together, len(items))
        for item in items:
            parts = item.content or []
            self.pieces += len(parts)
            self._weigh(item, *parts)

    @property
    def excess(self) -> str:
        """The limit that it exceeds, in words; empty while it is within all of them."""
        if max(len(self.items), self.together) > MAX_ITEMS:
            return f"{MAX_ITEMS} parts"
        if self.sound_bytes > MAX_SOUND_S * BYTES_PER_S:
            return f"{MAX_SOUND_S // 60} minutes of sound"
        if self.characters > MAX_CHARACTERS:
            return f"{MAX_CHARACTERS} characters"
        return f"{MAX_PIECES} pieces" if self.pieces > MAX_PIECES else ""

    def _weigh(self, *those: Any) -> None:
        for said in those:
            for name in ("delta", "transcript", "text", "arguments", "audio"):
                told = getattr(said, name, None)
                if isinstance(told, str):
                    self.characters += len(told)
                elif isinstance(told, bytes):
                    self.sound_bytes += len(told)
            for name in ("id", "item_id", "call_id", "name"):
                told = getattr(said, name, None)
                if isinstance(told, str) and len(told) > MAX_NAME:
                    self.characters += len(told)
