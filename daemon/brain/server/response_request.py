"""The settings of a response: `response.create` on top of the session's settings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from msgspec import UNSET

from daemon.brain.server import errors
from daemon.brain.server.conversation import Conversation, StoredItem
from daemon.brain.server.formats import WireFormat
from daemon.brain.server.items import entry_of
from daemon.brain.server.settings import (
    Choice,
    ClientSettings,
    McpChoice,
    McpTool,
    ResponseSettings,
    ToolChoice,
    Voice,
    check_modalities,
    convert,
    function_tools,
)
from daemon.realtime.events import Item, Json

MAX_INPUT = 1000
"""Items in `response.input`: reading them blocks all other sessions."""


@dataclass(frozen=True)
class ResponseRequest:
    """One requested response, with all settings resolved."""

    entries: Sequence[StoredItem]
    in_band: bool
    modality: str
    format: WireFormat
    voice: Voice
    speed: float
    instructions: str
    tools: list[Json]
    may_act: bool
    max_tokens: int | str
    metadata: dict[str, str] | None
    hosted: list[str]
    """The labels of tool servers that the request names."""


def resolve_request(
    request: Json, settings: ClientSettings, conversation: Conversation, voice_is_fixed: bool
) -> ResponseRequest:
    """The response that this request asks for. Raises Refusal."""
    wanted: ResponseSettings = convert(request, ResponseSettings, "response")
    modalities = _or(wanted.output_modalities, settings.output_modalities)
    check_modalities(modalities, "response")
    voice = _or(wanted.audio.output.voice, settings.audio.output.voice)
    if voice_is_fixed and voice != settings.audio.output.voice:
        raise errors.voice_is_fixed("response.audio.output.voice")
    choice = _or(wanted.tool_choice, settings.tool_choice)
    tools = _or(wanted.tools, settings.tools)
    return ResponseRequest(
        entries=_context(wanted, conversation, settings.audio.input.format.kind),
        in_band=wanted.conversation == "auto",
        modality=modalities[0],
        format=_or(wanted.audio.output.format, settings.audio.output.format).kind,
        voice=voice,
        speed=settings.audio.output.speed,
        instructions=_or(wanted.instructions, settings.instructions),
        tools=[tool for tool in function_tools(tools) if _may_be_called(tool, choice)],
        may_act=choice != "none",
        max_tokens=_or(wanted.max_output_tokens, settings.max_output_tokens),
        metadata=wanted.metadata,
        hosted=[tool.server_label for tool in wanted.tools or () if isinstance(tool, McpTool)],
    )


def _may_be_called(tool: Json, choice: Choice) -> bool:
    if isinstance(choice, ToolChoice):
        return bool(tool["name"] == choice.name)
    return not isinstance(choice, McpChoice)


def _or(wanted: Any, otherwise: Any) -> Any:
    return otherwise if wanted is UNSET else wanted


def _context(wanted: ResponseSettings, conversation: Conversation, format: WireFormat) -> list[StoredItem]:
    if wanted.input is UNSET:
        return conversation.entries
    if len(wanted.input) > MAX_INPUT:
        raise errors.invalid("response.input", f"A response takes at most {MAX_INPUT} items.")
    return [
        _entry(each, f"response.input[{index}]", conversation, format)
        for index, each in enumerate(wanted.input)
    ]


def _entry(item: Json, root: str, conversation: Conversation, format: WireFormat) -> StoredItem:
    if item.get("type") != "item_reference":
        return entry_of(convert(item, Item, root), format, root)
    found = conversation.find(str(item.get("id")))
    if found is None:
        raise errors.invalid(f"{root}.id", f"The item with id '{item.get('id')}' does not exist.")
    return found
