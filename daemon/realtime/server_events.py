"""The server events about a session and its conversation; those about responses are in `response_events`."""

from __future__ import annotations

from msgspec import Struct

from daemon.realtime.items import ErrorDetail, Item, Json


class ServerEvent(Struct, kw_only=True, tag_field="type"):
    """Base of the server events."""

    event_id: str = ""


class Error(ServerEvent, tag="error"):
    """Something was refused; the session normally goes on."""

    error: ErrorDetail


class SessionCreated(ServerEvent, tag="session.created"):
    """The first event; `session` holds id, expires_at and the effective configuration."""

    session: Json = {}


class SessionUpdated(ServerEvent, tag="session.updated"):
    """The whole effective configuration after an update."""

    session: Json = {}


class ConversationCreated(ServerEvent, tag="conversation.created"):
    """In the schema, not seen on GA sockets."""

    conversation: Json = {}


class ConversationItem(ServerEvent):
    """An item of the conversation, of either side."""

    item: Item
    previous_item_id: str | None = None


class ItemAdded(ConversationItem, tag="conversation.item.added"):
    """An item joins the conversation; a model's item is still empty."""


class ItemDone(ConversationItem, tag="conversation.item.done"):
    """An item is final."""


class ItemCreated(ConversationItem, tag="conversation.item.created"):
    """Older and compatible servers send this in place of added and done."""


class ItemRetrieved(ServerEvent, tag="conversation.item.retrieved"):
    """The item that was asked for, with its audio."""

    item: Item


class _ItemId(ServerEvent):
    item_id: str = ""


class ItemTruncated(_ItemId, tag="conversation.item.truncated"):
    """The server has cut an item to what was heard."""

    content_index: int = 0
    audio_end_ms: int = 0


class ItemDeleted(_ItemId, tag="conversation.item.deleted"):
    """An item is gone."""


class TranscriptionDelta(_ItemId, tag="conversation.item.input_audio_transcription.delta"):
    """A piece of what the user said."""

    content_index: int = 0
    delta: str = ""


class TranscriptionCompleted(_ItemId, tag="conversation.item.input_audio_transcription.completed"):
    """What the user said; may come before, during or after the answer."""

    content_index: int = 0
    transcript: str = ""
    usage: Json = {}


class TranscriptionFailed(_ItemId, tag="conversation.item.input_audio_transcription.failed"):
    """The server could not transcribe an item."""

    content_index: int = 0
    error: Json = {}


class TranscriptionSegment(_ItemId, tag="conversation.item.input_audio_transcription.segment"):
    """A piece with its speaker, from the diarizing model."""

    content_index: int = 0
    id: str = ""
    text: str = ""
    speaker: str = ""
    start: float = 0.0
    end: float = 0.0


class AudioCommitted(_ItemId, tag="input_audio_buffer.committed"):
    """The input buffer has become an item."""

    previous_item_id: str | None = None


class AudioCleared(ServerEvent, tag="input_audio_buffer.cleared"):
    """The input buffer is empty."""


class SpeechStarted(_ItemId, tag="input_audio_buffer.speech_started"):
    """The server's voice detection found the beginning of speech."""

    audio_start_ms: int = 0


class SpeechStopped(_ItemId, tag="input_audio_buffer.speech_stopped"):
    """The server's voice detection found the end of speech."""

    audio_end_ms: int = 0


class TimeoutTriggered(_ItemId, tag="input_audio_buffer.timeout_triggered"):
    """Nobody spoke for `idle_timeout_ms`."""

    audio_start_ms: int = 0
    audio_end_ms: int = 0


class DtmfReceived(ServerEvent, tag="input_audio_buffer.dtmf_event_received"):
    """A telephone key; SIP only."""

    event: str = ""
    received_at: int = 0


class _McpCall(_ItemId):
    output_index: int = 0


class McpCallInProgress(_McpCall, tag="response.mcp_call.in_progress"):
    """The server runs a tool of its own."""


class McpCallCompleted(_McpCall, tag="response.mcp_call.completed"):
    """A tool of the server's own has answered."""


class McpCallFailed(_McpCall, tag="response.mcp_call.failed"):
    """A tool of the server's own has failed."""


class McpToolsInProgress(_ItemId, tag="mcp_list_tools.in_progress"):
    """The server asks an MCP server for its tools."""


class McpToolsCompleted(_ItemId, tag="mcp_list_tools.completed"):
    """The server has the tools of an MCP server."""


class McpToolsFailed(_ItemId, tag="mcp_list_tools.failed"):
    """The server could not reach an MCP server."""


class RateLimitsUpdated(ServerEvent, tag="rate_limits.updated"):
    """How much is left before the server refuses."""

    rate_limits: list[Json] = []
