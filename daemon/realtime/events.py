"""The wire: every event of the GA Realtime protocol as a typed struct, and nothing that acts on them.

Reading is tolerant (every field has a default, see `codec`); writing is strict (what is UNSET
stays out, the rest is written even when null). One set of types serves the client and the server.
Audio fields are bytes here and base64 on the wire. Source: OpenAI's API reference, realtime, GA form.
"""

from __future__ import annotations

import re
from typing import Any, Literal, TypeAlias

from msgspec import UNSET, Struct, UnsetType, field

MAX_FRAME_BYTES = 16 * 2**20
MAX_APPEND_BYTES = 64 * 2**10
MIN_COMMIT_MS = 100
RATE_HZ = 24_000
MAX_ERROR = 1000
BYTES_PER_S = RATE_HZ * 2

Text: TypeAlias = str | UnsetType
Json: TypeAlias = dict[str, Any]


# ---------------------------------------------------------------- what events are made of


class Content(Struct, kw_only=True):
    """One part of a message: input_text, input_audio, input_image, output_text or output_audio."""

    type: str = ""
    text: Text = UNSET
    transcript: str | UnsetType | None = UNSET
    audio: bytes | UnsetType = UNSET
    image_url: Text = UNSET
    detail: Text = UNSET
    format: Json | UnsetType = UNSET


class Item(Struct, kw_only=True):
    """A message, a function call, its output, or a tool server's list. Ids have at most 32 characters."""

    id: Text = UNSET
    object: Text = UNSET
    type: str = "message"
    status: Text = UNSET
    role: Text = UNSET
    content: list[Content] | UnsetType = UNSET
    call_id: Text = UNSET
    name: Text = UNSET
    arguments: Text = UNSET
    output: Text = UNSET
    phase: Text = UNSET
    server_label: Text = UNSET
    tools: list[Json] | UnsetType = UNSET


class ErrorDetail(Struct, kw_only=True):
    """What went wrong. Some servers put the code into `type`: ask `reason`."""

    type: str = ""
    code: str | None = None
    message: str = ""
    param: str | None = None
    event_id: str | None = None

    def __post_init__(self) -> None:
        """Some servers put a whole page into it: it is a sentence for people."""
        self.message, self.type = self.message[:MAX_ERROR], self.type[:MAX_ERROR]
        self.code = self.code and self.code[:MAX_ERROR]

    @property
    def reason(self) -> str:
        """The code where there is one, else the type."""
        return self.code or self.type


class StatusDetails(Struct, kw_only=True):
    """Why a response ended as it did."""

    type: Text = UNSET
    reason: Text = UNSET
    error: Json | UnsetType = UNSET


class InputTokens(Struct, kw_only=True):
    """Input tokens by kind; cached ones are a part of the others."""

    text_tokens: int = 0
    audio_tokens: int = 0
    image_tokens: int = 0
    cached_tokens: int = 0
    cached_tokens_details: Json | UnsetType = UNSET


class OutputTokens(Struct, kw_only=True):
    """Output tokens by kind."""

    text_tokens: int = 0
    audio_tokens: int = 0


class Usage(Struct, kw_only=True):
    """What a response cost, in tokens."""

    total_tokens: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    input_token_details: InputTokens | UnsetType = UNSET
    output_token_details: OutputTokens | UnsetType = UNSET


_UNFINISHED = (
    ("cancelled", re.compile("cancel|abort|interrupt|stopped", re.IGNORECASE)),
    ("incomplete", re.compile("incomplet|truncat|unfinished|partial|length", re.IGNORECASE)),
    ("failed", re.compile("fail|err|reject|refus|expire|time.?out|timed|filter", re.IGNORECASE)),
)
"""How an answer may have ended before its end, and how servers spell that."""


class Response(Struct, kw_only=True):
    """One answer of the model: a list of items."""

    id: str = ""
    object: Text = UNSET
    status: str = ""
    status_details: StatusDetails | None = None
    output: list[Item] = []
    conversation_id: str | None = None
    output_modalities: list[str] | UnsetType = UNSET
    max_output_tokens: int | str | UnsetType = UNSET
    audio: Json | UnsetType = UNSET
    usage: Usage | None = None
    metadata: dict[str, str] | None = None

    def __post_init__(self) -> None:
        """Nothing of an answer that was broken off may be done, in whatever words that is said."""
        told = (status for status, spelled in _UNFINISHED if spelled.search(self.status))
        self.status = next(told, self.status)

    @property
    def completed(self) -> bool:
        """Has it come to its end? Some servers say nothing of how it ended when all is well."""
        return self.status not in ("failed", "incomplete", "cancelled")

    @property
    def withdrawn(self) -> bool:
        """Was it cancelled before anything came of it?"""
        return self.status == "cancelled" and not self.output


