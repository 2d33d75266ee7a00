"""One TOML file to typed, frozen structs; every error names the file, the key and the remedy."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar, get_type_hints

import msgspec

from daemon.config.bounded_toml import TomlError, tables
from daemon.config.error_messages import ConfigError, explain, nearest
from daemon.config.model import Config
from daemon.config.validation import check_origins, complaints
from daemon.text.text_file import TextFileError, read_text
from hardware.devices.registry import KINDS
from hardware.ports import LampConfig

T = TypeVar("T")

_TABLES: Final[dict[str, Callable[[], Any]]] = {"lamps": lambda: LampConfig, "devices": KINDS.union}


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
    """Parse TOML into a Config; errors call the file `name`. Raises ConfigError."""
    try:
        raw = tables(text)
        config = _sections(raw)
        for complaint in complaints(config, raw):
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
            raise ConfigError(f"[{key}]: there is no such section{nearest(key, types)}")
        made[key] = _table(key, value) if key in _TABLES else _convert(key, value, types[key])
    return Config(**made)


def _table(section: str, raw: Any) -> dict[str, Any]:
    """Convert lamps or devices one by one, so that errors can say which."""
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
        raise ConfigError(f"{path}{where}: {explain(message, where, raw, kind)}") from None
