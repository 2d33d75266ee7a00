"""Tracks the answers of one connection: which are due, which is under way, which events belong to which.

A server's id of an answer is valid only from its beginning to its end: some servers start numbering again
with each session, or use one id for all. An event without an id, or with another one, is of the answer under
way.
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
    """A response and its phase."""

    phase: ResponsePhase

    def go(self, cause: ResponseCause) -> None:
        """Move to the next phase."""
        self.phase = RESPONSE.after(self.phase, cause)

    @property
    def wanted(self) -> bool:
        """Whether the user is to hear it."""
        return self.phase in WANTED


class Owed(_InPhase):
    """An answer that is due and has not begun.

    `event_id` is that of our request, which a refusal names; empty if the server's voice detection begins the
    answer.
    """

    event_id: str
    response: Json

    @property
    def refused(self) -> bool:
        """Whether the server was busy with another one."""
        return self.phase in TO_ASK_AGAIN


class Reply(_InPhase):
    """An answer under way, by our key and by the server's id.

    `asked`: requested by us or expected of voice detection; `aside`: outside of the conversation;
    `in_words`: no tools were allowed, which not every server heeds; `announced`: the server has sent
    `response.created`.
    """

    key: str
    wire_id: str
    asked: bool
    aside: bool
    in_words: bool
    announced: bool
    other_ids: set[str] = field(default_factory=set)
    amount: Amount = field(default_factory=Amount)
    calls: Calls = field(default_factory=Calls)

    @property
    def excess(self) -> str:
        """The limit that it exceeds, in words; empty while it is within all of them."""
        return self.amount.excess or (f"{MAX_ITEMS} parts" if self.calls.too_many else "")

    def complete_calls(self, response: Response, output: list[Item]) -> list[CallReport]:
        """The calls to run at its end; none if it broke off."""
        return self.calls.all(output) if response.completed and not self.excess else []

    def end(self, output: list[Item]) -> list[Item]:
        """The items sent with its end; none if they exceed a limit."""
        self.amount.end(output)
        return [] if self.excess else output


class ResponseTracker:
    """One answer is requested at a time; a cancelled one blocks the next until it is done.

    With the server's voice detection an unwanted answer may be due, and a wanted one after it.
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
        """Whether an answer is under way or due, so that another request would be refused."""
        return bool(self._owed) or self.active is not None

    @property
    def under_way(self) -> bool:
        """Whether the server is in the middle of an answer."""
        return self.active is not None

    @property
    def unwelcome(self) -> bool:
        """Whether the next answer to begin is not wanted any more."""
        return bool(self._owed) and not self._owed[0].wanted

    def ask(self, event_id: str, response: Json) -> None:
        """`response.create` was sent, or (without an id) the server's voice detection will answer."""
        self._owe(Owed(ResponsePhase.ASKED, event_id, response))

    def disown(self) -> None:
        """The server's voice detection will answer a question that was withdrawn."""
        self._owe(Owed(ResponsePhase.UNWANTED, "", {}))

    def _owe(self, owed: Owed) -> None:
        self._owed.append(owed)
        self._until_asked.clear()

    def owes(self, response_id: str) -> bool:
        """Whether an answer begins with this event, without `response.created`."""
        return self.active is None and bool(self._owed) and not self._over(response_id)

    def begun(
        self, response_id: str, unasked: ResponseCause = ResponseCause.BEGUN, announced: bool = True
    ) -> Reply | None:
        """An answer begins; None if it has begun before. `unasked` is the cause if it was not requested."""
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
        in_words = owed.response.get("tool_choice") == "none"
        key = self._keys.new("resp")
        self.active = Reply(owed.phase, key, response_id, asked, aside, in_words, announced)
        self._unseen = False
        return self.active

    def of(self, response_id: str) -> Reply | None:
        """The answer that an event belongs to; None if it is late or belongs to none."""
        if self.active is None or self._over(response_id):
            return None
        if response_id != self.active.wire_id and len(self.active.other_ids) < _PAST:
            self.active.other_ids.add(response_id)
        return self.active

    def joined(self, item: Item) -> Reply | None:
        """The answer that an item of the conversation belongs to; None if it is ours or of an earlier one."""
        names = [name for name in (item.id, item.call_id) if name]
        if any(ours(name) or name in self._past_calls for name in names):
            return None
        return self.active

    def done(self, response: Response) -> Reply | None:
        """`response.done` has come: later events of this answer are late. None if it is of no known answer.

        Some servers send nothing else of an answer. Some that do not say which one begins use the same id for
        the next answer: events with that id are late until we request one.
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
        """The refused request to be sent again, now that the server is free."""
        if self.active is None and self._owed and self._owed[0].refused:
            owed = self._owed.pop(0)
            return owed.response if owed.wanted else None
        return None

    def refused(self, event_id: str | None, busy: bool) -> Owed | None:
        """The server refused `response.create`. Returns the answer that was due, None if there is none.

        If it was `busy`, the answer stays due, after one that was given up before it began.
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
        """The answer is no longer wanted. Returns the one to cancel now, if it has begun and was wanted.

        A cancel before `response.created` has no effect, so it is sent then.
        """
        for owed in self._owed:
            if owed.wanted:
                owed.go(ResponseCause.GIVEN_UP)
        if self.active is None or not self.active.wanted:
            return None
        self.active.go(ResponseCause.GIVEN_UP)
        return self.active

    def give_up(self) -> None:
        """Stop waiting for the beginning or the end of an unwanted answer."""
        self._close(self._past)
        waited = [owed for owed in self._owed if owed.phase is ResponsePhase.UNWANTED]
        self._unseen = self._unseen or any(owed.event_id for owed in waited)
        self._owed = [owed for owed in self._owed if owed.phase is not ResponsePhase.UNWANTED]

    def connection_lost(self) -> None:
        """Nothing is due on the next connection."""
        self.active, self._owed, self._unseen, self._last = None, [], False, None
        self._past.clear()
        self._until_asked.clear()
        self._past_calls.clear()

    def _over(self, response_id: str) -> bool:
        """Whether this is the id of an answer that is over."""
        return bool(response_id) and (response_id in self._past or response_id in self._until_asked)

    def _close(self, over: deque[str]) -> None:
        if self.active is not None:
            over.extend(each for each in (self.active.wire_id, *self.active.other_ids) if each)
            self._past_calls.extend(self.active.calls.ids)
            self.active = None


def _names(output: list[Item]) -> list[str]:
    """The ids of its calls, of no more than we run."""
    calls = [item for item in output[:MAX_ITEMS] if item.type == "function_call"]
    return [name for item in calls for name in (item.id, item.call_id) if name]
