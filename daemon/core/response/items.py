"""The items of the present turn's answers, under keys of our own.

A server's id for an item is valid only within its answer: the next answer may use it again.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from msgspec import Struct, field

from daemon.core.keys import Keys
from daemon.core.response.calls import Way
from daemon.realtime.events import RATE_HZ

OFFLINE_TTS = "offline_tts"
"""Stands for an answer's key for items that the offline TTS reads out."""


_MOST_PARTS = 16


class ItemAudio(Struct):
    """One item, and the audio received of it. `rest` is half a sample, if a delta ended there.

    `wire_id` is its id on the present connection, if it has one. `known` says how the server knows it: an
    item that it has `spoken` can be truncated, one that it was `told` can only be deleted. `words` has the
    text of each part. `over`: no more of it will come. `whole`: the ways in which all of it was sent.
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
        """The audio received, rounded down."""
        return self.received_bytes // 2 * 1000 // RATE_HZ


class Items:
    """All items of the answers to one question."""

    def __init__(self, keys: Keys) -> None:
        self._items: dict[str, ItemAudio] = {}
        self._keys_of: dict[tuple[str, str], str] = {}
        self._keys = keys
        self._total_bytes = 0

    def key(self, reply: str, item_id: str, index: int, kept: bool = True) -> str:
        """Our key of an item; without ids, a server's items are told apart by their index.

        `kept`: the server keeps it in its conversation.
        """
        found = self.find(reply, item_id, index)
        if not found:
            found = self._keys_of[reply, item_id or f"#{index}"] = self._keys.new("item")
            self._items[found] = ItemAudio(reply, item_id, index, known="spoken" if kept else "")
        return found

    def find(self, reply: str, item_id: str, index: int) -> str:
        """The key of a known item, else an empty one.

        An id of an item that is over, at another index, is another item.
        """
        key = self._keys_of.get((reply, item_id or f"#{index}"), "")
        return "" if key and self._items[key].over and self._items[key].index != index else key

    def begin(self, reply: str, item_id: str, index: int) -> None:
        """An item begins: forget an item of the same id that is over."""
        key = self.find(reply, item_id, index)
        if key and self._items[key].over:
            del self._keys_of[reply, item_id or f"#{index}"]

    def end(self, key: str) -> None:
        """No more of this item will come."""
        if key in self._items:
            self._items[key].over = True

    def whole(self, reply: str, item_id: str, index: int, way: Way, kept: bool) -> str:
        """The key of an item that is sent whole, once in each way, perhaps under another id than before."""
        others = (key for key in self.of(reply) if way not in self._items[key].whole)
        key = self.find(reply, item_id, index) or next(others, "") or self.key(reply, item_id, index, kept)
        self._items[key].whole.add(way)
        self.end(key)
        return key

    def add(self, key: str, delta: bytes) -> bytes:
        """Add audio. Returns its whole samples, with the odd byte of the delta before."""
        item = self._items[key]
        pcm = item.rest + delta
        whole = len(pcm) & ~1
        item.rest = pcm[whole:]
        item.received_bytes += whole
        self._total_bytes += whole
        return pcm[:whole]

    def say(self, key: str, part: int, text: str, whole: bool) -> tuple[str, str]:
        """Add words of a part, or (`whole`) set them. Returns its words before, and those of the item now."""
        words, part = self._items[key].words, min(max(part, 0), _MOST_PARTS - 1)
        before = words.get(part, "")
        words[part] = text if whole else before + text
        return before, " ".join(words[each] for each in sorted(words))

    def said(self, reply: str, item_id: str, index: int, text: str) -> bool:
        """Whether an item of this answer has these words already, under another id."""
        renamed = not self.find(reply, item_id, index)
        return renamed and any(text in self._items[key].words.values() for key in self.of(reply))

    def spoken_of(self, reply: str) -> list[str]:
        """The items of an answer that have audio."""
        return [key for key, item in self._items.items() if item.reply == reply and item.received_bytes]

    def of(self, reply: str) -> list[str]:
        """All items of an answer."""
        return [key for key, item in self._items.items() if item.reply == reply]

    @property
    def own(self) -> list[str]:
        """The items with audio that come from the server."""
        return [key for key, item in self._items.items() if item.reply != OFFLINE_TTS and item.received_bytes]

    def wire_id(self, key: str, known: Literal["spoken", "told"]) -> str:
        """The item's id at the server, if it knows the item in this way; else empty."""
        item = self._items.get(key)
        return item.wire_id if item is not None and item.known == known else ""

    def mark_cut(self, key: str) -> str:
        """The id to truncate or delete it by, once; empty if the server need not be told."""
        item_id = self.wire_id(key, "spoken")
        if item_id:
            self._items[key].known = ""
        return item_id

    def of_reply(self, key: str) -> str:
        """The answer that an item belongs to."""
        item = self._items.get(key)
        return item.reply if item else ""

    def forget(self) -> None:
        """Forget all items: a new question begins."""
        self._items.clear()
        self._keys_of.clear()
        self._total_bytes = 0

    def connection_lost(self) -> None:
        """The next connection knows none of these items."""
        for item in self._items.values():
            item.known = ""

    def tell(self, words_of: Callable[[str], str]) -> None:
        """A new session was sent the items that have words, under our keys."""
        for key, item in self._items.items():
            if words_of(key):
                item.known, item.wire_id = "told", key

    @property
    def total_s(self) -> float:
        """The audio of all items together."""
        return self._total_bytes / 2 / RATE_HZ

    def received_ms(self, key: str) -> int:
        """The audio received of an item, 0 for one that is no longer known."""
        item = self._items.get(key)
        return item.received_ms if item else 0