class Part(Struct, kw_only=True):
    """A content part as `response.content_part.*` names it: type `audio` or `text`."""

    type: str = ""
    text: Text = UNSET
    transcript: Text = UNSET
    audio: bytes | UnsetType = UNSET


# ---------------------------------------------------------------- client events (11)


class ClientEvent(Struct, kw_only=True, tag_field="type"):
    """Base of what a client sends; `event_id` comes back in an error about it."""

    event_id: Text = UNSET


class SessionUpdate(ClientEvent, tag="session.update"):
    """Change the session; only the keys that are present change."""

    session: Json = {}


class AudioAppend(ClientEvent, tag="input_audio_buffer.append"):
    """More of the user's voice: PCM16 little-endian mono 24 kHz, at most MAX_APPEND_BYTES from us."""

    audio: bytes = b""


class AudioCommit(ClientEvent, tag="input_audio_buffer.commit"):
    """The buffer becomes a user message. At least MIN_COMMIT_MS must be in it."""


class AudioClear(ClientEvent, tag="input_audio_buffer.clear"):
    """Forget what is in the input buffer."""


class ItemCreate(ClientEvent, tag="conversation.item.create"):
    """Add an item; without `previous_item_id` at the end."""

    item: Item
    previous_item_id: Text = UNSET


class ItemRetrieve(ClientEvent, tag="conversation.item.retrieve"):
    """Ask for an item with its audio."""

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
    """Ask for an answer, with changes to the session that hold for this one."""

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


# ---------------------------------------------------------------- server events (46)


class ServerEvent(Struct, kw_only=True, tag_field="type"):
    """Base of what a server sends."""

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
    """An item of the conversation, whoever has made it."""

    item: Item
    previous_item_id: str | None = None


class ItemAdded(ConversationItem, tag="conversation.item.added"):
    """An item joins the conversation; a model's item is still empty."""


class ItemDone(ConversationItem, tag="conversation.item.done"):
    """An item is final."""


class ItemCreated(ConversationItem, tag="conversation.item.created"):
    """What older and compatible servers send in the place of added and done."""


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
    """The server's voice detection heard a beginning."""

    audio_start_ms: int = 0


class SpeechStopped(_ItemId, tag="input_audio_buffer.speech_stopped"):
    """The server's voice detection heard an end."""

    audio_end_ms: int = 0


class TimeoutTriggered(_ItemId, tag="input_audio_buffer.timeout_triggered"):
    """Nobody spoke for `idle_timeout_ms`."""

    audio_start_ms: int = 0
    audio_end_ms: int = 0


class DtmfReceived(ServerEvent, tag="input_audio_buffer.dtmf_event_received"):
    """A telephone key; SIP only."""

    event: str = ""
    received_at: int = 0


class ResponsePiece(ServerEvent):
    """Base of what is of one answer, between its beginning and its end."""

    response_id: str = ""


class OutputAudioStarted(ResponsePiece, tag="output_audio_buffer.started"):
    """WebRTC and SIP only."""


class OutputAudioStopped(ResponsePiece, tag="output_audio_buffer.stopped"):
    """WebRTC and SIP only."""


class OutputAudioCleared(ResponsePiece, tag="output_audio_buffer.cleared"):
    """WebRTC and SIP only."""


class ResponseCreated(ServerEvent, tag="response.created"):
    """An answer begins."""

    response: Response = field(default_factory=Response)


class ResponseDone(ServerEvent, tag="response.done"):
    """An answer is over, once and always last: completed, cancelled, incomplete or failed."""

    response: Response = field(default_factory=Response)


class _OutputItem(ResponsePiece, kw_only=True):
    output_index: int = 0
    item: Item


class OutputItemAdded(_OutputItem, tag="response.output_item.added"):
    """The answer has a new item, still empty."""


