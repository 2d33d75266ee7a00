"""What was said, heard and done, and what a new session must be told of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

from msgspec import UNSET, DecodeError, Struct, json

from daemon.protocol import Content, Item

BUDGET_TOKENS = 2000
_CHARACTERS_PER_TOKEN = 4
_ITEM_TOKENS = 6
_MAX_ENTRIES = 400
_BYTES_PER_TOKEN = 4800  # of sound: a token for each 100 ms
_MAX_SOUND_BYTES = 120 * 48_000
_MAX_TEXT = 1500
_MAX_ID = 32


class Said(Struct, tag="said"):
    """Words of the user or the assistant; `text` is empty until it is known.

    `spoken` is the sound of it, PCM16 mono 24 kHz in pieces, kept as long as there are no words.
    """

    role: str
    item_id: str
    text: str = ""
    spoken: tuple[bytes, ...] = ()


class Called(Struct, tag="called"):
    """A tool call; `output` is None until it has answered."""

    call_id: str
    name: str
    arguments: str
    output: str | None = None


Entry: TypeAlias = Said | Called

_decoder: json.Decoder[list[Entry]] = json.Decoder(list[Entry])


class Ledger:
    """The conversation in the order in which it happened, with what was heard of it, not what was sent."""

    def __init__(self) -> None:
        self.last = 0
        self._entries: list[Entry] = []

    def user(self, item_id: str, text: str = "", spoken: tuple[bytes, ...] = ()) -> None:
        """The user said something; words may follow later by `transcribed`."""
        self._add(Said("user", item_id, text, () if text else spoken))

    def transcribed(self, item_id: str, text: str) -> None:
        """The words of a user item are known now."""
        for entry in self._said("user", item_id):
            entry.text, entry.spoken = text, ()

    def assistant(self, item_id: str, text: str) -> None:
        """The assistant's words so far; the last call with the same item counts."""
        entry = next(self._said("assistant", item_id), None)
        if entry is None:
            self._add(Said("assistant", item_id, text))
        else:
            entry.text = text

    def heard(self, item_id: str, heard_ms: int, received_ms: int) -> None:
        """Only this much of an item was heard: keep the words in proportion, rounded down to a word."""
        for entry in self._said("assistant", item_id):
            entry.text = words_heard(entry.text, heard_ms, received_ms)

    def words_of(self, item_id: str) -> str:
        """What the assistant said in an item, as far as it was heard; empty if that is not known."""
        return next((entry.text for entry in self._said("assistant", item_id)), "")

    def retold(self, item_id: str) -> list[Item]:
        """The item anew for a session that was told it before; none if nothing of it was heard."""
        words = self.words_of(item_id)
        return _items(Said("assistant", "", words)) if words else []

    def called(self, call_id: str, name: str, arguments: str) -> None:
        """The model called a tool."""
        self._add(Called(call_id, name, arguments))

    def answered(self, call_id: str, output: str) -> None:
        """A tool answered."""
        for entry in self._entries:
            if isinstance(entry, Called) and entry.call_id == call_id:
                entry.output = output

    def note(self, text: str) -> None:
        """Something that the model should know and nobody said."""
        self._add(Said("system", "", text))

    def forget(self) -> None:
        """Nothing of this was ever said."""
        self._entries.clear()

    def dump(self) -> bytes:
        """All of it, for another process."""
        return json.encode(self._entries)

    def restore(self, dumped: bytes) -> bool:
        """Begin with what another process dumped; False, and nothing, if that cannot be read."""
        try:
            entries = _decoder.decode(dumped)
        except DecodeError:
            return False
        for entry in entries:
            self._add(entry)
        return True

    def seed(self, after: int = 0, budget_tokens: int = BUDGET_TOKENS) -> list[Item]:
        """Items for a new session that was told everything up to the entry `after`, oldest first.

        Where the budget is short, the oldest stay out. A call without its output stays out too: the model
        would call again.
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

    def _said(self, role: str, item_id: str) -> Iterator[Said]:
        """What this side said in an item, the newest first: not every server sends ids."""
        for entry in reversed(self._entries):
            if isinstance(entry, Said) and entry.role == role and entry.item_id == item_id:
                yield entry

    def _add(self, entry: Entry) -> None:
        self._entries.append(entry)
        self.last += 1
        del self._entries[:-_MAX_ENTRIES]
        self._forget_sound()

    def _forget_sound(self) -> None:
        """Of what has no words, the newest minutes are kept."""
        left = _MAX_SOUND_BYTES
        for entry in reversed(self._entries):
            if isinstance(entry, Said) and entry.spoken:
                left -= sum(map(len, entry.spoken))
                entry.spoken = entry.spoken if left >= 0 else ()


def words_heard(text: str, heard_ms: int, received_ms: int) -> str:
    """The words that fit into the part of the audio that was heard, whole words only."""
    if heard_ms >= received_ms:
        return text
    kept = text[: len(text) * max(0, heard_ms) // received_ms]
    return kept if text[len(kept) : len(kept) + 1] in ("", " ") else kept.rpartition(" ")[0]


def _items(entry: Entry) -> list[Item]:
    if isinstance(entry, Called):
        return _call_items(entry)
    if not entry.text and not entry.spoken:
        return []
    if not entry.text:
        sound = Content(type="input_audio", audio=b"".join(entry.spoken))
        return [Item(type="message", role=entry.role, content=[sound])]
    kind = "output_text" if entry.role == "assistant" else "input_text"
    text = entry.text if len(entry.text) <= _MAX_TEXT else entry.text[:_MAX_TEXT] + " ..."
    # By its own id it can be deleted, should it be cut after all.
    own = entry.role == "assistant" and 0 < len(entry.item_id) <= _MAX_ID
    item_id = entry.item_id if own else UNSET
    content = [Content(type=kind, text=text)]
    return [Item(id=item_id, type="message", role=entry.role, content=content)]


def _call_items(call: Called) -> list[Item]:
    if call.output is None:
        return []
    return [
        Item(type="function_call", call_id=call.call_id, name=call.name, arguments=call.arguments),
        Item(type="function_call_output", call_id=call.call_id, output=call.output),
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
