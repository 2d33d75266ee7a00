"""The answers of one connection: which are owed, which one is under way, and whose events are which.

What a server calls an answer is known from its beginning to its end only: some number each session anew, or
call all of them the same. Servers that say no id, or another one, mean the answer that is under way.
"""

from __future__ import annotations

from collections import deque

from msgspec import Struct, field

from daemon.core.bounds import MAX_ITEMS, Amount
from daemon.core.keys import Keys, ours
from daemon.core.response.calls import CallReport, Calls
from daemon.core.response.phase import RESPONSE, TO_ASK_AGAIN, WANTED, ResponseCause, ResponsePhase
from daemon.realtime.events import Item, Json, Response

_PAST = 64
_OUTSIDE = "conversation"


class _InPhase(Struct):
    """A response, by where it is."""

    phase: ResponsePhase

    def go(self, cause: ResponseCause) -> None:
        """This has happened to it."""
        self.phase = RESPONSE.after(self.phase, cause)

    @property
    def wanted(self) -> bool:
        """Does anybody want to hear it?"""
        return self.phase in WANTED


class Owed(_InPhase):
    """An answer that was asked for and has not begun.

    `event_id` is what the server would name in a refusal; empty where its voice detection begins the answer.
    """

    event_id: str
    response: Json

    @property
    def refused(self) -> bool:
        """Was the server busy with another one?"""
        return self.phase in TO_ASK_AGAIN


class Reply(_InPhase):
    """An answer under way, by our key and by the server's name.

    `asked`: by us, or of its voice detection; `aside`: outside of the conversation; `announced`: the server
    has said that it begins.
    """

    key: str
    wire_id: str
    asked: bool
    aside: bool
    announced: bool
    other_ids: set[str] = field(default_factory=set)
    amount: Amount = field(default_factory=Amount)
    calls: Calls = field(default_factory=Calls)

    @property
    def excess(self) -> str:
        """What is too much of it, in words; empty while it is in bounds."""
        return self.amount.excess or (f"{MAX_ITEMS} parts" if self.calls.too_many else "")

    def complete_calls(self, response: Response, output: list[Item]) -> list[CallReport]:
        """The calls to be run, now that it is over; none of one that broke off."""
        return self.calls.all(output) if response.completed and not self.excess else []

    def end(self, output: list[Item]) -> list[Item]:
        """What counts of the items that are told at its end: none if that is too much."""
        self.amount.end(output)
        return [] if self.excess else output


