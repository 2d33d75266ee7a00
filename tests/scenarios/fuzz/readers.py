"""What reads the words of servers, models and owners, without a connection."""

from __future__ import annotations

import tempfile
from pathlib import Path
from random import Random
from typing import Final

import msgspec

from daemon.config import loader
from daemon.config.bounded_toml import MAX_CHARACTERS
from daemon.config.error_messages import ConfigError
from daemon.realtime.codec import decode_server
from daemon.realtime.events import ServerEvent
from daemon.tools import MAX_ARGUMENTS, BadCallError
from tests.scenarios.fuzz.inputs import LARGE_BYTES, as_json, as_toml, conforming, garbled, swollen, warped
from tests.scenarios.fuzz.meter import Meter, promised
from tests.scenarios.fuzz.owner import TOOLS

_SERVER: Final = msgspec.json.schema(ServerEvent)
_CONFIG: Final = loader.schema()


class Decode:
    """A server's frames."""

    name = "decode"

    def make(self, rng: Random, large: bool) -> bytes:
        """An event of any kind."""
        return as_json(rng, conforming(rng, _SERVER, _SERVER["$defs"]), large * LARGE_BYTES)

    def run(self, data: bytes, meter: Meter) -> None:
        """Never raises."""
        with meter():
            decode_server(data)


class Configuration:
    """The owner's configuration."""

    name = "configuration"

    def make(self, rng: Random, large: bool) -> bytes:
        """TOML of any sections; large ones just within their bound, or far beyond."""
        size = large * rng.choice((MAX_CHARACTERS - 20_000, LARGE_BYTES))
        value = conforming(rng, _CONFIG, _CONFIG["$defs"])
        if rng.random() < (0.2 if large else 0.5):
            value = warped(rng, value)
        garble = rng.random() < (0.2 if large else 0.3)
        if large and not garble:
            value = swollen(rng, value, size)
        text = as_toml(value if isinstance(value, dict) else {"realtime": value})
        return (garbled(rng, text, size) if garble else text).encode(errors="surrogatepass")

    def run(self, data: bytes, meter: Meter) -> None:
        """Raises ConfigError for what is wrong."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "voiced.toml"
            path.write_bytes(data)
            try:
                with meter():
                    loader.load(path)
            except ConfigError as error:
                promised(bool(str(error)), "an error without a word")


class ToolArguments:
    """What a model calls the owner's tools with; the first line names the tool."""

    name = "arguments"

    def make(self, rng: Random, large: bool) -> bytes:
        """Arguments of any tool; large ones just within their bound, or far beyond."""
        size = large * rng.choice((MAX_ARGUMENTS - 2000, LARGE_BYTES))
        tool = rng.choice(list(TOOLS.values()))
        return tool.name.encode() + b"\n" + as_json(rng, conforming(rng, tool.parameters, {}), size)

    def run(self, data: bytes, meter: Meter) -> None:
        """Raises BadCallError for what does not fit, and that is short; what is taken fits the schema."""
        name, _, arguments = data.partition(b"\n")
        try:
            with meter():
                TOOLS[name.decode()].arguments(arguments.decode(errors="replace"))
        except BadCallError as error:
            promised(len(str(error)) < 4096, "an error too long for a model to read")
