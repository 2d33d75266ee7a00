"""A provider is one file: all that knows of providers asks the registry."""

from __future__ import annotations

import ast
import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, serve

from daemon.commands.setup import questions
from daemon.config import loader
from daemon.config.error_messages import ConfigError
from daemon.config.model import Config
from daemon.network import endpoint as endpoints
from daemon.network.credentials import keyless
from daemon.network.dial import dial
from daemon.realtime import providers
from daemon.realtime.codec import decode_server
from daemon.realtime.events import SessionCreated
from daemon.realtime.provider_registry import BRAIN, PROVIDERS
from daemon.telemetry.event_log import ServedBy, served
from tests.realtime.parrot_provider import PROVIDER

ROOT = Path(__file__).parents[2]


@pytest.fixture
def _parrot(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(PROVIDERS, PROVIDER.name, PROVIDER)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-canary")


def parrot(url: str) -> Config:
    text = f'[realtime]\nprovider = "parrot"\nurl = "{url}"\nmodel = "grey"\nproject = "branch"\n'
    return loader.parse(text, "voiced.toml")


@pytest.mark.usefixtures("_parrot")
def test_a_provider_of_one_file_is_connected_to() -> None:
    seen: dict[str, Any] = {}

    async def greet(connection: ServerConnection) -> None:
        assert connection.request is not None
        seen["path"] = connection.request.path
        seen.update((name, connection.request.headers.get(name)) for name in ("x-parrot-key", "x-perch"))
        await connection.send(json.dumps({"type": "session.created"}))

    async def scenario() -> None:
        async with serve(greet, "127.0.0.1", 0) as server:
            port = next(iter(server.sockets)).getsockname()[1]
            connection = await dial(endpoints.endpoint(parrot(f"ws://127.0.0.1:{port}/v1")))
            assert isinstance(decode_server(await connection.recv()), SessionCreated)
            await connection.close()

    asyncio.run(scenario())
    assert seen == {"path": "/v1/realtime?model=grey", "x-parrot-key": "sk-canary", "x-perch": "branch"}


@pytest.mark.usefixtures("_parrot")
def test_a_provider_of_one_file_is_known_to_configuration_setup_and_journal() -> None:
    config = parrot("wss://parrot.example")
    assert served(config) == ServedBy("parrot", "grey", PROVIDER.prices("grey", None))
    assert not keyless(config)
    assert questions.PROVIDER.read("parrot") == "parrot"
    with pytest.raises(ConfigError, match=r'needs one; write url = "wss://parrot.example/v1/realtime"'):
        parrot("")


def test_a_provider_of_one_file_needs_its_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(PROVIDERS, PROVIDER.name, PROVIDER)
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    config = parrot("wss://parrot.example")
    assert keyless(config)
    assert endpoints.endpoint(config) == endpoints.brain_endpoint(config.brain)


def test_each_file_of_the_folder_is_a_provider_named_as_its_file() -> None:
    files = {path.stem for path in Path(*providers.__path__).glob("[!_]*.py")}
    assert set(PROVIDERS) == files
    assert next(iter(PROVIDERS.values())) is BRAIN


def test_an_unknown_provider_is_refused_and_editors_know_the_names() -> None:
    with pytest.raises(ConfigError, match=r"provider: 'opnai' .*you mean .openai"):
        loader.parse('[realtime]\nprovider = "opnai"\n', "voiced.toml")
    known = loader.schema()["$defs"]["RealtimeConfig"]["properties"]["provider"]
    assert known["enum"] == list(PROVIDERS)


def test_nobody_but_its_own_file_names_a_provider() -> None:
    """The brain's name is also what a fallback is called, an earcon and a pattern of the lamp."""
    names = set(PROVIDERS) - {BRAIN.name}
    for path in (ROOT / "daemon").rglob("*.py"):
        if path.parent.name != "providers":
            texts = {
                node.value for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Constant)
            }
            assert not names & texts, path
