"""Servers of the field, each with one habit: they stand before a real brain and alter what it says and hears.

A character sees every event of one connection on its way, in both directions. It knows no network: it is
given what to call to hand an event on, and to wait. `ZOO` has them by name.
"""

from __future__ import annotations

import base64
import json
from collections import defaultdict, deque
from collections.abc import Callable, Iterator
from typing import Any, Protocol, TypeAlias

import numpy as np

Json: TypeAlias = dict[str, Any]

BUSY = "conversation_already_has_active_response"


class Ways(Protocol):
    """What a character may do with a connection."""

    def tell(self, event: Json) -> None:
        """Hand an event to the client."""

    def ask(self, event: Json) -> None:
        """Hand an event to the brain behind."""

    def later(self, seconds: float, call: Callable[[], None]) -> None:
        """Do this after a while."""


class Character:
    """Hands everything on as it is."""

    def __init__(self, ways: Ways) -> None:
        self.ways = ways

    def from_server(self, event: Json) -> None:
        """The brain says something."""
        self.ways.tell(event)

    def from_client(self, event: Json) -> None:
        """The client says something."""
        self.ways.ask(event)


def error(code: str, event_id: str | None = None, **fields: Any) -> Json:
    """A complaint in the usual shape."""
    detail = {"type": "invalid_request_error", "code": code, "message": f"No: {code}.", "event_id": event_id}
    return {"type": "error", "event_id": "event_zoo", "error": detail | fields}


def objects(value: Any) -> Iterator[Json]:
    """Every object in an event, itself first."""
    if isinstance(value, dict):
        yield value
        for each in value.values():
            yield from objects(each)
    elif isinstance(value, list):
        for each in value:
            yield from objects(each)


# ---------------------------------------------------------------- names


class Numbering(Character):
    """Items and answers are numbered from 1 on, on each connection."""

    counts_anew = False

    def __init__(self, ways: Ways) -> None:
        super().__init__(ways)
        self._names: dict[str, str] = {}
        self._counts: defaultdict[str, int] = defaultdict(int)

    def from_server(self, event: Json) -> None:
        if self.counts_anew and event["type"] == "response.created":
            self._counts.clear()
        for each in objects(event):
            for key in {"id", "item_id", "response_id", "previous_item_id"} & each.keys():
                each[key] = self._name(each[key])
        self.ways.tell(event)

    def from_client(self, event: Json) -> None:
        for key in {"item_id", "response_id"} & event.keys():
            newest = [real for real, name in self._names.items() if name == event[key]]
            event[key] = newest[-1] if newest else event[key]
        self.ways.ask(event)

    def _name(self, real: Any) -> Any:
        kind = real.partition("_")[0] if isinstance(real, str) else ""
        if kind not in ("item", "resp"):
            return real
        if real not in self._names:
            self._counts[kind] += 1
            self._names[real] = f"{kind}_{self._counts[kind]}"
        return self._names[real]


class Repeating(Numbering):
    """They are numbered from 1 on in each answer."""

    counts_anew = True


class Unannounced(Repeating):
    """They are, and it does not say that one begins."""

    def from_server(self, event: Json) -> None:
        if event["type"] == "response.created":
            self._counts.clear()
        else:
            super().from_server(event)


class OneCall(Character):
    """Every call is `call_0`."""

    def __init__(self, ways: Ways) -> None:
        super().__init__(ways)
        self._open: deque[str] = deque()
        self._known: set[str] = set()

    def from_server(self, event: Json) -> None:
        for each in objects(event):
            real = each.get("call_id")
            if real and event["type"].startswith("response."):
                if real not in self._known:
                    self._known.add(real)
                    self._open.append(real)
                each["call_id"] = "call_0"
        self.ways.tell(event)

    def from_client(self, event: Json) -> None:
        item = event.get("item", {})
        if item.get("call_id") == "call_0":
            item["call_id"] = self._open.popleft()
        self.ways.ask(event)


class Nameless(OneCall):
    """Nothing has a name but calls, which have all the same."""

    def from_server(self, event: Json) -> None:
        for each in objects(event):
            for key in {"id", "item_id", "response_id", "event_id", "previous_item_id"} & each.keys():
                each[key] = None
        super().from_server(event)


class Null(Character):
    """What has no value is null, wherever it may stand."""

    _UNSET = ("event_id", "previous_item_id", "usage", "status_details", "metadata", "logprobs", "phase")

    def from_server(self, event: Json) -> None:
        for each in objects(event):
            for key in self._UNSET:
                if not each.get(key):
                    each[key] = None
        if event["type"] == "response.created":
            event["response"] |= {"output": None, "status": None}
        self.ways.tell(event)


