"""How clients come in: paths, models, subprotocols. The ear is scripted, the socket is real."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

import pytest
import websockets
from openai import AsyncAzureOpenAI
from websockets.typing import Subprotocol

from daemon.protocol import Json
from tests.brain.scripted import LAMP_AND_FAN, ScriptedEar, serving
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
