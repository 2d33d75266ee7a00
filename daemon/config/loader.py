"""One TOML file to typed, frozen structs; every error names the file, the key and the remedy.

The names follow `deploy/demo.toml`, which explains them; `schema()` is the same for editors.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, TypeAlias, TypeVar, get_args, get_type_hints

import msgspec
from msgspec import Meta, field

from daemon.config.bounded_toml import TomlError, tables
from daemon.devices import inventory, wiring
from daemon.devices.limiter import Devices
from daemon.realtime.address import AddressError
from daemon.realtime.prices import Prices
from daemon.realtime.provider import Provider
from daemon.realtime.provider_registry import BRAIN, PROVIDERS
from daemon.text.text_file import TextFileError, read_text
from hardware.devices.kind import Device
from hardware.devices.registry import KINDS
from hardware.ports import ButtonConfig, GpioConfig, LampConfig, SoundConfig, Struct

T = TypeVar("T")
Seconds: TypeAlias = Annotated[float, Meta(gt=0)]

DEFAULT_INSTRUCTIONS: Final = (
    "You are the voice of a small box with a few lamps and switches. Answer in one or two short sentences. "
    "Use the tools to act; never say that something is done before its tool has said so."
)


if TYPE_CHECKING:
    AnyDevice: TypeAlias = Device
else:
    AnyDevice = KINDS.union()  # msgspec reads and describes only what names its kinds


class ConfigError(Exception):
    """The configuration cannot be used; the message is one sentence with file, key and remedy."""


class RealtimeConfig(Struct, frozen=True):
    """`[realtime]`: whom the daemon talks to, and how a turn goes."""

    provider: Annotated[str, Meta(extra_json_schema={"enum": list(PROVIDERS)})] = BRAIN.name
    url: str = ""  # azure: the resource; custom: the whole address
    model: str = "gpt-realtime-2.1-mini"
    key_file: str = ""  # else the credential realtime_key, else the environment variable OPENAI_API_KEY
    key_header: str = "bearer"  # custom: "bearer", or the header that carries the key as it is
    ca_file: str = ""  # whom to trust beside the system's authorities
    organization: str = ""
    project: str = ""
    turn: Literal["hold", "tap", "open"] = "hold"
    fallback: Literal["offline", "none"] = "offline"
    instructions: str = DEFAULT_INSTRUCTIONS
    transcription: bool = True
    max_session_s: Annotated[float, Meta(ge=10, le=3600)] = 3300.0
    max_utterance_s: Annotated[float, Meta(ge=1, le=600)] = 60.0
    max_wait_s: Annotated[float, Meta(ge=0, le=120)] = 20.0
    session: dict[str, Any] = field(default_factory=dict)  # goes into session.update as it is
    prices: Prices | None = None  # else those we know

    @property
    def server(self) -> Provider:
        """What is known of the provider."""
        return PROVIDERS[self.provider]

    @property
    def may_be_offline(self) -> bool:
        """May the offline brain have to answer, always or for a while?"""
        return self.server.is_brain or self.fallback == "offline"


class BrainConfig(Struct, frozen=True):
    """`[brain]`: the offline brain; `address` is "unix:PATH", "HOST:PORT" or "ws://HOST:PORT"."""

    engine: Literal["small", "both"] = "small"
    voice: Literal["hibari", "espeak"] = "hibari"
    address: Annotated[str, Meta(min_length=1)] = "unix:/run/voiced-brain.sock"
    key_file: str = ""  # over TCP: else the credential brain_key, else everybody may connect
    origins: tuple[str, ...] = ()  # of web pages that may connect


class ControlConfig(Struct, frozen=True):
    """`[control]`: the unix socket behind `voiced status`, `press`, `ask` and the rest."""

    socket: Annotated[str, Meta(min_length=1)] = "/run/voiced/control.sock"


class LogConfig(Struct, frozen=True):
    """`[log]`: what people said is logged only where the owner turns that on."""

    transcripts: bool = False


class DebugConfig(Struct, frozen=True):
    """`[debug]`: `wire_log` is a path for every event as JSON lines, without headers and keys."""

    wire_log: str = ""


class ToolsConfig(Struct, frozen=True):
    """`[tools]`: where the owner's own tools are; a directory that is not there is fine."""

    directory: Annotated[str, Meta(min_length=1)] = "/etc/voiced/tools.d"


class StateConfig(Struct, frozen=True):
    """`[state]`: where mute and volume live."""

    directory: Annotated[str, Meta(min_length=1)] = "/var/lib/voiced"


class Config(Struct, frozen=True):
    """Everything that the owner may decide."""

    realtime: RealtimeConfig = RealtimeConfig()
    sound: SoundConfig = SoundConfig()
    gpio: GpioConfig = GpioConfig()
    button: ButtonConfig = ButtonConfig()
    lamps: dict[str, LampConfig] = field(default_factory=dict)
    devices: dict[str, AnyDevice] = field(default_factory=dict)
    brain: BrainConfig = BrainConfig()
    control: ControlConfig = ControlConfig()
    log: LogConfig = LogConfig()
    debug: DebugConfig = DebugConfig()
    tools: ToolsConfig = ToolsConfig()
    state: StateConfig = StateConfig()