class OutputItemDone(_OutputItem, tag="response.output_item.done"):
    """An item of the answer is complete."""


class _InItem(ResponsePiece):
    item_id: str = ""
    output_index: int = 0


class _InPart(_InItem):
    content_index: int = 0


class PartAdded(_InPart, tag="response.content_part.added", kw_only=True):
    """A content part opens."""

    part: Part


class PartDone(_InPart, tag="response.content_part.done", kw_only=True):
    """A content part is complete."""

    part: Part


class OutputAudioDelta(_InPart, tag="response.output_audio.delta"):
    """More of the model's voice; may end in the middle of a sample."""

    delta: bytes = b""


class OutputAudioDone(_InPart, tag="response.output_audio.done"):
    """No more audio for this part."""


class OutputTranscriptDelta(_InPart, tag="response.output_audio_transcript.delta"):
    """More of the words that belong to the voice; runs ahead of it."""

    delta: str = ""


class OutputTranscriptDone(_InPart, tag="response.output_audio_transcript.done"):
    """All the words that belong to the voice."""

    transcript: str = ""


class OutputTextDelta(_InPart, tag="response.output_text.delta"):
    """More of a written answer."""

    delta: str = ""


class OutputTextDone(_InPart, tag="response.output_text.done"):
    """A written answer, whole."""

    text: str = ""


class ArgumentsDelta(_InItem, tag="response.function_call_arguments.delta"):
    """More of a call's arguments."""

    call_id: str = ""
    delta: str = ""


class ArgumentsDone(_InItem, tag="response.function_call_arguments.done"):
    """A call's arguments, whole unless the response was cancelled."""

    call_id: str = ""
    name: str = ""
    arguments: str = ""


class McpArgumentsDelta(_InItem, tag="response.mcp_call_arguments.delta"):
    """More of the arguments of a call that the server runs itself."""

    delta: str = ""


class McpArgumentsDone(_InItem, tag="response.mcp_call_arguments.done"):
    """The arguments of a call that the server runs itself."""

    arguments: str = ""


class _McpCall(_ItemId):
    output_index: int = 0


class McpCallInProgress(_McpCall, tag="response.mcp_call.in_progress"):
    """The server runs a tool of its own."""


class McpCallCompleted(_McpCall, tag="response.mcp_call.completed"):
    """A tool of the server's own has answered."""


class McpCallFailed(_McpCall, tag="response.mcp_call.failed"):
    """A tool of the server's own has failed."""


class McpToolsInProgress(_ItemId, tag="mcp_list_tools.in_progress"):
    """The server asks a tool server what it has."""


class McpToolsCompleted(_ItemId, tag="mcp_list_tools.completed"):
    """The server knows a tool server's tools."""


class McpToolsFailed(_ItemId, tag="mcp_list_tools.failed"):
    """The server could not reach a tool server."""


class RateLimitsUpdated(ServerEvent, tag="rate_limits.updated"):
    """How much is left before the server refuses."""

    rate_limits: list[Json] = []


ServerEvents: TypeAlias = (
    Error
    | SessionCreated
    | SessionUpdated
    | ConversationCreated
    | ItemAdded
    | ItemDone
    | ItemCreated
    | ItemRetrieved
    | ItemTruncated
    | ItemDeleted
    | TranscriptionDelta
    | TranscriptionCompleted
    | TranscriptionFailed
    | TranscriptionSegment
    | AudioCommitted
    | AudioCleared
    | SpeechStarted
    | SpeechStopped
    | TimeoutTriggered
    | DtmfReceived
    | OutputAudioStarted
    | OutputAudioStopped
    | OutputAudioCleared
    | ResponseCreated
    | ResponseDone
    | OutputItemAdded
    | OutputItemDone
    | PartAdded
    | PartDone
    | OutputAudioDelta
    | OutputAudioDone
    | OutputTranscriptDelta
    | OutputTranscriptDone
    | OutputTextDelta
    | OutputTextDone
    | ArgumentsDelta
    | ArgumentsDone
    | McpArgumentsDelta
    | McpArgumentsDone
    | McpCallInProgress
    | McpCallCompleted
    | McpCallFailed
    | McpToolsInProgress
    | McpToolsCompleted
    | McpToolsFailed
    | RateLimitsUpdated
)

Role: TypeAlias = Literal["client", "server"]
