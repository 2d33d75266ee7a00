"""A session's settings: strict types, the service's defaults, and its rules for updates.

Only the keys that are present change. `audio` is merged leaf by leaf; all other values, `turn_detection` and
`format` too, are replaced whole. An update with a fault changes nothing.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal, TypeAlias

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from daemon.brain.server import errors
from daemon.brain.server.formats import PCM16, PCMA, PCMU, WireFormat
from daemon.brain.server.omitted import normalised
from daemon.realtime.events import Json
from daemon.realtime.session_config import merged

_REPLACED_WHOLE = {"turn_detection", "format"}
_Name: TypeAlias = Annotated[str, Meta(pattern=r"^[a-zA-Z0-9_-]{1,64}$")]
_Ms: TypeAlias = Annotated[int, Meta(ge=0, le=60_000)]
Modalities: TypeAlias = list[Literal["audio", "text"]]
MaxTokens: TypeAlias = Annotated[int, Meta(ge=1, le=4096)] | Literal["inf"]
Voice: TypeAlias = str | dict[str, str]
Metadata: TypeAlias = Annotated[
    dict[Annotated[str, Meta(max_length=64)], Annotated[str, Meta(max_length=512)]], Meta(max_length=16)
]


class _Strict(Struct, kw_only=True, forbid_unknown_fields=True):
    pass


class PcmFormat(_Strict, tag_field="type", tag="audio/pcm"):
    """PCM16 little-endian mono."""

    kind: ClassVar[WireFormat] = PCM16
    rate: Literal[24000] = 24000


class _G711(_Strict, tag_field="type"):
    rate: Literal[8000] | UnsetType = UNSET

    def __post_init__(self) -> None:
        # Some clients send it, though the service's format has no such field.
        self.rate = UNSET


class Pcmu(_G711, tag="audio/pcmu"):
    """G.711 mu-law, 8 kHz mono."""

    kind: ClassVar[WireFormat] = PCMU


class Pcma(_G711, tag="audio/pcma"):
    """G.711 A-law, 8 kHz mono."""

    kind: ClassVar[WireFormat] = PCMA


AudioFormat: TypeAlias = PcmFormat | Pcmu | Pcma


class Transcription(_Strict):
    """Asks for transcription of the user's audio; the model and the hints are ignored here."""

    model: str | UnsetType = UNSET
    language: str | UnsetType = UNSET
    languages: list[str] | UnsetType = UNSET
    prompt: str | UnsetType = UNSET
    keywords: list[str] | UnsetType = UNSET
    delay: Literal["minimal", "low", "medium", "high", "xhigh"] | UnsetType = UNSET


class NoiseReduction(_Strict):
    """Accepted and ignored: the recogniser handles noise."""

    type: Literal["near_field", "far_field"] = "near_field"
    strength: float | UnsetType = UNSET


class _TurnDetection(_Strict, tag_field="type"):
    create_response: bool = True
    interrupt_response: bool = True


class ServerVad(_TurnDetection, tag="server_vad"):
    """Turns end after a silence."""

    threshold: Annotated[float, Meta(ge=0.0, le=1.0)] = 0.5
    prefix_padding_ms: _Ms = 300
    silence_duration_ms: _Ms = 500
    idle_timeout_ms: Annotated[int, Meta(ge=5_000, le=30_000)] | None = None


class SemanticVad(_TurnDetection, tag="semantic_vad"):
    """Turns end when the user seems to have finished; here, after a silence that depends on eagerness."""

    eagerness: Literal["low", "medium", "high", "auto"] = "auto"


class AudioInput(_Strict):
    """Input audio."""

    format: AudioFormat = msgspec.field(default_factory=PcmFormat)
    noise_reduction: NoiseReduction | None = None
    transcription: Transcription | None = None
    turn_detection: ServerVad | SemanticVad | None = msgspec.field(default_factory=ServerVad)


class AudioOutput(_Strict):
    """Output audio."""

    format: AudioFormat = msgspec.field(default_factory=PcmFormat)
    voice: Voice = "marin"
    speed: Annotated[float, Meta(ge=0.25, le=1.5)] = 1.0


class Audio(_Strict):
    """Audio in both directions."""

    input: AudioInput = msgspec.field(default_factory=AudioInput)
    output: AudioOutput = msgspec.field(default_factory=AudioOutput)


class FunctionTool(_Strict, tag_field="type", tag="function"):
    """A tool that the client runs."""

    name: _Name
    description: str = ""
    parameters: Json = {}


class McpTool(_Strict, tag_field="type", tag="mcp"):
    """An MCP server, which the service would call itself; this one has no network, and reports that."""

    server_label: str
    server_url: str | UnsetType = UNSET
    connector_id: str | UnsetType = UNSET
    tunnel_id: str | UnsetType = UNSET
    server_description: str | UnsetType = UNSET
    authorization: str | UnsetType = UNSET
    headers: dict[str, str] | UnsetType = UNSET
    allowed_tools: list[str] | Json | UnsetType = UNSET
    allowed_callers: list[str] | UnsetType = UNSET
    require_approval: Literal["always", "never"] | Json | UnsetType = UNSET
    defer_loading: bool | UnsetType = UNSET

    def __post_init__(self) -> None:
        # Unused secrets are not stored, and not echoed.
        self.authorization = self.headers = UNSET


SessionTool: TypeAlias = FunctionTool | McpTool