class ResponseTracker:
    """One answer is asked for at a time; a cancelled one stays in the way until it is done.

    With the server's voice detection one may be owed that nobody wants, and one after it that somebody does.
    """

    def __init__(self, keys: Keys) -> None:
        self.active: Reply | None = None
        self._keys = keys
        self._owed: list[Owed] = []
        self._past: deque[str] = deque(maxlen=_PAST)
        self._past_calls: deque[str] = deque(maxlen=_PAST)
        self._until_asked: deque[str] = deque(maxlen=_PAST)
        self._unseen = False
        self._last: Response | None = None

    @property
    def busy(self) -> bool:
        """Is an answer under way or asked for, so that another would be refused?"""
        return bool(self._owed) or self.active is not None

    @property
    def under_way(self) -> bool:
        """Is the server in the middle of one?"""
        return self.active is not None

    @property
    def unwelcome(self) -> bool:
        """Is the next one to begin one that nobody wants any more?"""
        return bool(self._owed) and not self._owed[0].wanted

    def ask(self, event_id: str, response: Json) -> None:
        """`response.create` has been sent, or (without an id) the server's voice detection will answer."""
        self._owe(Owed(ResponsePhase.ASKED, event_id, response))

    def disown(self) -> None:
        """The server's voice detection will answer what nobody wants to have said."""
        self._owe(Owed(ResponsePhase.UNWANTED, "", {}))

    def _owe(self, owed: Owed) -> None:
        self._owed.append(owed)
        self._until_asked.clear()

    def owes(self, response_id: str) -> bool:
        """Does an answer begin with this event, although the server has not said so?"""
        return self.active is None and bool(self._owed) and not self._over(response_id)

    def begun(
        self, response_id: str, unasked: ResponseCause = ResponseCause.BEGUN, announced: bool = True
    ) -> Reply | None:
        """An answer begins, or has begun before (None); `unasked` is how, if nobody has asked for it."""
        active = self.active
        if active is not None and not self._owed and active.wire_id in ("", response_id):
            active.wire_id, active.announced = response_id, announced
            return None
        if not self._owed and self._over(response_id):
            return None
        self._close(self._past)
        if response_id in self._past:
            self._past.remove(response_id)
        asked = bool(self._owed)
        owed = self._owed.pop(0) if asked else Owed(ResponsePhase.UNASKED, "", {})
        owed.go(ResponseCause.BEGUN if asked else unasked)
        aside = _OUTSIDE in owed.response
        self.active = Reply(owed.phase, self._keys.new("resp"), response_id, asked, aside, announced)
        self._unseen = False
        return self.active

    def of(self, response_id: str) -> Reply | None:
        """The answer that an event belongs to; None if it is late or of nobody's."""
        if self.active is None or self._over(response_id):
            return None
        if response_id != self.active.wire_id and len(self.active.other_ids) < _PAST:
            self.active.other_ids.add(response_id)
        return self.active

    def joined(self, item: Item) -> Reply | None:
        """The answer that an item of the conversation is of; None if we or an earlier one have named it."""
        names = [name for name in (item.id, item.call_id) if name]
        if any(ours(name) or name in self._past_calls for name in names):
            return None
        return self.active

    def done(self, response: Response) -> Reply | None:
        """`response.done` is here; whatever still comes of it is late. None if it is no news.

        For some servers it is all that comes of an answer. Of those that do not say which one begins,
        some call the next one the same: what comes under that name is late until we ask for it.
        """
        again = response == self._last
        if self.owes(response.id) and not self._owed[0].refused and not again:
            self.begun(response.id, announced=False)
        reply = self.of(response.id)
        if reply is not None:
            self._last = response
            named = reply.announced and reply.wire_id
            self._close(self._past if named else self._until_asked)
            self._past_calls.extend(_names(response.output))
        return reply

    def freed(self) -> Json | None:
        """There is room for what the server was too busy for: what is to be asked again."""
        if self.active is None and self._owed and self._owed[0].refused:
            owed = self._owed.pop(0)
            return owed.response if owed.wanted else None
        return None

    def refused(self, event_id: str | None, busy: bool) -> Owed | None:
        """The server did not take `response.create`; None if that is no news: it is not one that is owed.

        If it was `busy`, the answer stays owed, behind one that was given up before it began.
        """
        named = self._keys.own(event_id)
        asked = [each for each in self._owed if each.event_id and not each.refused]
        found = next((each for each in reversed(asked) if not named or each.event_id == event_id), None)
        if found is not None and busy:
            found.go(ResponseCause.BUSY)
            if self._unseen:
                self._unseen = False
                self._owed.insert(0, Owed(ResponsePhase.UNWANTED, "", {}))
        elif found is not None:
            self._owed.remove(found)
        return found

    def abandon(self) -> Reply | None:
        """Nobody wants the answer any more: the one to cancel now, if it has begun and was wanted.

        A cancel before `response.created` would do nothing, so it is remembered until then.
        """
        for owed in self._owed:
            if owed.wanted:
                owed.go(ResponseCause.GIVEN_UP)
        if self.active is None or not self.active.wanted:
            return None
        self.active.go(ResponseCause.GIVEN_UP)
        return self.active

    def give_up(self) -> None:
        """The server never said that what nobody wants has begun, or is done: it is no longer waited for."""
        self._close(self._past)
        waited = [owed for owed in self._owed if owed.phase is ResponsePhase.UNWANTED]
        self._unseen = self._unseen or any(owed.event_id for owed in waited)
        self._owed = [owed for owed in self._owed if owed.phase is not ResponsePhase.UNWANTED]

    def connection_lost(self) -> None:
        """Another one owes nothing."""
        self.active, self._owed, self._unseen, self._last = None, [], False, None
        self._past.clear()
        self._until_asked.clear()
        self._past_calls.clear()

    def _over(self, response_id: str) -> bool:
        """Is it of an answer that is over?"""
        return bool(response_id) and (response_id in self._past or response_id in self._until_asked)

    def _close(self, over: deque[str]) -> None:
        if self.active is not None:
            over.extend(each for each in (self.active.wire_id, *self.active.other_ids) if each)
            self._past_calls.extend(self.active.calls.ids)
            self.active = None


def _names(output: list[Item]) -> list[str]:
    """Of the calls in it, not more than anybody runs."""
    calls = [item for item in output[:MAX_ITEMS] if item.type == "function_call"]
    return [name for item in calls for name in (item.id, item.call_id) if name]