_TABLES: Final[dict[str, Callable[[], Any]]] = {"lamps": lambda: LampConfig, "devices": KINDS.union}
_OWNED: Final = {
    "type": "leave it out, it is always realtime",
    "model": "write realtime.model",
    "instructions": "write realtime.instructions",
    "tools": "declare devices, or put tool files into tools.directory",
    "audio.input.format": "leave it out, the wire is always PCM16 at 24 kHz",
    "audio.output.format": "leave it out, the wire is always PCM16 at 24 kHz",
}
_MORE: Final = {"switch": "", "level": ", or 0 to 100", "colour": ', or a colour as "#rrggbb"'}
_TOML_NAMES: Final = {
    "int": "a whole number",
    "float": "a number",
    "str": "text in quotes",
    "bool": "true or false",
    "array": "a list in [ ]",
    "object": "a table",
}
_WORDINGS: Final = (
    (r"Expected `.+` >= (\S+)$", "is too small; write {0} or more"),
    (r"Expected `.+` > (\S+)$", "is too small; write more than {0}"),
    (r"Expected `.+` <= (\S+)$", "is too large; write {0} or less"),
    (r"Expected `str` of length >= \d+", "is empty; write some text, or leave the key out"),
    (r"Expected `str` of length <= (\d+)", "is too long; write at most {0} characters"),
    (r"Expected `str` matching", 'is no state; write "on", "off", 0 to 100, or a colour as "#rrggbb"'),
    (r"Expected `array` of length (\d+), got (\d+)", "has {1} entries; write {0}"),
)


def load(path: str | Path) -> Config:
    """Read a configuration file. Raises ConfigError."""
    try:
        text = read_text(Path(path))
    except FileNotFoundError:
        raise ConfigError(
            f"{path}: there is no such file; copy deploy/demo.toml there and adapt it"
        ) from None
    except TextFileError as error:
        raise ConfigError(f"{path}: cannot be read ({error.problem}); {error.remedy}") from None
    return parse(text, str(path))


def parse(text: str, name: str) -> Config:
    """Make a Config of TOML; `name` is what errors call the file. Raises ConfigError."""
    try:
        raw = tables(text)
        config = _sections(raw)
        for complaint in (*_complaints(config), *_with_nul("", raw)):
            raise ConfigError(complaint)
        check_origins("brain.origins", config.brain.origins)
    except (ConfigError, TomlError) as error:
        raise ConfigError(f"{name}: {error}") from None
    return config


def schema() -> dict[str, Any]:
    """The JSON Schema of the configuration, for editors that complete and check TOML."""
    return msgspec.json.schema(Config)


def _sections(raw: dict[str, Any]) -> Config:
    made: dict[str, Any] = {}
    types = get_type_hints(Config, include_extras=True)
    for key, value in raw.items():
        if key not in types:
            raise ConfigError(f"[{key}]: there is no such section{_nearest(key, types)}")
        made[key] = _table(key, value) if key in _TABLES else _convert(key, value, types[key])
    return Config(**made)


def _with_nul(path: str, value: Any) -> Iterator[str]:
    """Texts that no file, card or server can be called by."""
    if isinstance(value, str) and "\0" in value:
        yield f"{path}: there is a NUL in this text; write it without"
    elif isinstance(value, dict):
        for key, each in value.items():
            yield from _with_nul(f"{path}.{key}".lstrip("."), each)
    elif isinstance(value, list):
        for each in value:
            yield from _with_nul(path, each)


def _table(section: str, raw: Any) -> dict[str, Any]:
    """Lamps and devices: one struct per name, converted one by one so that errors can say which."""
    made = {}
    for key, value in _convert(section, raw, dict[str, Any]).items():
        if not re.fullmatch(r"[a-z][a-z0-9_]{0,39}", key):
            raise ConfigError(
                f'{section}."{key}": this cannot be a key; write lower case letters, digits and underscores, '
                f"and the names that people use under say"
            )
        made[key] = _convert(f"{section}.{key}", value, _TABLES[section]())
    return made


def _convert(path: str, raw: Any, kind: type[T]) -> T:
    try:
        return msgspec.convert(raw, kind)
    except msgspec.ValidationError as error:
        message, _, where = str(error).partition(" - at `$")
        where = where.rstrip("`")
        raise ConfigError(f"{path}{where}: {_explain(message, where, raw, kind)}") from None


