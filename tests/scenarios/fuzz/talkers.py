"""What listens on a connection: the control socket and the brain's session."""

from __future__ import annotations

import asyncio
import contextlib
import json
import tempfile
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Final, Never

import msgspec

from daemon.config.loader import parse
from daemon.network.happy_eyeballs import DialError, Step
from daemon.realtime.events import ClientEvents
from daemon.service.appliance import Appliance
from daemon.service.ports import real_ports
from hardware.sound.memory_streams import MemoryCards
from tests.brain.scripted import ScriptedEar
from tests.brain.talk import Talk
from tests.scenarios.fuzz.inputs import LARGE_BYTES, as_json, conforming
from tests.scenarios.fuzz.meter import Meter, promised
from tests.scenarios.fuzz.owner import TOOLS

_CLIENT: Final = msgspec.json.schema(ClientEvents)
_VERBS: Final = (
    "status",
    "status",
    "press",
    "release",
    "stop",
    "forget",
    "watch",
    "say",
    "ask",
    "mute",
    "volume",
    "",
)
_REQUEST: Final = {
    "type": "object",
    "properties": {
        "do": {"enum": _VERBS},
        "text": {"type": "string"},
        "percent": {"type": "integer", "minimum": -5, "maximum": 105},
        "stream": {"type": "boolean"},
    },
    "required": ["do"],
}
_SETTLE_S: Final = 20.0
_MOST: Final = 10
"""More lines than these are one frame, or what one client sends at once."""


class ControlSocket:
    """The lines that reach the appliance by its socket."""

    name = "control"

    def make(self, rng: Random, large: bool) -> bytes:
        """A few requests."""
        lines = [as_json(rng, conforming(rng, _REQUEST, {}), 0) for _ in range(rng.randint(1, 4))]
        if large:
            lines.insert(0, as_json(rng, conforming(rng, _REQUEST, {}), LARGE_BYTES))
        return b"\n".join(lines)

    def run(self, data: bytes, meter: Meter) -> None:
        """Every line is answered by a line of JSON, or ends its connection; the next client is served."""
        with tempfile.TemporaryDirectory() as folder:
            asyncio.run(self._run(folder, data, meter))

    async def _run(self, folder: str, data: bytes, meter: Meter) -> None:
        path = f"{folder}/control"
        config = parse(_config(folder), "fuzz")
        ports = replace(real_ports(config), sound=MemoryCards(), transport=_no_network)
        running = asyncio.create_task(Appliance(config, ports).run())
        try:
            async with asyncio.timeout(_SETTLE_S):
                while not Path(path).exists():  # noqa: ASYNC110
                    await asyncio.sleep(0)
                for line in data.split(b"\n", _MOST):
                    with meter():
                        await _told(path, line + b"\n")
                status = await _told(path, b'{"do": "status"}\n')
                promised(status["ok"] is True, "the next client is not served")
        finally:
            running.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await running


async def _no_network(*_: object) -> Never:
    raise DialError(Step.ADDRESS, "there is no network", "be content")


def _config(folder: str) -> str:
    return (
        f'[control]\nsocket = "{folder}/control"\n[state]\ndirectory = "{folder}"\n[sound]\nearcons = "off"\n'
    )


async def _told(path: str, line: bytes) -> dict[str, object]:
    """The answer to a line; a question's takes as long as its turn, and is not waited for."""
    reader, writer = await asyncio.open_unix_connection(path, limit=2**24)
    try:
        writer.write(line)
        writer.write_eof()
        first = b"" if _asks(line) else await reader.readline()
        answer = json.loads(first) if first else {"ok": False}
        promised(isinstance(answer.get("ok"), bool), f"{answer} is no answer")
        return dict(answer)
    except ConnectionError:
        return {"ok": False}
    finally:
        writer.transport.abort()


def _asks(line: bytes) -> bool:
    with contextlib.suppress(ValueError, RecursionError):
        request = json.loads(line)
        return isinstance(request, dict) and request.get("do") in ("ask", "say")
    return False


class BrainSession:
    """The frames of a client of the brain."""

    name = "brain"

    def make(self, rng: Random, large: bool) -> bytes:
        """A few events, the last of which may be large."""
        frames = [_event(rng, False) for _ in range(rng.randint(1, 6))]
        return b"\n".join([*frames, _event(rng, True)] if large else frames)

    def run(self, data: bytes, meter: Meter) -> None:
        """Every frame is carried out or refused by an event, and the session lives on."""
        asyncio.run(self._run(data, meter))

    async def _run(self, data: bytes, meter: Meter) -> None:
        talk = Talk(ScriptedEar(["turn on the lamp", "what can you do"]))
        try:
            for frame in data.split(b"\n", _MOST):
                with meter():
                    talk.session.handle(frame)
                    await asyncio.sleep(0)
            last = talk.send("input_audio_buffer.clear")[-1]["type"]
            promised(last == "input_audio_buffer.cleared", f"the session says {last} and not that it lives")
        finally:
            talk.close()


def _event(rng: Random, large: bool) -> bytes:
    event = conforming(rng, _CLIENT, _CLIENT["$defs"])
    if event.get("type") == "session.update" and rng.random() < 0.7:
        event["session"] = {
            "type": "realtime",
            "tools": _tools(rng),
            "audio": {"input": {"turn_detection": None}},
        }
    if event.get("type") == "response.create" and rng.random() < 0.7:
        event.pop("response", None)
    return as_json(rng, event, large * LARGE_BYTES)


def _tools(rng: Random) -> list[dict[str, object]]:
    return [rng.choice(list(TOOLS.values())).schema() for _ in range(rng.randint(0, 3))]
