"""Parts of events: items and their contents, responses, usage, errors."""

from __future__ import annotations

import re
from typing import Any, TypeAlias

from msgspec import UNSET, Struct, UnsetType

from daemon.realtime.limits import MAX_ERROR

Text: TypeAlias = str | UnsetType
Json: TypeAlias = dict[str, Any]


class Content(Struct, kw_only=True):
    """A part of a message: input_text, input_audio, input_image, output_text, output_audio.

    `response.content_part.*` calls its type `text` or `audio`.
    """

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
    """An error. Some servers put the code into `type`: use `reason`."""

    type: str = ""
    code: str | None = None
    message: str = ""
    param: str | None = None
    event_id: str | None = None

    def __post_init__(self) -> None:
        """Shorten the message: some servers send a whole page."""
        self.message, self.type = self.message[:MAX_ERROR], self.type[:MAX_ERROR]
        self.code = self.code and self.code[:MAX_ERROR]

    @property
    def reason(self) -> str:
        """The code if there is one, else the type."""
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
    """The tokens of a response."""

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
"""The statuses of an incomplete answer, and how servers spell them."""


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
        """Normalise the status: no call of an incomplete answer is run, however a server spells it."""
        told = (status for status, spelled in _UNFINISHED if spelled.search(self.status))
        self.status = next(told, self.status)

    @property
    def completed(self) -> bool:
        """Whether it is complete; some servers send no status then."""
        return self.status not in ("failed", "incomplete", "cancelled")

    @property
    def withdrawn(self) -> bool:
        """Whether it was cancelled before it produced anything."""
        return self.status == "cancelled" and not self.output
