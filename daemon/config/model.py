"""The configuration as frozen structs; `deploy/demo.toml` explains the keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, TypeAlias

from msgspec import Meta, field

from daemon.brain.engine_registry import RECOGNIZER, RECOGNIZERS, SYNTHESIZER, SYNTHESIZERS
from daemon.core.turn.style_registry import STYLES
from daemon.realtime.prices import Prices
from daemon.realtime.provider import Provider
from daemon.realtime.provider_registry import BRAIN, PROVIDERS
from hardware.devices.kind import BoardConfig, Device
from hardware.devices.registry import KINDS
from hardware.ports import Percent, SoundConfig, Struct

DEFAULT_INSTRUCTIONS: Final = (
    "You are the voice of a small box with a few lamps and switches. Answer in one or two short sentences. "
    "Use the tools to act; never say that something is done before its tool has said so."
)

if TYPE_CHECKING:
    AnyDevice: TypeAlias = Device
else:
    AnyDevice = KINDS.union()  # msgspec reads and describes only what names its kinds


class RealtimeConfig(Struct, frozen=True):
    """`[realtime]`: the provider, and how a turn goes."""

    provider: Annotated[str, Meta(extra_json_schema={"enum": list(PROVIDERS)})] = BRAIN.name
    url: str = ""  # azure: the resource; custom: the whole address
    model: str = "gpt-realtime-2.1-mini"
    key_file: str = ""  # else the credential realtime_key, else the environment variable OPENAI_API_KEY
    key_header: str = "bearer"  # custom: "bearer", or the header that carries the key as it is
    ca_file: str = ""  # a CA file to trust beside those of the system
    organization: str = ""
    project: str = ""
    turn: Annotated[str, Meta(extra_json_schema={"enum": list(STYLES)})] = "hold"
    fallback: Literal["offline", "none"] = "offline"
    instructions: str = DEFAULT_INSTRUCTIONS
    transcription: bool = True
    max_session_s: Annotated[float, Meta(ge=10, le=3600)] = 3300.0
    max_utterance_s: Annotated[float, Meta(ge=1, le=600)] = 60.0
    max_wait_s: Annotated[float, Meta(ge=0, le=120)] = 20.0
    open_idle_s: Annotated[float, Meta(ge=5, le=300)] = (
        30.0  # turn = "open" ends when nobody has spoken so long
    )
    send_silence: bool = False  # turn = "open": all that the microphone hears, not only what may be speech
    session: dict[str, Any] = field(default_factory=dict)  # goes into session.update as it is
    prices: Prices | None = None  # else those we know

    @property
    def server(self) -> Provider:
        """The configured provider."""
        return PROVIDERS[self.provider]

    @property
    def may_be_offline(self) -> bool:
        """Whether the offline brain may have to answer, always or as a fallback."""
        return self.server.is_brain or self.fallback == "offline"


class BrainConfig(Struct, frozen=True):
    """`[brain]`: the offline brain; `address` is "unix:PATH", "HOST:PORT" or "ws://HOST:PORT"."""

    engine: Annotated[str, Meta(extra_json_schema={"enum": list(RECOGNIZERS)})] = RECOGNIZER
    voice: Annotated[str, Meta(extra_json_schema={"enum": list(SYNTHESIZERS)})] = SYNTHESIZER
    address: Annotated[str, Meta(min_length=1)] = "unix:/run/voiced-brain.sock"
    key_file: str = ""  # over TCP: else the credential brain_key, else anyone may connect
    origins: tuple[str, ...] = ()  # origins of web pages that may connect


class ControlConfig(Struct, frozen=True):
    """`[control]`: the unix socket behind `voiced status`, `press`, `ask` and the rest."""

    socket: Annotated[str, Meta(min_length=1)] = "/run/voiced/control.sock"


class LogConfig(Struct, frozen=True):
    """`[log]`: transcripts are logged only if the owner turns them on."""

    transcripts: bool = False


class DebugConfig(Struct, frozen=True):
    """`[debug]`: `wire_log` is a path for every event as JSON lines, without headers and keys."""

    wire_log: str = ""


class ToolsConfig(Struct, frozen=True):
    """`[tools]`: the directory of the owner's tools; it need not exist."""

    directory: Annotated[str, Meta(min_length=1)] = "/etc/voiced/tools.d"


class StateConfig(Struct, frozen=True):
    """`[state]`: where mute and volume are stored."""

    directory: Annotated[str, Meta(min_length=1)] = "/var/lib/voiced"


class WakeConfig(Struct, frozen=True):
    """`[wake]`: words that open the microphone as the button does; none by default."""

    words: tuple[str, ...] = ()  # alexa, hey_jarvis, hey_mycroft, okay_nabu, or the path of a model's .json
    sensitivity: Percent = 60  # more hears a word more often, and more often where it was not said


class Config(BoardConfig, frozen=True):
    """The whole configuration."""

    realtime: RealtimeConfig = RealtimeConfig()
    sound: SoundConfig = SoundConfig()
    devices: dict[str, AnyDevice] = field(default_factory=dict)
    brain: BrainConfig = BrainConfig()
    control: ControlConfig = ControlConfig()
    log: LogConfig = LogConfig()
    debug: DebugConfig = DebugConfig()
    tools: ToolsConfig = ToolsConfig()
    state: StateConfig = StateConfig()
    wake: WakeConfig = WakeConfig()
