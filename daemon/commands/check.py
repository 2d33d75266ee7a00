"""`voiced config check`: everything that can be known about a configuration before the service starts."""

from __future__ import annotations

import importlib.util
import json
import os
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final, Literal, TypeAlias, get_args
from urllib.parse import urlsplit

from daemon import inventory, wiring
from daemon.builtin import BUILTIN_NAMES
from daemon.config import Config, ConfigError, load
from daemon.providers import Endpoint, brain_endpoint, endpoint, resolve_key
from daemon.tool_files import load_tools
from hardware.card import Direction, open_stream
from hardware.ports import HardwareError

Level: TypeAlias = Literal["error", "warning"]

_CONNECT_LIMIT_S = 5.0
_ENGINES: Final = {"small": ("hama",), "both": ("hama", "moonshine_voice")}
_INSTALL: Final = "`pip install 'voiced[offline]'`"
_PORTS: Final = {"ws": 80, "wss": 443}


@dataclass(frozen=True)
class Finding:
    """One sentence with its remedy. The service works in spite of a `warning`, not of an `error`."""

    level: Level
    message: str


def run(path: Path, *, as_json: bool = False) -> int:
    """Print one line per finding; the exit status is 2 if one of them is an error."""
    findings = check(path)
    if as_json:
        print(json.dumps([asdict(finding) for finding in findings]))
    for finding in [] if as_json else findings:
        print(f"{finding.level}: {finding.message}")
    if not findings and not as_json:
        print(f"{path}: everything is in order.")
    return 2 if any(finding.level == "error" for finding in findings) else 0


def check(path: Path) -> list[Finding]:
    """What is wrong with this configuration on this machine."""
    try:
        config = load(path)
    except ConfigError as error:
        return [Finding("error", str(error))]
    checks: tuple[Callable[[Config], Iterator[Finding]], ...] = (
        _key,
        _server,
        _brain,
        _sound,
        _pins,
        _tools,
        _names,
        _state,
    )
    return [finding for each in checks for finding in each(config)]


# ---------------------------------------------------------------- the other end


def _key(config: Config) -> Iterator[Finding]:
    realtime = config.realtime
    if realtime.provider == "offline":
        return
    if realtime.key_file and not Path(realtime.key_file).exists():
        yield Finding(
            "warning", f"realtime.key_file: {realtime.key_file} is not there; write the key into it."
        )
    key = resolve_key(config)
    if key is None and realtime.provider != "custom":
        yield Finding(
            "error", "realtime.key_file: there is no key; name a file with it, or set OPENAI_API_KEY."
        )
    if key and not (key.isascii() and key.isprintable() and " " not in key):
        yield Finding("error", "realtime.key_file: this is no key; write the key alone, on one line.")


def _server(config: Config) -> Iterator[Finding]:
    if config.realtime.provider == "offline":
        return
    where = endpoint(config)
    parts = urlsplit(where.url)
    if parts.scheme == "ws" and where.headers and parts.hostname not in ("localhost", "127.0.0.1", "::1"):
        yield Finding("warning", "realtime.url: ws:// shows the key to everyone on the way; use wss://.")
    try:
        _connect(where)
    except ssl.SSLError as error:
        said = f"{parts.hostname} gives no secure connection ({error.reason})"
        yield Finding("error", f"realtime.url: {said}; check the URL and the clock.")
    except OSError as error:
        said = f"{parts.hostname} cannot be reached ({_reason(error)})"
        yield Finding("error", f"realtime.url: {said}; check the URL and the network.")


def _connect(where: Endpoint) -> None:
    """Open the connection as far as TLS, and close it."""
    parts = urlsplit(where.url)
    address = (parts.hostname or "", parts.port or _PORTS[parts.scheme])
    with socket.create_connection(address, _CONNECT_LIMIT_S) as connection:
        if parts.scheme == "wss":
            ssl.create_default_context().wrap_socket(connection, server_hostname=parts.hostname).close()


