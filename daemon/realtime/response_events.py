"""The server events about one response."""

from __future__ import annotations

from msgspec import field

from daemon.realtime.items import Content, Item, Response
from daemon.realtime.server_events import ServerEvent


class ResponsePiece(ServerEvent):
    """Base of the events of one answer, between its beginning and its end."""

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
    """An answer is over, completed, cancelled, incomplete or failed; its last event."""

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


class PartPiece(_InItem):
    """Base of the events of one part of an item."""

    content_index: int = 0


class PartAdded(PartPiece, tag="response.content_part.added", kw_only=True):
    """A content part opens."""

    part: Content


class PartDone(PartPiece, tag="response.content_part.done", kw_only=True):
    """A content part is complete."""

    part: Content


class OutputAudioDelta(PartPiece, tag="response.output_audio.delta"):
    """Audio of the answer; may end in the middle of a sample."""

    delta: bytes = b""


class OutputAudioDone(PartPiece, tag="response.output_audio.done"):
    """No more audio for this part."""


class OutputTranscriptDelta(PartPiece, tag="response.output_audio_transcript.delta"):
    """Words of the audio; they run ahead of it."""

    delta: str = ""


class OutputTranscriptDone(PartPiece, tag="response.output_audio_transcript.done"):
    """All words of the audio."""

    transcript: str = ""


class OutputTextDelta(PartPiece, tag="response.output_text.delta"):
    """Text of an answer in text."""

    delta: str = ""


class OutputTextDone(PartPiece, tag="response.output_text.done"):
    """All text of an answer in text."""

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