# ---------------------------------------------------------------- what is told in one way alone


class CallsInArguments(Character):
    """A call is told when its arguments are complete; the answer's end says of nothing but that it is."""

    def from_server(self, event: Json) -> None:
        if event.get("item", {}).get("type") == "function_call":
            return
        if event["type"] == "response.done":
            event["response"] |= {"output": None, "status": None}
        self.ways.tell(event)


class CallsInItems(Character):
    """A call is told as an item, with its arguments as an object; the list at the end is empty."""

    def from_server(self, event: Json) -> None:
        if event["type"].startswith("response.function_call_arguments"):
            return
        item = event.get("item", {})
        if item.get("type") == "function_call" and item.get("arguments"):
            item["arguments"] = json.loads(item["arguments"])
        if event["type"] == "response.done":
            event["response"]["output"] = []
        self.ways.tell(event)


class CallsInPieces(Character):
    """A call is begun, and its arguments come in pieces; nothing says again what it was."""

    def from_server(self, event: Json) -> None:
        done = event["type"] in ("response.output_item.done", "response.function_call_arguments.done")
        if done and (event.get("item", {}).get("type") != "message"):
            return
        if event["type"] == "response.done":
            del event["response"]["output"]
        self.ways.tell(event)


class WordsAtTheEnd(Character):
    """No words, no beginnings and no ends but those of the answer, in which everything stands once more."""

    _SAID = ("response.done", "response.output_audio.delta")

    def from_server(self, event: Json) -> None:
        if not event["type"].startswith("response.") or event["type"] in self._SAID:
            self.ways.tell(event)


class OtherNames(Character):
    """The pieces of an answer name another answer than its beginning and its end do."""

    def from_server(self, event: Json) -> None:
        if event.get("response_id"):
            event["response_id"] = event["response_id"].replace("resp_", "chat_")
        self.ways.tell(event)


# ---------------------------------------------------------------- manners


class Silent(Character):
    """It does not greet."""

    def from_server(self, event: Json) -> None:
        if event["type"] != "session.created":
            self.ways.tell(event)


class Slow(Character):
    """What is cancelled goes on for a while."""

    pause_s = 3.0

    def from_client(self, event: Json) -> None:
        if event["type"] == "response.cancel":
            self.ways.later(self.pause_s, lambda: self.ways.ask(event))
        else:
            self.ways.ask(event)


class Hesitant(Character):
    """An answer begins long after it was asked for."""

    pause_s = 3.5

    def from_client(self, event: Json) -> None:
        if event["type"] == "response.create":
            self.ways.later(self.pause_s, lambda: self.ways.ask(event))
        else:
            self.ways.ask(event)


class Detecting(Character):
    """It answers by itself what is committed, whatever it was told; who asks for an answer is refused."""

    refuses_after_s = 0.0
    names_what_it_refuses = True

    def from_client(self, event: Json) -> None:
        if event["type"] == "response.create" and self._answers_by_itself(event):
            event_id = event.get("event_id") if self.names_what_it_refuses else None
            self.ways.later(self.refuses_after_s, lambda: self.ways.tell(error(BUSY, event_id)))
            return
        self.ways.ask(event)
        if event["type"] == "input_audio_buffer.commit":
            self._committed()

    def _committed(self) -> None:
        self._own = True
        self.ways.ask({"type": "response.create"})

    def _answers_by_itself(self, event: Json) -> bool:
        own, self._own = self._own, False
        return own

    _own = False


class DetectingEarly(Detecting):
    """Its answer has begun when it refuses ours, and it does not say which one it refuses."""

    refuses_after_s = 0.15
    names_what_it_refuses = False


class DetectingLate(Detecting):
    """It hears a second late: what it still hears cancels the answer that was asked for, then it answers."""

    late_s = 1.0
    _hears = False

    def from_client(self, event: Json) -> None:
        if event["type"] == "input_audio_buffer.append" and not self._hears:
            self._hears = True
            self.ways.tell({"type": "input_audio_buffer.speech_started", "audio_start_ms": 0})
        if event["type"] == "response.create" and self._answers_by_itself(event):
            for kind, status in (("created", "in_progress"), ("done", "cancelled")):
                response = {"id": "resp_late", "status": status, "output": []}
                self.ways.tell({"type": f"response.{kind}", "response": response})
            self.ways.later(self.late_s, lambda: self.ways.ask({"type": "response.create"}))
        else:
            super().from_client(event)

    def _committed(self) -> None:
        self._own, self._hears = True, False


