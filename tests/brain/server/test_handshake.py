"""How clients come in: paths, models, subprotocols. The ear is scripted, the socket is real."""

from __future__ import annotations

import asyncio
import contextlib
import json
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import websockets
from openai import AsyncAzureOpenAI
from websockets.typing import Subprotocol

from daemon.brain.server.engine_pool import Engines
from daemon.brain.server.handshake import Admission
from daemon.brain.server.server import Brain, serve
from daemon.config.model import BrainConfig
from daemon.network.credentials import find_brain_key
from daemon.network.endpoint import brain_endpoint
from daemon.realtime.events import Json
from tests.brain.scripted import LAMP_AND_FAN, ScriptedEar, ToneVoice, serving
from tests.brain.talk import asynchronous

KEY = "openai-insecure-api-key.sk-something"


async def exchanged(connection: Any, **event: Any) -> Json:
    """Send an event; the next that comes back."""
    await connection.send(json.dumps(event))
    answer: Json = json.loads(await connection.recv())
    return answer


async def greeting(connection: Any) -> Json:
    """The session that the server announces."""
    session: Json = json.loads(await connection.recv())["session"]
    return session


@pytest.mark.parametrize(
    ("offered", "chosen"),
    [
        (None, None),
        (["realtime"], "realtime"),
        (["realtime", KEY], "realtime"),
        ([KEY, "openai-beta.realtime-v1", "realtime"], "realtime"),
        (["realtime", KEY, "openai-organization.org-1", "openai-project.proj-1"], "realtime"),
        ([KEY], None),
        (["mqtt"], None),
    ],
)
def test_the_subprotocol_realtime_is_chosen_only_where_it_is_offered(
    offered: list[str] | None, chosen: str | None
) -> None:
    @asynchronous
    async def scene() -> None:
        subprotocols = [Subprotocol(each) for each in offered] if offered else None
        async with (
            serving(ScriptedEar()) as url,
            websockets.connect(url, subprotocols=subprotocols) as connection,
        ):
            assert connection.subprotocol == chosen
            assert (await greeting(connection))["object"] == "realtime.session"

    scene()


@asynchronous
async def test_a_model_in_an_update_that_is_not_the_urls_is_passed_over() -> None:
    async with serving(ScriptedEar()) as url, websockets.connect(f"{url}?model=here") as connection:
        assert (await greeting(connection))["model"] == "here"
        session = {
            "type": "realtime",
            "model": "gpt-realtime-2.1",
            "tools": LAMP_AND_FAN,
            "instructions": "Go.",
        }
        updated = await exchanged(connection, type="session.update", session=session)
        assert updated["type"] == "session.updated"
        assert updated["session"]["model"] == "here"
        assert updated["session"]["instructions"] == "Go."
        assert len(updated["session"]["tools"]) == 2
        refused = await exchanged(connection, type="session.update", session={"type": "realtime", "model": 5})
        assert (refused["error"]["code"], refused["error"]["param"]) == ("invalid_type", "session.model")


@pytest.mark.parametrize(
    ("path", "model"),
    [
        ("/v1/realtime", "voiced-brain"),
        ("/v1/realtime/?model=m", "m"),
        ("/v1/realtime?model=", "voiced-brain"),
        ("/openai/v1/realtime?model=my%20deployment", "my deployment"),
        ("/realtime?model=m", "m"),
        ("/openai/realtime?api-version=2025-04-01-preview&deployment=mine", "mine"),
    ],
)
def test_the_paths_of_openai_and_of_azure_are_served(path: str, model: str) -> None:
    @asynchronous
    async def scene() -> None:
        async with serving(ScriptedEar()) as url:
            address = f"ws://{urlsplit(url).netloc}{path}"
            async with websockets.connect(address) as connection:
                assert (await greeting(connection))["model"] == model

    scene()


@pytest.mark.parametrize("path", ["/", "/v1", "/v1/live", "/openai/deployments/a/realtime", "/v1/realtimes"])
def test_other_paths_are_not_found_and_the_answer_names_those_that_are(path: str) -> None:
    @asynchronous
    async def scene() -> None:
        async with serving(ScriptedEar()) as url:
            with pytest.raises(websockets.InvalidStatus) as refused:
                await websockets.connect(f"ws://{urlsplit(url).netloc}{path}")
            assert refused.value.response.status_code == 404
            assert b"/openai/v1/realtime" in refused.value.response.body

    scene()


