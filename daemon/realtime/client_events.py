"""The 11 events that a client sends."""

from __future__ import annotations

from typing import TypeAlias

from msgspec import UNSET, Struct, UnsetType

from daemon.realtime.items import Item, Json, Text


class ClientEvent(Struct, kw_only=True, tag_field="type"):
    """Base of the client events; an error about one names its `event_id`."""

    event_id: Text = UNSET


class SessionUpdate(ClientEvent, tag="session.update"):
    """Change the session; only the keys that are present change."""

    session: Json = {}


class AudioAppend(ClientEvent, tag="input_audio_buffer.append"):
    """Append audio of the user: PCM16 little-endian mono 24 kHz, at most MAX_APPEND_BYTES from us."""

    audio: bytes = b""


class AudioCommit(ClientEvent, tag="input_audio_buffer.commit"):
    """Make a user message of the buffer, which must hold at least MIN_COMMIT_MS."""


class AudioClear(ClientEvent, tag="input_audio_buffer.clear"):
    """Clear the input buffer."""


class ItemCreate(ClientEvent, tag="conversation.item.create"):
    """Add an item; without `previous_item_id` at the end."""

    item: Item
    previous_item_id: Text = UNSET


class ItemRetrieve(ClientEvent, tag="conversation.item.retrieve"):
    """Request an item with its audio."""

    item_id: str = ""


class ItemTruncate(ClientEvent, tag="conversation.item.truncate"):
    """Tell the server how much of a spoken item was heard."""

    item_id: str = ""
    content_index: int = 0
    audio_end_ms: int = 0


class ItemDelete(ClientEvent, tag="conversation.item.delete"):
    """Remove an item."""

    item_id: str = ""


class ResponseCreate(ClientEvent, tag="response.create"):
    """Request an answer, with settings that hold for this one only."""

    response: Json | UnsetType = UNSET


class ResponseCancel(ClientEvent, tag="response.cancel"):
    """Stop the answer in progress."""

    response_id: Text = UNSET


class OutputAudioClear(ClientEvent, tag="output_audio_buffer.clear"):
    """For WebRTC and SIP only; an error on a websocket."""


ClientEvents: TypeAlias = (
    SessionUpdate
    | AudioAppend
    | AudioCommit
    | AudioClear
    | ItemCreate
    | ItemRetrieve
    | ItemTruncate
    | ItemDelete
    | ResponseCreate
    | ResponseCancel
    | OutputAudioClear
)