def _explain(message: str, where: str, raw: Any, kind: Any) -> str:
    """msgspec's complaint in the owner's words, with the remedy."""
    if found := re.match(r"Object contains unknown field `(.+)`", message):
        keys = [each.encode_name for each in msgspec.structs.fields(_struct(raw, kind))]
        return f'there is no key "{found[1]}" here{_nearest(found[1], keys)}'
    if found := re.match(r"Object missing required field `(.+)`", message):
        among = f", one of {', '.join(_kinds(kind))}" if found[1] == "kind" else ""
        return f'the key "{found[1]}" is missing; add it{among}'
    if found := re.match(r"Invalid (?:enum )?value (.+)", message):
        choices = [str(each) for each in _choices(where.strip("."), raw, kind)]
        return f"{found[1]} is not possible{_nearest(found[1], choices)}"
    if found := re.match(r"Expected `(.+)`, got `(.+)`", message):
        return f"this is {_toml_names(found[2])}; write {_toml_names(found[1])}"
    for pattern, wording in _WORDINGS:
        if found := re.match(pattern, message):
            return "this " + wording.format(*found.groups())
    return message


def _nearest(wrong: str, known: Any) -> str:
    names = list(known)
    near = difflib.get_close_matches(wrong.strip("'\"").lower(), names, n=1, cutoff=0.6)
    return f'; did you mean "{near[0]}"?' if near else f"; choose one of {', '.join(names)}"


def _kinds(kind: Any) -> dict[str, Any]:
    return {each.__struct_config__.tag: each for each in get_args(kind)}


def _struct(raw: Any, kind: Any) -> Any:
    return _kinds(kind)[raw["kind"]] if get_args(kind) else kind


def _choices(key: str, raw: Any, kind: Any) -> Any:
    return _kinds(kind) if key == "kind" else get_args(get_type_hints(_struct(raw, kind))[key])


def _toml_names(types: str) -> str:
    names = [_TOML_NAMES.get(each, each) for each in types.split(" | ") if each != "null"]
    return " or ".join(names)


def _complaints(config: Config) -> Iterator[str]:
    yield from _realtime(config.realtime)
    yield from _session(config.realtime)
    yield from wiring.complaints(config.gpio, config.button, config.lamps, config.devices)
    yield from _devices(config.devices)


def _realtime(realtime: RealtimeConfig) -> Iterator[str]:
    if realtime.provider not in PROVIDERS:
        nearest = _nearest(realtime.provider, PROVIDERS)
        yield f"realtime.provider: '{realtime.provider}' is not possible{nearest}"
        return
    if realtime.turn == "open":
        yield 'realtime.turn: "open" is not built yet; write "hold" or "tap"'
    if realtime.server.url_form:
        yield from _url(realtime)
    elif realtime.url:
        yield f'realtime.url: the provider "{realtime.provider}" has its own address; leave url out'
    if not re.fullmatch(r"[A-Za-z0-9-]+", realtime.key_header):
        yield 'realtime.key_header: this is no header name; write "bearer", or a name such as "api-key"'
    for name, text in (("organization", realtime.organization), ("project", realtime.project)):
        if not re.fullmatch(r"[!-~]*", text):
            yield f"realtime.{name}: this cannot be sent; write its ID alone, without spaces"
    if not realtime.model.isprintable():
        yield "realtime.model: it holds control characters; write its name alone"


def _url(realtime: RealtimeConfig) -> Iterator[str]:
    server = realtime.server
    if not realtime.url:
        yield f'realtime.url: the provider "{server.name}" needs one; write url = "{server.url_form}"'
        return
    try:
        server.address(realtime.url, realtime.model)
    except AddressError as error:
        yield f"realtime.url: {error}"


def _session(realtime: RealtimeConfig) -> Iterator[str]:
    """What `[realtime.session]` must leave to the daemon, or nobody would hear an answer."""
    for path, remedy in _OWNED.items():
        if _has(realtime.session, path):
            yield f"realtime.session.{path}: the daemon sets this itself; {remedy}"
    if realtime.turn == "hold" and _has(realtime.session, "audio.input.turn_detection"):
        yield 'realtime.session.audio.input.turn_detection: the button ends a turn; write turn = "tap"'


def check_origins(where: str, origins: Sequence[str]) -> None:
    """Raises ConfigError where one is nothing that a browser sends as the `Origin` of a page."""
    for origin in origins:
        if origin != "null" and not re.fullmatch(r"[a-z][a-z0-9+.-]*://[^/\s]+/?", origin, re.IGNORECASE):
            raise ConfigError(f'{where}: "{origin}" is no origin; write "http://HOST:PORT", without a path')


def _devices(devices: dict[str, Device]) -> Iterator[str]:
    for key, output in inventory.outputs(devices).items():
        for name in ("at_start", "at_exit"):
            state, takes = getattr(output, name), output.takes
            if state not in ("on", "off") and takes != ("level" if isinstance(state, int) else "colour"):
                yield f'devices.{key}.{name}: this kind cannot be {state!r}; write "on", "off"{_MORE[takes]}'
    try:
        inventory.names(devices)
        Devices(inventory.limits(devices))
    except ValueError as error:
        yield str(error)


def _has(table: Any, path: str) -> bool:
    for key in path.split("."):
        if not isinstance(table, dict) or key not in table:
            return False
        table = table[key]
    return True
