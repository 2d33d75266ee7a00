"""The items of the present turn's answers: what came of them, under keys of our own.

The server's names lead to them within an answer alone, since they may come again with the next one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from msgspec import Struct, field

from daemon.core.keys import Keys
from daemon.core.response.calls import Way
from daemon.realtime.events import RATE_HZ

READER = "reader"
"""In the place of an answer's key: the offline voice, which reads out what the server wrote."""


_MOST_PARTS = 16


class ItemAudio(Struct):
    """One item: what has been received of its voice. `rest` is half a sample, if a delta ended there.

    `wire_id` is what the present connection calls it, empty where it does not. `known` tells how it knows it:
    what it has spoken can be truncated, what it was told of can be deleted only.
    `words` are those of its parts. `over`: no more of it is to come. `whole`: in which ways all of it has
    been told.
    """

    reply: str
    wire_id: str
    index: int
    received_bytes: int = 0
    rest: bytes = b""
    known: Literal["spoken", "told", ""] = "spoken"
    words: dict[int, str] = field(default_factory=dict)
    over: bool = False
    whole: set[Way] = field(default_factory=set)

    @property
    def received_ms(self) -> int:
        """How much there is, rounded down."""
        return self.received_bytes // 2 * 1000 // RATE_HZ


class Items:
    """All of them, from the question on."""

    def __init__(self, keys: Keys) -> None:
        self._items: dict[str, ItemAudio] = {}
        self._keys_of: dict[tuple[str, str], str] = {}
        self._keys = keys
        self._total_bytes = 0

    def key(self, reply: str, item_id: str, index: int, kept: bool = True) -> str:
        """Our key of an item of an answer; a server that names none is believed to count them.

        `kept`: the server keeps it in its conversation.
        """
        found = self.find(reply, item_id, index)
        if not found:
            found = self._keys_of[reply, item_id or f"#{index}"] = self._keys.new("item")
            self._items[found] = ItemAudio(reply, item_id, index, known="spoken" if kept else "")
        return found

    def find(self, reply: str, item_id: str, index: int) -> str:
        """The key of an item that is known already, else an empty one.

        What comes at another place under the name of one that is over is another one.
        """
        key = self._keys_of.get((reply, item_id or f"#{index}"), "")
        return "" if key and self._items[key].over and self._items[key].index != index else key

    def begin(self, reply: str, item_id: str, index: int) -> None:
        """One is announced: not the one of that name that is over."""
        key = self.find(reply, item_id, index)
        if key and self._items[key].over:
            del self._keys_of[reply, item_id or f"#{index}"]

    def end(self, key: str) -> None:
        """No more of it is to come."""
        if key in self._items:
            self._items[key].over = True

    def whole(self, reply: str, item_id: str, index: int, way: Way, kept: bool) -> str:
        """The key of one that is told whole, once in each way, if need be by another name than before."""
        others = (key for key in self.of(reply) if way not in self._items[key].whole)
        key = self.find(reply, item_id, index) or next(others, "") or self.key(reply, item_id, index, kept)
        self._items[key].whole.add(way)
        self.end(key)
        return key

    def add(self, key: str, delta: bytes) -> bytes:
        """Whole samples of a delta, with the odd byte of the one before."""
        item = self._items[key]
        pcm = item.rest + delta
        whole = len(pcm) & ~1
        item.rest = pcm[whole:]
        item.received_bytes += whole
        self._total_bytes += whole
        return pcm[:whole]

    def say(self, key: str, part: int, text: str, whole: bool) -> tuple[str, str]:
        """More of the words of a part, or (`whole`) all: what they were, and those of the item now."""
        words, part = self._items[key].words, min(max(part, 0), _MOST_PARTS - 1)
        before = words.get(part, "")
        words[part] = text if whole else before + text
        return before, " ".join(words[each] for each in sorted(words))

    def said(self, reply: str, item_id: str, index: int, text: str) -> bool:
        """Are these the words of an item that was called something else before?"""
        renamed = not self.find(reply, item_id, index)
        return renamed and any(text in self._items[key].words.values() for key in self.of(reply))

    def spoken_of(self, reply: str) -> list[str]:
        """The items of an answer that have a voice."""
        return [key for key, item in self._items.items() if item.reply == reply and item.received_bytes]

    def of(self, reply: str) -> list[str]:
        """All items of an answer."""
        return [key for key, item in self._items.items() if item.reply == reply]

    @property
    def own(self) -> list[str]:
        """The items with a voice that come from the server."""
        return [key for key, item in self._items.items() if item.reply != READER and item.received_bytes]

    def wire_id(self, key: str, known: Literal["spoken", "told"]) -> str:
        """What to call it at the other end, which must know it in this way; else empty."""
        item = self._items.get(key)
        return item.wire_id if item is not None and item.known == known else ""

    def mark_cut(self, key: str) -> str:
        """What to call it when the server is told how much of it counts; empty if that is no news to it."""
        item_id = self.wire_id(key, "spoken")
        if item_id:
            self._items[key].known = ""
        return item_id

    def of_reply(self, key: str) -> str:
        """The answer that it is of."""
        item = self._items.get(key)
        return item.reply if item else ""

    def forget(self) -> None:
        """A new question: what came before has been heard or cut."""
        self._items.clear()
        self._keys_of.clear()
        self._total_bytes = 0

    def connection_lost(self) -> None:
        """Another one knows none of the items that are still being played."""
        for item in self._items.values():
            item.known = ""

    def tell(self, words_of: Callable[[str], str]) -> None:
        """The new connection was told, under our keys, of the items that have words."""
        for key, item in self._items.items():
            if words_of(key):
                item.known, item.wire_id = "told", key

    @property
    def total_s(self) -> float:
        """How long all of them are together."""
        return self._total_bytes / 2 / RATE_HZ

    def received_ms(self, key: str) -> int:
        """How much of an item's voice has come, 0 for one that is not known any more."""
        item = self._items.get(key)
        return item.received_ms if item else 0
