"""The conversation: items in order, with their audio, up to a limit."""

from __future__ import annotations

from dataclasses import dataclass, field

import msgspec
from msgspec import UNSET

from daemon.brain.server import errors
from daemon.brain.server.chain import Chain
from daemon.brain.server.errors import Refusal
from daemon.brain.server.formats import PCM16, WireFormat
from daemon.brain.server.ids import new_id
from daemon.brain.server.unfinished_utterance import UnfinishedUtterance
from daemon.realtime.events import Content, Item

MAX_BYTES = 16 * 2**20
MAX_ITEMS = 10_000


@dataclass(eq=False)
class StoredItem:
    """An item with the audio of its one audio part, if any, in the format of the wire."""

    item: Item
    audio: bytearray = field(default_factory=bytearray)
    format: WireFormat = PCM16
    utterance: UnfinishedUtterance | None = None
    """Until it is recognised: what was recognised of it while it was spoken."""

    @property
    def id(self) -> str:
        """The item's id."""
        return str(self.item.id)

    @property
    def parts(self) -> list[Content]:
        """The content parts; none if the item is no message."""
        return self.item.content or []

    @property
    def audio_ms(self) -> int:
        """The duration of the audio."""
        return self.format.ms(self.audio)

    @property
    def text(self) -> str:
        """Its text, transcripts included."""
        written = [text for part in self.parts for text in (part.text, part.transcript) if text]
        return " ".join([*written, *(text for text in (self.item.arguments, self.item.output) if text)])

    @property
    def size(self) -> int:
        """About how many bytes it takes."""
        images = sum(len(part.image_url or "") for part in self.parts)
        return 512 + len(self.audio) + len(self.text) + images

    def snapshot(self) -> Item:
        """A copy of the item for events, without audio."""
        parts = [msgspec.structs.replace(part) for part in self.parts]
        return msgspec.structs.replace(self.item, content=parts if self.item.content else self.item.content)

    def with_audio(self) -> Item:
        """The item as `conversation.item.retrieved` carries it."""
        item = self.snapshot()
        for part in item.content or []:
            if part.type in ("input_audio", "output_audio"):
                part.audio = bytes(self.audio)
                part.format = self.format.echo()
        return item


class _Index:
    """Entries by an id that clients choose, and may use twice: the newest counts."""

    def __init__(self) -> None:
        self._entries: dict[str, dict[StoredItem, None]] = {}

    def add(self, name: str, entry: StoredItem) -> None:
        self._entries.setdefault(name, {})[entry] = None

    def remove(self, name: str, entry: StoredItem) -> None:
        same = self._entries[name]
        del same[entry]
        if not same:
            del self._entries[name]

    def newest(self, name: str) -> StoredItem | None:
        return next(reversed(self._entries.get(name, {})), None)


class Conversation:
    """The default conversation of one session: at most MAX_ITEMS; beyond MAX_BYTES the oldest are dropped."""

    def __init__(self) -> None:
        self.id = new_id("conv_")
        self._chain: Chain[StoredItem] = Chain()
        self._by_id = _Index()
        self._calls = _Index()
        self._sizes: dict[StoredItem, int] = {}
        self._bytes = 0

    @property
    def entries(self) -> list[StoredItem]:
        """All entries, in order."""
        return list(self._chain)

    @property
    def last_id(self) -> str | None:
        """The id of the newest item."""
        return _id(self._chain.last)

    def check_capacity(self) -> None:
        """Raises Refusal if the conversation is full."""
        if len(self._chain) >= MAX_ITEMS:
            raise errors.conversation_full(MAX_ITEMS)

    def add(self, entry: StoredItem, after: str = "") -> str | None:
        """Add an item last, first (`root`) or after another. Returns the id of the one before it.

        Raises Refusal if there is no such other item, or if an output belongs to no call.
        """
        item = entry.item
        if item.type == "function_call_output" and not self._calls.newest(str(item.call_id)):
            raise errors.no_such_call(str(item.call_id))
        previous = self._place(after)
        self._chain.insert(entry, previous)
        self._by_id.add(entry.id, entry)
        if item.type == "function_call":
            self._calls.add(str(item.call_id), entry)
        self.measure(entry)
        self._forget_the_oldest()
        return _id(previous)

    def measure(self, entry: StoredItem) -> None:
        """Update the size of an item, if it is still here."""
        if entry in self._chain:
            self._bytes += entry.size - self._sizes.get(entry, 0)
            self._sizes[entry] = entry.size

    def find(self, item_id: str) -> StoredItem | None:
        """The item with this id, the newest if a client has used it twice."""
        return self._by_id.newest(item_id)

    def holds(self, entry: StoredItem) -> bool:
        """Whether this item itself is here."""
        return entry in self._chain

    def before(self, entry: StoredItem) -> str | None:
        """The id of the item before this one; None too if this one was deleted meanwhile."""
        return _id(self._chain.before(entry)) if entry in self._chain else None

    def retrieve(self, item_id: str) -> Item:
        """The item with its audio. Raises Refusal."""
        return self._existing(item_id, "retrieve").with_audio()

    def delete(self, item_id: str) -> None:
        """Remove the item. Raises Refusal."""
        self._remove(self._existing(item_id, "delete"))

    def truncate(self, item_id: str, content_index: int, audio_end_ms: int) -> None:
        """Truncate a spoken item to what was heard; its transcript is removed. Raises Refusal."""
        entry = self._existing(item_id, "truncate")
        if entry.item.role != "assistant" or not entry.audio:
            raise Refusal("unsupported_content_type", "Only model output audio messages can be truncated")
        if content_index:
            raise errors.invalid("content_index", "The audio is content part 0.")
        if audio_end_ms < 0:
            raise errors.invalid("audio_end_ms", "Expected a value of at least 0.")
        if audio_end_ms > entry.audio_ms:
            message = f"Audio content of {entry.audio_ms}ms is already shorter than {audio_end_ms}ms"
            raise Refusal("invalid_value", message, "audio_end_ms")
        del entry.audio[audio_end_ms * entry.format.bytes_per_ms :]
        entry.parts[0].transcript = UNSET
        self.measure(entry)

    def _existing(self, item_id: str, verb: str) -> StoredItem:
        entry = self.find(item_id)
        if entry is None:
            raise errors.no_such_item(verb, item_id)
        return entry

    def _place(self, after: str) -> StoredItem | None:
        """The item to insert after; None for the beginning."""
        if after == "":
            return self._chain.last
        if after == "root":
            return None
        entry = self.find(after)
        if entry is None:
            raise errors.invalid("previous_item_id", f"The item with id '{after}' does not exist.")
        return entry

    def _remove(self, entry: StoredItem) -> None:
        self._chain.remove(entry)
        self._by_id.remove(entry.id, entry)
        if entry.item.type == "function_call":
            self._calls.remove(str(entry.item.call_id), entry)
        self._bytes -= self._sizes.pop(entry)

    def _forget_the_oldest(self) -> None:
        while self._bytes > MAX_BYTES and len(self._chain) > 1:
            if oldest := self._chain.first:
                self._remove(oldest)


def _id(entry: StoredItem | None) -> str | None:
    return entry.id if entry else None
