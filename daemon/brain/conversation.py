"""The conversation: items in order, the sound that belongs to them, and a limit to what is kept."""

from __future__ import annotations

from dataclasses import dataclass, field

import msgspec
from msgspec import UNSET

from daemon.brain import errors
from daemon.brain.errors import Refusal
from daemon.brain.formats import PCM16, Format
from daemon.brain.ids import new_id
from daemon.protocol import Content, Item

MAX_BYTES = 16 * 2**20


@dataclass(eq=False)
class Entry:
    """An item with its sound, in the format it came or went in, of the one audio part it may have."""

    item: Item
    audio: bytearray = field(default_factory=bytearray)
    format: Format = PCM16

    @property
    def id(self) -> str:
        """The item's id."""
        return str(self.item.id)

    @property
    def parts(self) -> list[Content]:
        """The content parts; none where the item is no message."""
        return self.item.content or []

    @property
    def audio_ms(self) -> int:
        """How long the sound is."""
        return self.format.ms(self.audio)

    @property
    def text(self) -> str:
        """What is written in it, transcripts included."""
        written = [text for part in self.parts for text in (part.text, part.transcript) if text]
        return " ".join([*written, *(text for text in (self.item.arguments, self.item.output) if text)])

    @property
    def size(self) -> int:
        """About how many bytes it holds."""
        images = sum(len(part.image_url or "") for part in self.parts)
        return 512 + len(self.audio) + len(self.text) + images

    def snapshot(self) -> Item:
        """The item as events carry it now, without sound; later changes do not reach it."""
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


class Conversation:
    """The default conversation of one session. The oldest items go first once MAX_BYTES are held."""

    def __init__(self) -> None:
        self.id = new_id("conv_")
        self.entries: list[Entry] = []

    @property
    def last_id(self) -> str | None:
        """The id of the newest item."""
        return self.entries[-1].id if self.entries else None

    def add(self, entry: Entry, after: str = "") -> str | None:
        """Put an item at the end, at the beginning (`root`) or behind another; the id of the one before it.

        Raises Refusal where there is no such other, or where an output belongs to no call.
        """
        item = entry.item
        if item.type == "function_call_output" and not self.call(str(item.call_id)):
            raise errors.no_such_call(str(item.call_id))
        index = self._place(after)
        previous = self.entries[index - 1].id if index else None
        self.entries.insert(index, entry)
        self._forget_the_oldest()
        return previous

    def call(self, call_id: str) -> Entry | None:
        """The function call of this id."""
        calls = (entry for entry in self.entries if entry.item.type == "function_call")
        return next((entry for entry in calls if entry.item.call_id == call_id), None)

    def find(self, item_id: str) -> Entry | None:
        """The item of this id, the newest where a client has used one twice."""
        return next((entry for entry in reversed(self.entries) if entry.id == item_id), None)

    def before(self, entry: Entry) -> str | None:
        """The id of the item in front of this one; None too where it has been deleted meanwhile."""
        index = self.entries.index(entry) if entry in self.entries else 0
        return self.entries[index - 1].id if index else None

    def retrieve(self, item_id: str) -> Item:
        """The item with its sound. Raises Refusal."""
        return self._existing(item_id, "retrieve").with_audio()

    def delete(self, item_id: str) -> None:
        """Take the item out. Raises Refusal."""
        self.entries.remove(self._existing(item_id, "delete"))

    def truncate(self, item_id: str, content_index: int, audio_end_ms: int) -> None:
        """Cut a spoken item to what was heard of it; its words go altogether. Raises Refusal."""
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

    def _existing(self, item_id: str, verb: str) -> Entry:
        entry = self.find(item_id)
        if entry is None:
            raise errors.no_such_item(verb, item_id)
        return entry

    def _place(self, after: str) -> int:
        if after == "":
            return len(self.entries)
        if after == "root":
            return 0
        entry = self.find(after)
        if entry is None:
            raise errors.invalid("previous_item_id", f"The item with id '{after}' does not exist.")
        return self.entries.index(entry) + 1

    def _forget_the_oldest(self) -> None:
        excess = sum(entry.size for entry in self.entries) - MAX_BYTES
        while excess > 0 and len(self.entries) > 1:
            excess -= self.entries.pop(0).size