class ToolChoice(_Strict, tag_field="type", tag="function"):
    """A tool that must be called."""

    name: str


class McpChoice(_Strict, tag_field="type", tag="mcp"):
    """A tool of an MCP server that must be called."""

    server_label: str
    name: str | UnsetType = UNSET


Choice: TypeAlias = Literal["auto", "none", "required"] | ToolChoice | McpChoice


class Reasoning(_Strict):
    """Accepted; this server does not reason."""

    effort: Literal["minimal", "low", "medium", "high", "xhigh"] = "low"


class TokenLimits(_Strict):
    """A token limit for the conversation."""

    post_instructions: Annotated[int, Meta(ge=0)] | UnsetType = UNSET


class Retention(_Strict, tag_field="type", tag="retention_ratio"):
    """How much of the conversation is kept when it is too long."""

    retention_ratio: Annotated[float, Meta(ge=0.0, le=1.0)]
    token_limits: TokenLimits | UnsetType = UNSET


class ClientSettings(_Strict):
    """All settings of a client, with the service's defaults."""

    type: Literal["realtime", "transcription"] = "realtime"
    model: str = "voiced-brain"
    output_modalities: Modalities = msgspec.field(default_factory=lambda: ["audio"])
    instructions: str = ""
    audio: Audio = msgspec.field(default_factory=Audio)
    tools: list[SessionTool] = []
    tool_choice: Choice = "auto"
    parallel_tool_calls: bool | UnsetType = UNSET
    max_output_tokens: MaxTokens = "inf"
    reasoning: Reasoning | UnsetType = UNSET
    truncation: Literal["auto", "disabled"] | Retention = "auto"
    include: list[Literal["item.input_audio_transcription.logprobs"]] | None = None
    tracing: Literal["auto"] | Json | None = None
    prompt: Json | None = None

    def updated(self, patch: Json, voice_is_fixed: bool) -> ClientSettings:
        """These settings with a `session.update` applied. Raises Refusal, and changes nothing then."""
        patch = normalised(patch, ClientSettings)
        if "type" not in patch:
            raise errors.missing("session.type")
        if patch["type"] == "transcription":
            convert(patch, _TranscriptionPatch, "session")
        before = msgspec.to_builtins(self)
        changed = {**before, **patch}
        if isinstance(patch.get("audio"), dict):
            changed["audio"] = merged(before["audio"], patch["audio"], _REPLACED_WHOLE)
        after: ClientSettings = convert(changed, ClientSettings, "session")
        check_modalities(after.output_modalities, "session")
        # Frameworks send their own default model in each update; the model was chosen on connection.
        after.model = self.model
        if voice_is_fixed and after.audio.output.voice != self.audio.output.voice:
            raise errors.voice_is_fixed("session.audio.output.voice")
        return after

    @property
    def answers(self) -> bool:
        """Whether this session makes responses; a transcription session does not."""
        return self.type == "realtime"

    def echo(self) -> Json:
        """All effective settings, as JSON."""
        settings: Json = msgspec.to_builtins(self)
        if self.answers:
            return settings
        return {
            "type": self.type,
            "audio": {"input": settings["audio"]["input"]},
            "include": settings["include"],
        }


class _InputOnly(_Strict):
    input: AudioInput = msgspec.field(default_factory=AudioInput)


class _TranscriptionPatch(_Strict):
    """The settings of a transcription session."""

    type: Literal["transcription"]
    audio: _InputOnly = msgspec.field(default_factory=_InputOnly)
    include: list[Literal["item.input_audio_transcription.logprobs"]] | None = None


def function_tools(tools: list[SessionTool]) -> list[Json]:
    """The tools that the client runs, as JSON."""
    functions: list[Json] = msgspec.to_builtins([tool for tool in tools if isinstance(tool, FunctionTool)])
    return functions


class ResponseAudioOutput(_Strict):
    """The output audio settings that a response may change."""

    format: AudioFormat | UnsetType = UNSET
    voice: Voice | UnsetType = UNSET


class ResponseAudio(_Strict):
    """The audio settings that a response may change."""

    output: ResponseAudioOutput = msgspec.field(default_factory=ResponseAudioOutput)


class ResponseSettings(_Strict):
    """The settings of a `response.create`; UNSET means as in the session."""

    instructions: str | UnsetType = UNSET
    output_modalities: Modalities | UnsetType = UNSET
    audio: ResponseAudio = msgspec.field(default_factory=ResponseAudio)
    tools: list[SessionTool] | UnsetType = UNSET
    tool_choice: Choice | UnsetType = UNSET
    parallel_tool_calls: bool | UnsetType = UNSET
    reasoning: Reasoning | UnsetType = UNSET
    max_output_tokens: MaxTokens | UnsetType = UNSET
    metadata: Metadata | None = None
    prompt: Json | None = None
    conversation: Literal["auto", "none"] = "auto"
    input: list[Json] | UnsetType = UNSET


def convert(value: Json, to: type[Any], root: str) -> Any:
    """The value as a strict type. Raises Refusal with the parameter's full name."""
    try:
        return msgspec.convert(normalised(value, to), to)
    except msgspec.ValidationError as error:
        raise errors.from_validation(error, root) from None


def check_modalities(modalities: Modalities, root: str) -> None:
    """Audio or text, never both. Raises Refusal."""
    if modalities not in (["audio"], ["text"]):
        supported = "Supported combinations are: ['text'] and ['audio']."
        raise errors.invalid(f"{root}.output_modalities", supported)