@asynchronous
async def test_the_official_azure_client_is_served() -> None:
    async with serving(ScriptedEar()) as url:
        client = AsyncAzureOpenAI(
            api_key="unused",
            api_version="2025-04-01-preview",
            azure_endpoint=f"http://{urlsplit(url).netloc}",
            websocket_base_url=f"ws://{urlsplit(url).netloc}/openai",
        )
        async with client, client.realtime.connect(model="mine") as connection:
            created: Any = await connection.recv()
            assert created.type == "session.created"
            assert created.session.model == "mine"


async def status(url: str, **headers: str) -> int:
    """The HTTP status of a handshake: 101 where it was let in."""
    shown = {name.replace("_", "-"): value for name, value in headers.items()}
    try:
        async with websockets.connect(url, additional_headers=shown) as connection:
            await greeting(connection)
    except websockets.InvalidStatus as refused:
        return refused.response.status_code
    return 101


@contextlib.asynccontextmanager
async def guarded(listen: str = "127.0.0.1:0", **admission: Any) -> AsyncIterator[str]:
    """A brain with a scripted ear that does not let everybody in."""
    ear = ScriptedEar()
    async with serve(listen, Brain(Engines(lambda: ear, ToneVoice)), Admission(**admission)) as url:
        yield url


@pytest.mark.parametrize(
    ("origin", "expected"),
    [
        ("http://evil.example", 403),
        ("https://evil.example", 403),
        ("null", 403),
        ("", 403),
        ("file://", 403),
        ("http://localhost:3000", 403),
        ("http://[::1", 403),
        ("http://127.0.0.1", 403),
    ],
)
def test_a_web_page_that_is_not_listed_may_not_connect(origin: str, expected: int) -> None:
    @asynchronous
    async def scene() -> None:
        async with guarded() as url:
            assert await status(url, Origin=origin) == expected
            assert await status(url) == 101

    scene()


@asynchronous
async def test_a_page_whose_name_was_made_to_point_here_may_not_connect() -> None:
    async with guarded() as url:
        port = urlsplit(url).port
        assert await status(url, Host=f"evil.example:{port}", Origin=f"http://evil.example:{port}") == 403


@asynchronous
async def test_a_library_that_names_the_servers_own_address_is_no_web_page() -> None:
    async with guarded() as url:
        port = urlsplit(url).port
        assert await status(url, Origin=f"http://127.0.0.1:{port}") == 101
        assert await status(f"ws://localhost:{port}/v1/realtime", Origin=f"http://localhost:{port}") == 101


@pytest.mark.parametrize(
    ("line", "host", "expected"),
    [
        ("/v1/realtime", "[::1", 403),
        ("/v1/realtime", "[", 403),
        ("/v1/realtime", "::1]:x", 403),
        ("/v1/realtime", "localhost:port", 403),
        ("//[/v1/realtime", "localhost", 404),
        ("http://[::1/v1/realtime", "localhost", 404),
        ("*", "localhost", 404),
    ],
)
def test_a_request_that_cannot_be_read_is_refused_like_any_other(line: str, host: str, expected: int) -> None:
    @asynchronous
    async def scene() -> None:
        async with guarded() as url:
            reader, writer = await asyncio.open_connection("127.0.0.1", urlsplit(url).port)
            head = f"GET {line} HTTP/1.1\r\nHost: {host}\r\nOrigin: http://[::1\r\n"
            upgrade = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            writer.write(f"{head}{upgrade}Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n".encode())
            assert int((await reader.readline()).split()[1]) == expected
            writer.close()

    scene()


@asynchronous
async def test_a_listed_web_page_may_connect_and_no_other() -> None:
    async with guarded(origins=("http://localhost:3000/", "https://Panel.example")) as url:
        assert await status(url, Origin="http://localhost:3000") == 101
        assert await status(url, Origin="https://panel.example") == 101
        assert await status(url, Origin="http://localhost:3001") == 403
        assert await status(url, Origin="https://panel.example.evil") == 403


@asynchronous
async def test_two_origins_in_one_request_must_both_be_listed() -> None:
    async with guarded(origins=("http://listed",)) as url:
        headers = [("Origin", "http://listed"), ("Origin", "http://evil")]
        with pytest.raises(websockets.InvalidStatus) as refused:
            await websockets.connect(url, additional_headers=headers)
        assert refused.value.response.status_code == 403


