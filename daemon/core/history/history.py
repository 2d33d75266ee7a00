"""The history of the conversation, and what a new session is sent of it.

Everything has a key of our own, by which it is found again: no server's name for it is known here.

It outlives the process as lines that are only ever appended: an entry when it is new, and again when it has
changed; before a tool runs, after it has answered, and at the end of a turn. So a crash hides nothing of what
was done, and a turn costs the same however long the conversation is.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable
from typing import TypeAlias, TypeVar

from msgspec import UNSET, DecodeError, Struct, json

from daemon.core.history.turn import Turn
from daemon.core.turn.phase import TURN, TurnCause
from daemon.realtime.events import Content, Item

BUDGET_TOKENS = 2000
_CHARACTERS_PER_TOKEN = 4
_ITEM_TOKENS = 6
MAX_ENTRIES = 400
_BYTES_PER_TOKEN = 4800  # of sound: a token for each 100 ms
MAX_SOUND_BYTES = 30 * 48_000
_MAX_TEXT = 1500


class Said(Struct, tag="said", rename={"key": "item_id"}):
    """A message of the user or the assistant; `text` is empty until it is known.

    `spoken` is its sound, PCM16 mono 24 kHz in pieces, kept until there are words.
    """

    role: str
    key: str
    text: str = ""
    spoken: tuple[bytes, ...] = ()


class Called(Struct, tag="called", rename={"key": "call_id"}):
    """A tool call; `output` is None until it has answered."""

    key: str
    name: str
    arguments: str
    output: str | None = None


HistoryEntry: TypeAlias = Said | Called
T = TypeVar("T")

_line: json.Decoder[HistoryEntry] = json.Decoder(HistoryEntry)
_whole: json.Decoder[list[HistoryEntry]] = json.Decoder(list[HistoryEntry])  # as voiced 0.1.0 stored it

MAY_BE_DONE = (
    "Error: the appliance restarted before this call had answered. It may have been done; "
    "look, or ask the user, before you call it again."
)


class History:
    """The conversation in order; of each answer what the user heard, not what was sent."""

    def __init__(self) -> None:
        self.last = 0
        self.urgent = False
        """Whether something must be stored before anything else is done."""
        self._entries: list[HistoryEntry] = []
        self._changed: list[HistoryEntry] = []

    def user(self, key: str, text: str = "", spoken: tuple[bytes, ...] = ()) -> None:
        """Add what the user said; its words may follow later by `transcribed`."""
        self._add(Said("user", key, text, () if text else spoken))

    def question(self, turn: Turn) -> None:
        """An answer has begun: add its question, which is never asked again from here on."""
        if not TURN.allows(turn.phase, TurnCause.ANSWERED):
            return
        turn.go(TurnCause.ANSWERED)
        if turn.source in ("button", "text"):
            self.user(turn.key, turn.heard or turn.text, turn.spoken)
            turn.spoken = ()

    def transcribed(self, key: str, text: str) -> None:
        """Set the words of something that the user said."""
        if entry := self._said("user", key):
            entry.text, entry.spoken = text, ()
            self._change(entry)

    def assistant(self, key: str, text: str) -> None:
        """Set the assistant's words so far; a later call with the same key replaces them."""
        if entry := self._said("assistant", key):
            entry.text = text
            self._change(entry)
        else:
            self._add(Said("assistant", key, text))

    def heard(self, key: str, heard_ms: int, received_ms: int) -> None:
        """Only this much of an item was heard: keep the words in proportion, rounded down to a word."""
        if entry := self._said("assistant", key):
            entry.text = words_heard(entry.text, heard_ms, received_ms)
            self._change(entry)

    def words_of(self, key: str) -> str:
        """The words of an item, as far as they were heard; empty if they are not known."""
        entry = self._said("assistant", key)
        return entry.text if entry else ""

    def retold(self, key: str) -> list[Item]:
        """The item as it now is, for a session that had it whole; none if nothing of it was heard."""
        words = self.words_of(key)
        return _items(Said("assistant", "", words)) if words else []

    def called(self, key: str, name: str, arguments: str) -> None:
        """Add a tool call."""
        self._add(Called(key, name, arguments))
        self.urgent = True

    def answered(self, key: str, output: str) -> None:
        """Set the output of a tool call."""
        calls = (each for each in reversed(self._entries) if isinstance(each, Called) and each.key == key)
        if call := next(calls, None):
            call.output = output
            self._change(call)
            self.urgent = True

    def note(self, text: str) -> None:
        """Add a note to the model that nobody said."""
        self._add(Said("system", "", text))

    def forget(self) -> None:
        """Clear the history."""
        self._entries.clear()
        self._changed.clear()

    def news(self) -> list[HistoryEntry]:
        """Entries that are new or changed since the last call, to be appended to the file."""
        news = list(map(copy.copy, self._changed))
        self._changed.clear()
        self.urgent = False
        return news

    def whole(self) -> list[HistoryEntry]:
        """All entries, to replace the file."""
        return list(map(copy.copy, self._entries))

    def restore(self, kept: bytes) -> bool:
        """Load the lines of an earlier process; False, and an empty history, if none can be read.

        Nobody knows whether a call without an output was carried out: its output says so, and it never runs
        again.
        """
        entries = _read(kept)
        for entry in entries:
            if isinstance(entry, Called) and entry.output is None:
                entry.output = MAY_BE_DONE
            self._add(entry)
        self.news()
        return bool(entries)

    def seed(self, after: int = 0, budget_tokens: int = BUDGET_TOKENS) -> list[Item]:
        """Items for a session that has everything up to the entry `after`, oldest first.

        If the budget is too small, the oldest are left out; so is a call without output, or the model would
        call again.
        """
        chosen: list[list[Item]] = []
        fresh = self._entries[max(0, len(self._entries) - (self.last - after)) :]
        for entry in reversed(fresh):
            items = _items(entry)
            budget_tokens -= sum(map(_tokens, items))
            if budget_tokens < 0:
                break
            chosen.append(items)
        return [item for items in reversed(chosen) for item in items]

    def _said(self, role: str, key: str) -> Said | None:
        """The message of this role with this key."""
        entries = (each for each in reversed(self._entries) if isinstance(each, Said))
        return next((each for each in entries if each.key == key and each.role == role), None)

    def _add(self, entry: HistoryEntry) -> None:
        self._entries.append(entry)
        self.last += 1
        del self._entries[:-MAX_ENTRIES]
        self._forget_sound()
        self._change(entry)

    def _change(self, entry: HistoryEntry) -> None:
        if not any(each is entry for each in self._changed):
            self._changed.append(entry)

    def _forget_sound(self) -> None:
        """Drop sound without words, all but the newest half minute."""
        left = MAX_SOUND_BYTES
        for entry in reversed(self._entries):
            if isinstance(entry, Said) and entry.spoken:
                entry.spoken = _newest(entry.spoken, left)
                left -= sum(map(len, entry.spoken))