def _reason(error: OSError) -> str:
    return "no answer in time" if isinstance(error, TimeoutError) else error.strerror or str(error)


def _brain(config: Config) -> Iterator[Finding]:
    """A brain that listens is fine; else it must be possible to start one."""
    if not _wants_brain(config) or _listens(brain_endpoint(config.brain)):
        return
    level: Level = "error" if config.realtime.provider == "offline" else "warning"
    for module in _ENGINES[config.brain.engine]:
        if importlib.util.find_spec(module) is None:
            yield Finding(level, f"brain.engine: {module} is not installed; {_INSTALL}.")


def _wants_brain(config: Config) -> bool:
    return "offline" in (config.realtime.provider, config.realtime.fallback)


def _listens(where: Endpoint) -> bool:
    try:
        _connect_unix(where.unix) if where.unix else _connect(where)
    except OSError:
        return False
    return True


def _connect_unix(path: str) -> None:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(_CONNECT_LIMIT_S)
        connection.connect(path)


# ---------------------------------------------------------------- the board


def _sound(config: Config) -> Iterator[Finding]:
    if _listens(Endpoint("", unix=config.control.socket)):
        yield Finding(
            "warning", "sound: the running service has the cards; stop it first to have them checked."
        )
        return
    for direction in get_args(Direction):
        yield from _card(direction, config)


def _card(direction: Direction, config: Config) -> Iterator[Finding]:
    wanted_hz = config.sound.rate_hz
    try:
        with _quiet():
            stream = open_stream(direction, config.sound)
    except HardwareError as error:
        yield Finding("error", f"sound.{direction}: {error}")
        return
    stream.close()
    if wanted_hz and stream.rate_hz != wanted_hz:
        has = f"the {direction} runs at {stream.rate_hz} Hz instead of {wanted_hz}"
        yield Finding("warning", f"sound.rate_hz: {has}; write rate_hz = 0 to take the card's own rate.")


@contextmanager
def _quiet() -> Iterator[None]:
    """ALSA's library writes its own lines to stderr; what matters comes as an exception."""
    kept = os.dup(2)
    with open(os.devnull, "wb") as nothing:  # noqa: PTH123
        os.dup2(nothing.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


def _pins(config: Config) -> Iterator[Finding]:
    if config.gpio.backend != "lgpio":
        return
    from hardware.gpiochip import find_chip

    try:
        chip = find_chip(config.gpio.chip)
    except HardwareError as error:
        yield Finding("error", f"gpio: {error}")
        return
    for path, pin in wiring.pins(config.button, config.lamps, config.devices):
        if pin >= chip.lines:
            has = f"gpiochip {chip} has the lines 0 to {chip.lines - 1}"
            yield Finding("error", f"{path}: there is no line {pin}, {has}; choose one of them.")


# ---------------------------------------------------------------- the owner's part


def _tools(config: Config) -> Iterator[Finding]:
    _, errors = load_tools(Path(config.tools.directory), BUILTIN_NAMES)
    yield from (Finding("error", f"tools.directory: {error}") for error in errors)


def _names(config: Config) -> Iterator[Finding]:
    """Names of different devices that the offline brain could take for each other."""
    if not _wants_brain(config) or not config.devices:
        return
    from daemon.brain.confusable import confusable
    from daemon.brain.hearing import EarError

    names = inventory.names(config.devices)
    try:
        alike = confusable(names.names(config.devices))
    except (EarError, ImportError):
        yield Finding("warning", f"devices: whether names sound alike was not checked; {_INSTALL}.")
        return
    for one, other in alike:
        if names.key(one) != names.key(other):
            yield Finding(
                "error",
                f'devices.{names.key(other)}.say: "{other}" sounds like "{one}"; choose another name.',
            )


def _state(config: Config) -> Iterator[Finding]:
    folder = Path(config.state.directory)
    if folder.exists() and not folder.is_dir():
        yield Finding(
            "error", f"state.directory: {folder} is no directory; name one that voiced may write to."
        )
