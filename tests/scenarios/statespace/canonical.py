"""States told apart: what decides on what happens next, as one string, the same for all that behave alike."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Set
from enum import Enum
from functools import cache
from itertools import groupby
from typing import Any

from daemon.core.connection.phase import SessionPhase
from daemon.core.connection.session import ConnectionSession
from daemon.core.history.history import Called
from daemon.core.history.turn import Turn
from daemon.core.input.capture import CaptureControl
from daemon.core.input.utterance import BYTES_PER_S
from daemon.core.response.barge_in import BargeIn
from daemon.core.response.current_answer import CurrentAnswer
from daemon.core.response.exchange import EarlyAnswer
from daemon.core.response.items import Items
from daemon.core.response.speech_fallback import SpeechFallback
from daemon.core.timers import Timers
from daemon.core.turn.listening import SpokenQuestion
from daemon.core.turn.manager import TurnManager
from daemon.core.turn.phase import SPOKEN
from daemon.realtime.events import MIN_COMMIT_MS
from tests.scenarios.statespace import inside

MIN_COMMIT_BYTES = MIN_COMMIT_MS * BYTES_PER_S // 1000
_ID = re.compile(r"(?:resp|item|call|turn|create)_(?:[0-9a-f]{8}_)?\d+")
_WHETHER = frozenset(
    {
        *("first_delta_at", "trouble", "spoken", "fatal", "_chunks", "complaint"),
        *("commit", "_unsaid", "written"),
    }
)
"""Of these it counts whether there is anything."""

_IGNORED = frozenset(
    {
        # constants, and what the abstraction leaves out (see the package's text)
        *(
            "bounds",
            "_offer",
            "_offers",
            "_settings",
            "backoff",
            "devices",
            "_earcons",
            "_modality",
            "now",
            "_deadlines",
        ),
        # counters that only name things
        *("number", "_turns", "opened", "_effects", "last", "_told", "ids", "broken", "rounds", "amount"),
        # what is told afterwards
        *("_hurried_at", "_tapped_at", "pressed_at", "released_at", "waits_until", "committed_at", "_shown"),
        *("first_frame_at", "first_sound_at", "heard_ms", "xruns", "tokens", "request_id", "heard"),
        *("microphone_missing", "speaker_failed", "_update_id"),
        *(
            "_quiet_until",
            "_stuck_at",
            "_server_s",
            "expires_in_s",
            "received_bytes",
            "_most_bytes",
            "ran",
            "_written",
        ),
        *(
            "past",
            "names",
            "refused",
            "noise",
            "sounding",
            "calling",
            "called",
            "_called",
            "_read_id",
            "_keys",
            "_keys_of",
            "_total_bytes",
            "_last",
            "amount",
        ),
        # of an item: no other one here has its name in the same answer
        *("over", "index", "whole"),
        # where else the same is met
        *("_outbox", "_ledger", "_history", "_changed", "urgent", "_level", "_accepted"),
    }
)
_WITH_TIMERS = (TurnManager,)
"""Its parts share them."""


class Canon:
    """One state: ids and connections are renamed in the order in which they are met."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._ids: dict[str, str] = {}
        self._conns: dict[int, str] = {0: "none"}
        self._objects: dict[int, int] = {}
        self._idle: dict[type, Set[str]] = {}
        self._open_calls: set[str] = set()
        self._unused: set[str] = set()
        self._names: dict[str, str] = {}
        self._come_again = False
        self._takes = False

    def of(self, world: Any) -> str:
        """Everything that the world is made of; what is going on first, so that its ids have names."""
        self._names, self._come_again = world.names, bool(world.bounds.names)
        self._takes = world.server.committing or world.bounds.detects
        self._open_calls = inside.open_calls(world.machine)
        self._idle = _rewritten(world)
        self._unused = set() if world.bounds.fallback else {"outage"}
        for each in (world.playing, world.tools, world.server, inside.cut(world.machine), world):
            self._add(each)
        return " ".join(self._parts)

    def _add(self, value: Any) -> None:
        add = self._parts.append
        kind = type(value)
        if value is None or kind is bool or kind is int:
            add(str(value))
        elif kind is str:
            add(_ID.sub(self._rename, value) or "-")
        elif kind is float:
            add("~")  # how long something is has no influence but by what is due
        elif kind is list or kind is tuple or kind is deque:
            self._add_all(value)
        elif kind is dict:
            self._add_all([part for pair in value.items() for part in pair])
        elif kind is set:
            # Ids that nothing else mentions never come again.
            add("/".join(sorted(self._ids.get(each, "-") for each in value if each in self._ids or not each)))
        elif kind is Timers:
            add("/".join(sorted(set(value) - self._unused)))
        elif isinstance(value, Enum):
            add(value.name)
        elif id(value) in self._objects:
            add(f"@{self._objects[id(value)]}")
        elif not callable(value):
            self._add_object(value)

    def _add_all(self, values: Iterable[Any]) -> None:
        self._parts.append("[")
        for each in values:
            self._add(each)
        self._parts.append("]")

    def _add_object(self, value: Any) -> None:
        self._objects[id(value)] = len(self._objects)
        self._parts.append(type(value).__name__)
        idle = self._idle.get(type(value), frozenset())
        if isinstance(value, ConnectionSession) and value.phase is not SessionPhase.CONFIGURING:
            idle = {"settings"}  # what comes of it later is only told
        for name in _names(value.__class__, *getattr(value, "__dict__", ())):
            if name not in idle:
                self._parts.append(f"{name}:")
                self._add_part(name, getattr(value, name), type(value))

    def _add_part(self, name: str, part: Any, owner: type = object) -> None:
        """What counts of a field."""
        match name:
            case "conn" | "_known":
                self._parts.append(self._conns.setdefault(part, f"conn{len(self._conns)}"))
            case "effects" | "timers" | "history" | "modality" if owner is CurrentAnswer:
                pass  # it only hands them out
            case "size_bytes":
                self._parts.append(
                    "nothing" if not part else "short" if part < MIN_COMMIT_BYTES else "enough"
                )
            case _ if name in _WHETHER:
                self._parts.append("some" if part else "none")
            case "settings" if owner is ConnectionSession:
                self._parts.append(str(part.negotiation.updates))
            case "_unacknowledged":
                self._parts.append(str(part > 0))
            case "_due" | "response" if part and not isinstance(part, str):
                self._parts.append("recital" if "conversation" in part else "answer")
            case "calls" if isinstance(part, dict):
                self._parts.append("some" if part else "none")
            case "_items" if owner is Items:  # those that something else mentions
                self._add({key: item for key, item in part.items() if self._name(key) in self._ids})
            case "_past_calls":
                pass  # the server tells of calls in answers alone
            case "_past":
                self._add([each for each in part if each in self._ids or self._come_again])
            case "pieces" if owner is EarlyAnswer:
                self._add([type(each).__name__ for each in part if getattr(each, "delta", True)])
            case "_pieces" if not self._takes:
                pass  # the server says no more of what it has made an item of
            case "_pieces":
                pieces = ((each.key, each.taken) for each in part if each.key in self._ids or not each.taken)
                self._add([piece for piece, _ in groupby(pieces)])  # of a press it takes any number
            case "_entries":
                self._add(self._told(part))
            case "_open":
                self._add([[call_id, id(turn) in self._objects] for call_id, (turn, _) in part.items()])
            case "_stale":
                self._add(part & self._open_calls)
            case "replies" | "words" if isinstance(part, dict):
                self._add(any(part.values()))
            case "told":
                for conn, items in part.items():
                    self._add_part("conn", conn)
                    self._add(items)
            case "turn" if owner is BargeIn:
                self._parts.append("some" if part else "none")  # it is only told of
            case "live" if part is not None:
                self._add(part.place)
            case _:
                self._add(part)

    def _told(self, entries: list[Any]) -> list[Any]:
        """Of the ledger: what the assistant is said to have said of late, and what runs."""
        running = [entry.key for entry in entries if isinstance(entry, Called) and entry.output is None]
        words = [entry.text for entry in entries if getattr(entry, "role", "") == "assistant"]
        return [bool(entries), [each for each in words if self._of_late(each)], running]

    def _of_late(self, words: str) -> bool:
        found = _ID.search(words)
        return found is not None and found[0] in self._ids

    def _rename(self, found: re.Match[str]) -> str:
        name = self._name(found[0])
        return self._ids.setdefault(name, f"{name.partition('_')[0]}{len(self._ids)}")

    def _name(self, key: str) -> str:
        return self._names.get(key, key)


def _rewritten(world: Any) -> dict[type, Set[str]]:
    """Fields that will be written anew before they are read again."""
    talk = inside.talk(world.machine)
    answer, question = talk.answer, inside.question(world.machine)
    spoken = question is not None and question.phase in SPOKEN
    at_rest = answer.turn is None and not answer.playing and not answer.barge_in.waiting
    found: dict[type, Set[str]] = {}
    if at_rest:
        found |= {Items: {"_items"}, SpeechFallback: {"_unsaid"}}
    if not inside.is_listening(world.machine):
        found[SpokenQuestion] = {"continued"}
    if not spoken and not talk.hands_free.attending:
        found[CaptureControl] = {"_utterance"}
    if not world.server.committing:
        found[Turn] = {"taken"}
    if not world.server.response:
        found[type(world.server)] = {"voiced", "worded", "second", "cancelled"}
    return found


@cache
def _names(kind: type, *attributes: str) -> tuple[str, ...]:
    """The fields of a class that count."""
    names = attributes or getattr(kind, "__struct_fields__", ())
    ignored = _IGNORED if kind in _WITH_TIMERS else _IGNORED | {"_timers"}
    return tuple(name for name in names if name not in ignored)
