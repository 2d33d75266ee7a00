"""The answers of one connection: which one is under way, which are unwanted, and what came of each item."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from msgspec import Struct

from daemon.protocol import RATE_HZ

READER = "reader"
"""In the place of a response's id: the offline voice, which reads out what the server wrote."""

_SOMEBODY_ELSES = ""


class ItemAudio(Struct):
    """The voice of one item: what has been received of it. `rest` is half a sample, if a delta ended there.

    `known` tells how the present connection knows the item: what it has spoken can be truncated, what it was
    told of can be deleted only.
    """

    response_id: str
    received_bytes: int = 0
    rest: bytes = b""
    known: Literal["spoken", "told", ""] = "spoken"

    @property
    def received_ms(self) -> int:
        """How much there is, rounded down."""
        return self.received_bytes // 2 * 1000 // RATE_HZ


class Responses:
    """At most one answer is asked for at a time; a cancelled one stays in the way until it is done."""

    def __init__(self) -> None:
        self.active: str | None = None
        self.asked = False
        self.aside = False
        """Is the last answer asked for one outside the conversation, whose items nobody keeps?"""
        self.items: dict[str, ItemAudio] = {}
        self._unwanted: set[str] = set()
        self._cancel_when_begun = False

    @property
    def busy(self) -> bool:
        """Is an answer under way or asked for, so that another would be refused?"""
        return self.asked or self.active is not None

    def ask(self) -> None:
        """`response.create` has been sent."""
        self.asked = True
        self._cancel_when_begun = False

    def begun(self, response_id: str) -> bool:
        """`response.created` is here. False: nobody wants it any more, cancel it."""
        self.active, self.asked = response_id, False
        self._unwanted.discard(_SOMEBODY_ELSES)
        if self._cancel_when_begun:
            self._cancel_when_begun = False
            self._unwanted.add(response_id)
            return False
        return True

    def abandon(self) -> str | None:
        """Nobody wants the answer any more: the id to cancel now, or None where none has begun.

        A cancel before `response.created` would do nothing, so it is remembered until then.
        """
        self._cancel_when_begun = self.asked
        if self.active is None or self.active in self._unwanted:
            return None
        self._unwanted.add(self.active)
        return self.active

    def done(self, response_id: str) -> None:
        """`response.done` is here; whatever still comes of it is late."""
        if self.active is None and response_id not in self._unwanted:
            self.asked = False  # its response.created never came
        if self.active in (response_id, _SOMEBODY_ELSES):
            self.active = None
        self._unwanted.add(response_id)

    def refused(self) -> None:
        """The server did not take `response.create`."""
        self.asked = self._cancel_when_begun = False

    def blocked(self) -> None:
        """The server is busy with an answer that we do not know."""
        self.active = self.active or _SOMEBODY_ELSES

    def give_up(self) -> None:
        """The server never said that the answer is done: it is no longer waited for."""
        if self.active is not None:
            self._unwanted.add(self.active)
        self.active, self.asked, self._cancel_when_begun = None, False, False

    def wanted(self, response_id: str) -> bool:
        """Is this answer the one that the user is waiting for? Servers that send no id are believed."""
        return response_id not in self._unwanted and not self._cancel_when_begun

    def audio(self, item_id: str, response_id: str, delta: bytes) -> bytes:
        """Whole samples of a delta, with the odd byte of the one before."""
        item = self.items.setdefault(item_id, ItemAudio(response_id))
        if response_id == READER or self.aside:
            item.known = ""
        pcm = item.rest + delta
        whole = len(pcm) & ~1
        item.rest = pcm[whole:]
        item.received_bytes += whole
        return pcm[:whole]

    @property
    def own(self) -> list[str]:
        """The spoken items that come from the server."""
        return [item_id for item_id, item in self.items.items() if item.response_id != READER]

    def items_of(self, response_id: str) -> list[str]:
        """The spoken items of an answer."""
        return [item_id for item_id, item in self.items.items() if item.response_id == response_id]

    def mark_cut(self, item_id: str) -> bool:
        """The server is told now how much counts of an item; False if it did not speak it, or knows."""
        item = self.items.get(item_id)
        if item is None or item.known != "spoken":
            return False
        item.known = ""
        return True

    def told(self, item_id: str) -> bool:
        """Was it told of this item, by a connection that came after it?"""
        return item_id in self.items and self.items[item_id].known == "told"

    def growing(self, item_id: str) -> bool:
        """Is it of the answer that is under way?"""
        item = self.items.get(item_id)
        # Of a server that sends no ids any item may be.
        return item is not None and self.active is not None and item.response_id in (self.active, "")

    def forget_items(self) -> None:
        """A new question: what came before has been heard or cut."""
        self.items.clear()

    def after_loss(self) -> Responses:
        """For a new connection, which knows none of the items that are still being played."""
        fresh = Responses()
        fresh.items = self.items
        for item in fresh.items.values():
            item.known = ""
        return fresh

    def tell(self, words_of: Callable[[str], str]) -> None:
        """The new connection was told of the items that have words."""
        for item_id, item in self.items.items():
            if words_of(item_id):
                item.known = "told"

    @property
    def total_s(self) -> float:
        """How long all the kept items are together."""
        return sum(item.received_ms for item in self.items.values()) / 1000

    def received_ms(self, item_id: str) -> int:
        """How much of an item's voice has come, 0 for one that this connection does not know."""
        item = self.items.get(item_id)
        return item.received_ms if item else 0