def lines(entries: Iterable[HistoryEntry]) -> bytes:
    """The entries as stored, one a line."""
    return b"".join(json.encode(entry) + b"\n" for entry in entries)


def _read(kept: bytes) -> list[HistoryEntry]:
    """The entries of these lines, each in its last version; a torn line is left out."""
    if kept.startswith(b"["):
        return _renamed(_decoded(_whole, kept) or [])
    entries: dict[tuple[str, str], HistoryEntry] = {}
    for number, line in enumerate(kept.splitlines()):
        if entry := _decoded(_line, line):
            kind = entry.role if isinstance(entry, Said) else ""
            entries[kind, entry.key or str(number)] = entry
    return list(entries.values())


def _renamed(entries: list[HistoryEntry]) -> list[HistoryEntry]:
    """Replace the server ids that voiced 0.1.0 stored by keys of our own."""
    for number, entry in enumerate(entries):
        entry.key = f"call_old_{number}" if isinstance(entry, Called) else ""
    return entries


def _decoded(decoder: json.Decoder[T], data: bytes) -> T | None:
    try:
        return decoder.decode(data)
    except (DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _newest(pieces: tuple[bytes, ...], most_bytes: int) -> tuple[bytes, ...]:
    """The last pieces that fit."""
    first = len(pieces)
    while first and len(pieces[first - 1]) <= most_bytes:
        first -= 1
        most_bytes -= len(pieces[first])
    return pieces[first:]


def words_heard(text: str, heard_ms: int, received_ms: int) -> str:
    """The words that fit into the part of the audio that was heard, whole words only."""
    if heard_ms >= received_ms:
        return text
    kept = text[: len(text) * max(0, heard_ms) // received_ms]
    return kept if text[len(kept) : len(kept) + 1] in ("", " ") else kept.rpartition(" ")[0]


def _items(entry: HistoryEntry) -> list[Item]:
    if isinstance(entry, Called):
        return _call_items(entry)
    if not entry.text and not entry.spoken:
        return []
    if not entry.text:
        sound = Content(type="input_audio", audio=b"".join(entry.spoken))
        return [Item(type="message", role=entry.role, content=[sound])]
    kind = "output_text" if entry.role == "assistant" else "input_text"
    text = entry.text if len(entry.text) <= _MAX_TEXT else entry.text[:_MAX_TEXT] + " ..."
    # By our key it can be deleted if it is cut later.
    item_id = entry.key if entry.role == "assistant" and entry.key else UNSET
    content = [Content(type=kind, text=text)]
    return [Item(id=item_id, type="message", role=entry.role, content=content)]


def _call_items(call: Called) -> list[Item]:
    if call.output is None:
        return []
    return [
        Item(type="function_call", call_id=call.key, name=call.name, arguments=call.arguments),
        Item(type="function_call_output", call_id=call.key, output=call.output),
    ]


def _tokens(item: Item) -> int:
    parts = item.content or []
    words = [part.text for part in parts] + [item.arguments, item.output]
    sound = sum(len(part.audio) for part in parts if part.audio)
    return (
        _ITEM_TOKENS
        + sum(len(text) for text in words if text) // _CHARACTERS_PER_TOKEN
        + sound // _BYTES_PER_TOKEN
    )