SHOWN = [
    ({}, 401),
    ({"Authorization": "Bearer wrong"}, 401),
    ({"Authorization": "Bearer sesame "}, 101),
    ({"Authorization": "bearer sesame"}, 101),
    ({"Authorization": "Basic sesame"}, 401),
    ({"Authorization": "sesame"}, 401),
    ({"Authorization": "Bearer"}, 401),
    ({"Authorization": "Bearer sesames"}, 401),
    ({"api_key": "sesame"}, 101),
    ({"api_key": "Sesame"}, 401),
    ({"api_key": ""}, 401),
    ({"api_key": "wrong", "Authorization": "Bearer sesame"}, 101),
]


@pytest.mark.parametrize(("headers", "expected"), SHOWN)
def test_over_tcp_the_key_is_asked_for_where_there_is_one(headers: dict[str, str], expected: int) -> None:
    @asynchronous
    async def scene() -> None:
        async with guarded(key="sesame") as url:
            assert await status(url, **headers) == expected
        async with guarded() as url:
            assert await status(url, **headers) == 101

    scene()


@asynchronous
async def test_a_browser_shows_its_key_as_a_subprotocol_and_never_sees_it_again() -> None:
    async with guarded(key="sesame") as url:
        offered = [Subprotocol("realtime"), Subprotocol("openai-insecure-api-key.sesame")]
        async with websockets.connect(url, subprotocols=offered) as connection:
            assert connection.subprotocol == "realtime"
        offered[1] = Subprotocol("openai-insecure-api-key.wrong")
        with pytest.raises(websockets.InvalidStatus) as refused:
            await websockets.connect(url, subprotocols=offered)
        assert refused.value.response.status_code == 401
        assert refused.value.response.headers["WWW-Authenticate"] == "Bearer"


@asynchronous
async def test_a_key_that_is_not_ascii_is_refused_like_any_wrong_one() -> None:
    async with guarded(key="sésame") as url:
        reader, writer = await asyncio.open_connection("127.0.0.1", urlsplit(url).port)
        upgrade = (
            "GET /v1/realtime HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
        )
        writer.write(f"{upgrade}api-key: s\udce9same\r\n\r\n".encode(errors="surrogateescape"))
        assert b" 401 " in await reader.readline()
        writer.close()


@asynchronous
async def test_a_unix_socket_has_its_own_permissions_and_asks_for_no_key(tmp_path: Path) -> None:
    path = tmp_path / "brain.sock"
    async with (
        guarded(f"unix:{path}", key="sesame"),
        websockets.unix_connect(str(path), "ws://localhost/v1/realtime") as connection,
    ):
        assert (await greeting(connection))["object"] == "realtime.session"


@asynchronous
async def test_the_daemon_shows_the_key_of_its_own_brain(
    tmp_path: Path,
) -> None:
    key_file = tmp_path / "key"
    key_file.write_text("sesame\n")
    async with guarded(key="sesame") as url:
        address = urlsplit(url).netloc
        known = brain_endpoint(BrainConfig(address=address, key_file=str(key_file)))
        assert await status(known.url, **known.headers) == 101
        unknown = brain_endpoint(BrainConfig(address=address))
        assert await status(unknown.url, **unknown.headers) == 401
        assert "sesame" not in repr(known)


@asynchronous
async def test_the_credential_of_systemd_is_a_key_too(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "brain_key").write_text("sesame\n")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    assert find_brain_key("").key == "sesame"
    monkeypatch.delenv("CREDENTIALS_DIRECTORY")
    assert find_brain_key("").key is None


def brain_that_does_not_start(*options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "daemon", "brain", "--listen", "127.0.0.1:0", *options]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30)
    assert done.returncode == 2
    return done


@pytest.mark.parametrize("content", [None, "", "\n"])
def test_a_key_file_without_a_key_lets_nobody_in_by_mistake(content: str | None, tmp_path: Path) -> None:
    key_file = tmp_path / "key"
    if content is not None:
        key_file.write_text(content)
    done = brain_that_does_not_start("--key-file", str(key_file))
    assert "write the key alone into it" in done.stderr


def test_an_origin_on_the_command_line_is_one_that_browsers_send() -> None:
    done = brain_that_does_not_start("--origin", "localhost:3000")
    assert '"localhost:3000" is no origin; write "http://HOST:PORT"' in done.stderr