class DetectingSilence(Detecting):
    """It takes what was said at the first silence, before the button is let go."""

    def __init__(self, ways: Ways) -> None:
        super().__init__(ways)
        self._voiced = False
        self._busy = False

    def from_server(self, event: Json) -> None:
        if event["type"] in ("response.created", "response.done"):
            self._busy = event["type"] == "response.created"
        self.ways.tell(event)

    def from_client(self, event: Json) -> None:
        if event["type"] == "input_audio_buffer.append":
            self.ways.ask(event)
            self._listen(base64.b64decode(event["audio"]))
        elif event["type"] == "response.create" and self._busy:
            self.ways.tell(error(BUSY, event.get("event_id")))
        else:
            self._voiced = self._voiced and event["type"] != "input_audio_buffer.clear"
            self.ways.ask(event)

    def _listen(self, pcm: bytes) -> None:
        loud = bool(np.abs(np.frombuffer(pcm, "<i2").astype(int)).max(initial=0) > 1000)
        if loud and not self._voiced:
            self.ways.tell({"type": "input_audio_buffer.speech_started", "audio_start_ms": 0})
        if self._voiced and not loud:
            self.ways.ask({"type": "input_audio_buffer.commit"})
            self.ways.ask({"type": "response.create"})
        self._voiced = loud


# ---------------------------------------------------------------- errors


class Wordless(Character):
    """It neither greets nor confirms anything, but for an answer."""

    _COURTESIES = ("session.created", "session.updated", "conversation.item.added", "conversation.item.done")

    def from_server(self, event: Json) -> None:
        if event["type"] == "session.updated":
            event = {"type": "rate_limits.updated", "rate_limits": []}
        if event["type"] not in self._COURTESIES:
            self.ways.tell(event)


class Strict(Character):
    """It finds something in one tool, which costs the update in which that is; it says which one."""

    spoiled = "set_volume"
    names_it = True

    def from_client(self, event: Json) -> None:
        bad = self._bad(event) if event["type"] == "session.update" else None
        if bad is None:
            self.ways.ask(event)
            return
        param = f"session.tools[{bad}].parameters" if self.names_it else None
        self.ways.tell(error("invalid_function_parameters", event.get("event_id"), param=param))

    def _bad(self, event: Json) -> int | None:
        names = [str(tool["name"]) for tool in event["session"].get("tools", [])]
        return names.index(self.spoiled) if self.spoiled in names else None


class StrictInSilence(Strict):
    """It does not say which one."""

    names_it = False


class Modest(Character):
    """It knows neither transcriptions nor tool_choice, takes nothing that has them, and names no event."""

    def from_client(self, event: Json) -> None:
        session = event.get("session", {})
        if "tool_choice" in session or "transcription" in session.get("audio", {}).get("input", {}):
            self.ways.tell({"type": "error", "message": "Unknown parameter."})
        else:
            self.ways.ask(event)


class Complaining(Character):
    """It complains of what it does not understand: of each event but those of a question, in plain words."""

    _KNOWN = ("session.update", "input_audio_buffer.append", "input_audio_buffer.commit", "response.create")

    def from_client(self, event: Json) -> None:
        if event["type"] not in self._KNOWN:
            self.ways.tell({"error": f"I know nothing of {event['type']}."})
        self.ways.ask(event)


ZOO: dict[str, type[Character]] = {
    "plain": Character,
    "numbers anew on each connection": Numbering,
    "numbers anew in each answer": Repeating,
    "numbers anew in each answer, and announces none": Unannounced,
    "call_0 for ever": OneCall,
    "names nothing": Nameless,
    "nulls": Null,
    "calls only in arguments.done": CallsInArguments,
    "calls only in items, as objects": CallsInItems,
    "calls only in pieces": CallsInPieces,
    "words only at the end": WordsAtTheEnd,
    "other names for the same answer": OtherNames,
    "no greeting": Silent,
    "slow cancel": Slow,
    "slow to begin": Hesitant,
    "answers by itself": Detecting,
    "answers by itself, and has begun": DetectingEarly,
    "confirms nothing": Wordless,
    "strict schemas": Strict,
    "strict schemas, not named": StrictInSilence,
    "complains in plain words": Complaining,
    "voice detection that goes off early": DetectingSilence,
    "voice detection that hears late": DetectingLate,
}
