"""What was said, heard and done, and what a new session must be told of it.

Everything has a key of our own, by which it is found again: no server's name for it is known here.
"""

from __future__ import annotations

from typing import TypeAlias

from msgspec import UNSET, DecodeError, Struct, json

from daemon.core.turn import Turn
from daemon.protocol import Content, Item

BUDGET_TOKENS = 2000
_CHARACTERS_PER_TOKEN = 4
_ITEM_TOKENS = 6
_MAX_ENTRIES = 400
_BYTES_PER_TOKEN = 4800  # of sound: a token for each 100 ms
_MAX_SOUND_BYTES = 120 * 48_000
_MAX_TEXT = 1500


class Said(Struct, tag="said"):
    """Words of the user or the assistant; `text` is empty until it is known.

    `spoken` is the sound of it, PCM16 mono 24 kHz in pieces, kept as long as there are no words.
    """

    role: str
    key: str
    text: str = ""
    spoken: tuple[bytes, ...] = ()


class Called(Struct, tag="called"):
    """A tool call; `output` is None until it has answered."""

    key: str
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

    def user(self, key: str, text: str = "", spoken: tuple[bytes, ...] = ()) -> None:
        """The user said something; words may follow later by `transcribed`."""
        self._add(Said("user", key, text, () if text else spoken))

    def question(self, turn: Turn) -> None:
        """An answer has begun: from here on the question is history, and is never asked again."""
        if not turn.remembered and turn.source in ("button", "text"):
            self.user(turn.key, turn.heard or turn.text, turn.spoken)
            turn.spoken = ()
        turn.remembered = True

    def transcribed(self, key: str, text: str) -> None:
        """The words of something that the user said are known now."""
        if entry := self._said("user", key):
            entry.text, entry.spoken = text, ()

    def assistant(self, key: str, text: str) -> None:
        """The assistant's words so far; the last call with the same item counts."""
        if entry := self._said("assistant", key):
            entry.text = text
        else:
            self._add(Said("assistant", key, text))

    def heard(self, key: str, heard_ms: int, received_ms: int) -> None:
        """Only this much of an item was heard: keep the words in proportion, rounded down to a word."""
        if entry := self._said("assistant", key):
            entry.text = words_heard(entry.text, heard_ms, received_ms)

    def words_of(self, key: str) -> str:
        """What the assistant said in an item, as far as it was heard; empty if that is not known."""
        entry = self._said("assistant", key)
        return entry.text if entry else ""

    def retold(self, key: str) -> list[Item]:
        """The item anew for a session that was told it before; none if nothing of it was heard."""
        words = self.words_of(key)
        return _items(Said("assistant", "", words)) if words else []

    def called(self, key: str, name: str, arguments: str) -> None:
        """The model called a tool."""
        self._add(Called(key, name, arguments))

    def answered(self, key: str, output: str) -> None:
        """A tool answered."""
        calls = (each for each in reversed(self._entries) if isinstance(each, Called) and each.key == key)
        if call := next(calls, None):
            call.output = output

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

    def _said(self, role: str, key: str) -> Said | None:
        """What this side said in an item."""
        entries = (each for each in reversed(self._entries) if isinstance(each, Said))
        return next((each for each in entries if each.key == key and each.role == role), None)

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
    # By our key it can be deleted, should it be cut after all.
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
