"""The rules that types cannot express: each gives a sentence with the key and the remedy."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, assert_never

from daemon.brain.engine_registry import RECOGNIZERS, SYNTHESIZERS
from daemon.config.error_messages import ConfigError, nearest
from daemon.config.model import Config, RealtimeConfig
from daemon.core.turn.style_registry import STYLES
from daemon.devices import inventory, wiring
from daemon.devices.limiter import Devices
from daemon.realtime.address import AddressError
from daemon.realtime.provider_registry import PROVIDERS
from daemon.wake import registry as wake_words
from hardware.devices.kind import Device, Takes

_OWNED: Final = {
    "type": "leave it out, it is always realtime",
    "model": "write realtime.model",
    "instructions": "write realtime.instructions",
    "tools": "declare devices, or put tool files into tools.directory",
    "audio.input.format": "leave it out, the wire is always PCM16 at 24 kHz",
    "audio.output.format": "leave it out, the wire is always PCM16 at 24 kHz",
}


def complaints(config: Config, raw: Mapping[str, Any]) -> Iterator[str]:
    """All faults of a configuration, by its values and by the texts as written."""
    yield from _realtime(config.realtime)
    yield from _session(config.realtime)
    yield from _unknown("brain.engine", config.brain.engine, RECOGNIZERS)
    yield from _unknown("brain.voice", config.brain.voice, SYNTHESIZERS)
    wants_button = STYLES[config.realtime.turn].needs_button
    yield from wiring.complaints(config, wants_button)
    yield from _devices(config.devices)
    yield from _wake(config.wake.words)
    yield from _with_nul("", raw)


def _unknown(path: str, name: str, names: Iterable[str]) -> Iterator[str]:
    if name not in names:
        yield f"{path}: '{name}' is not possible{nearest(name, list(names))}"


def _wake(words: Sequence[str]) -> Iterator[str]:
    for word in words:
        if not wake_words.known(word):
            yield f"wake.words: '{word}' is no path of a model's .json{nearest(word, wake_words.WORDS)}"


def _realtime(realtime: RealtimeConfig) -> Iterator[str]:
    if realtime.provider not in PROVIDERS:
        yield from _unknown("realtime.provider", realtime.provider, PROVIDERS)
        return
    yield from _unknown("realtime.turn", realtime.turn, STYLES)
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
    """Keys that `[realtime.session]` must leave to the daemon, or no answer would be played."""
    for path, remedy in _OWNED.items():
        if _has(realtime.session, path):
            yield f"realtime.session.{path}: the daemon sets this itself; {remedy}"
    if not STYLES[realtime.turn].turn_detection and _has(realtime.session, "audio.input.turn_detection"):
        fitting = " or ".join(f'"{name}"' for name, style in STYLES.items() if style.turn_detection)
        yield f"realtime.session.audio.input.turn_detection: the button ends a turn; write turn = {fitting}"


def check_origins(where: str, origins: Sequence[str]) -> None:
    """Raises ConfigError if a browser never sends one of these as `Origin`."""
    for origin in origins:
        if origin != "null" and not re.fullmatch(r"[a-z][a-z0-9+.-]*://[^/\s]+/?", origin, re.IGNORECASE):
            raise ConfigError(f'{where}: "{origin}" is no origin; write "http://HOST:PORT", without a path')


def _more(takes: Takes) -> str:
    """What can be written besides on and off."""
    match takes:
        case "switch":
            return ""
        case "level":
            return ", or 0 to 100"
        case "colour":
            return ', or a colour as "#rrggbb"'
        case _:
            assert_never(takes)


def _devices(devices: dict[str, Device]) -> Iterator[str]:
    for key, output in inventory.outputs(devices).items():
        for name in ("at_start", "at_exit"):
            state, takes = getattr(output, name), output.takes
            if state not in ("on", "off") and takes != ("level" if isinstance(state, int) else "colour"):
                yield f'devices.{key}.{name}: this kind cannot be {state!r}; write "on", "off"{_more(takes)}'
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


def _with_nul(path: str, value: Any) -> Iterator[str]:
    """Texts with a NUL, which no file, card or server name can have."""
    if isinstance(value, str) and "\0" in value:
        yield f"{path}: there is a NUL in this text; write it without"
    elif isinstance(value, dict):
        for key, each in value.items():
            yield from _with_nul(f"{path}.{key}".lstrip("."), each)
    elif isinstance(value, list):
        for each in value:
            yield from _with_nul(path, each)
