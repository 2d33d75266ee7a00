"""The tool calls of one answer, which a server may report in up to five ways; few servers use all.

Each way reports a call at most once, so the reports of two ways are paired, best match first. A report
without a partner is a call of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import IntEnum
from itertools import chain

from msgspec import DecodeError, Struct, field, json, structs

from daemon.core.bounds import MAX_ITEMS
from daemon.realtime import events as wire
from daemon.realtime.events import Item


class Way(IntEnum):
    """How a call was reported; if two reports differ, the way with the lower number is right.

    An item of the conversation does not say which answer it belongs to: it counts only if no other way
    reports any call.
    """

    RESPONSE_DONE = 0
    ITEM_DONE = 1
    ARGUMENTS_DONE = 2
    IN_PIECES = 3
    IN_CONVERSATION = 4


class CallReport(Struct):
    """A call as the server reports it, with its ids as far as it sends any.

    `meaning` is the normal form of its arguments; empty if they are empty.
    """

    item_id: str = ""
    call_id: str = ""
    name: str = ""
    arguments: str = ""
    index: int = -1
    pieces: list[str] = field(default_factory=list)
    meaning: str = ""

    def read(self) -> None:
        """The report is complete: work out its arguments and their meaning."""
        if not _meaning(self.arguments):
            self.arguments = "".join(self.pieces)
        self.meaning = _meaning(self.arguments)
        self.arguments = self.arguments if self.meaning else ""

    def likeness(self, other: CallReport) -> int:
        """How likely both reports are of the same call; 0 if nothing speaks for it.

        An id in common is enough; ids that differ prove nothing: some servers make up new ones each time.
        """
        ids = ((self.item_id, other.item_id, 8), (self.call_id, other.call_id, 4))
        named = sum(weight for mine, its, weight in ids if mine and mine == its)
        said = ((self.name, other.name), (self.meaning, other.meaning))
        if not named and any(mine and its and mine != its for mine, its in said):
            return 0
        return 1 + named + sum(2 for mine, its in said if mine == its) + (self.index == other.index)

    def fill(self, other: CallReport) -> None:
        """Add what the other report has and this one lacks."""
        self.item_id = self.item_id or other.item_id
        self.call_id = self.call_id or other.call_id
        self.name = self.name or other.name
        if not self.meaning:
            self.arguments, self.meaning = other.arguments, other.meaning


class Calls:
    """The reports of an answer's calls so far; `too_many`: more than we run."""

    def __init__(self) -> None:
        self.too_many = False
        self._by_way: dict[Way, list[CallReport]] = {}

    def hear(self, event: object) -> None:
        """Note a call if this event of the answer reports one."""
        match event:
            case wire.OutputItemAdded(item=item) if item.type == "function_call":
                self._tell(Way.IN_PIECES, _of_item(item, event.output_index))
            case wire.ArgumentsDelta():
                about = CallReport(event.item_id, event.call_id, index=event.output_index)
                self._begun(about).pieces.append(event.delta)
            case wire.ArgumentsDone():
                call = CallReport(
                    event.item_id, event.call_id, event.name, event.arguments, event.output_index
                )
                self._tell(Way.ARGUMENTS_DONE, call)
            case wire.OutputItemDone(item=item) if item.type == "function_call":
                self._tell(Way.ITEM_DONE, _of_item(item, event.output_index))
            case wire.ConversationItem(item=item) if item.type == "function_call" and item.arguments:
                self._tell(Way.IN_CONVERSATION, _of_item(item, -1))

    @property
    def ids(self) -> set[str]:
        """The server's ids of all calls so far."""
        told = chain.from_iterable(self._by_way.values())
        return {name for call in told for name in (call.item_id, call.call_id) if name}

    def all(self, output: Iterable[Item] = ()) -> list[CallReport]:
        """Every call once, including those in `response.done`; reports without a name are dropped."""
        for index, item in enumerate(output):
            if item.type == "function_call":
                self._tell(Way.RESPONSE_DONE, _of_item(item, index))
        found: list[CallReport] = []
        for way in Way:
            told = self._by_way.get(way, [])
            if way is Way.IN_CONVERSATION and found:
                break
            for call in told:
                call.read()
            _lay_upon(found, told)
        return [call for call in found if call.name]

    def _tell(self, way: Way, call: CallReport) -> None:
        """Add a report, unless the same one is there."""
        told = self._by_way.setdefault(way, [])
        if any(structs.replace(each, pieces=[]) == call for each in told):
            return
        self.too_many |= len(told) == MAX_ITEMS
        if not self.too_many:
            told.append(call)

    def _begun(self, about: CallReport) -> CallReport:
        """The report that a piece of arguments belongs to."""
        told = self._by_way.setdefault(Way.IN_PIECES, [])
        best = max(told, key=about.likeness, default=None)
        if best is None or not about.likeness(best):
            told.append(best := about)
        return best


def _lay_upon(found: list[CallReport], told: list[CallReport]) -> None:
    """Merge the reports of one way: each into the call that matches best, or as a call of its own."""
    alone, rest = list(found), list(told)
    for _, mine, its in sorted(_matches(alone, rest), key=lambda match: -match[0]):
        if any(mine is each for each in alone) and any(its is each for each in rest):
            mine.fill(its)
            alone = [each for each in alone if each is not mine]
            rest = [each for each in rest if each is not its]
    found += rest


def _matches(found: list[CallReport], told: list[CallReport]) -> Iterator[tuple[int, CallReport, CallReport]]:
    for mine in found:
        for its in told:
            if likeness := mine.likeness(its):
                yield likeness, mine, its


def _of_item(item: Item, index: int) -> CallReport:
    return CallReport(item.id or "", item.call_id or "", item.name or "", item.arguments or "", index)


def _meaning(arguments: str) -> str:
    """A normal form of the arguments, whatever the order of keys and the spaces."""
    try:
        said = json.decode(arguments or "null")
        return json.encode(said, order="sorted").decode() if said else ""
    except (DecodeError, RecursionError):
        return arguments
