"""Websockets in memory keep to what the real ones do, as far as the link and the brain use them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from websockets.asyncio.server import serve
from websockets.exceptions import ConnectionClosed

from daemon.network.dial import dial
from daemon.network.endpoint import Endpoint
from daemon.network.handshake import server_s
from daemon.network.memory_socket import MemoryNetwork


@asynccontextmanager
async def in_memory(handle: Any) -> AsyncIterator[Any]:
    yield await MemoryNetwork(handle).dial(Endpoint("ws://nowhere/"))


@asynccontextmanager
async def on_loopback(handle: Any) -> AsyncIterator[Any]:
    async with serve(handle, "127.0.0.1", 0) as listening:
        port = next(iter(listening.sockets)).getsockname()[1]
        yield await dial(Endpoint(f"ws://127.0.0.1:{port}/v1/realtime"))


@pytest.fixture(params=[in_memory, on_loopback], ids=["in memory", "on loopback"])
def connected(request: pytest.FixtureRequest) -> Any:
    """A client's end that is connected with this server."""
    return request.param


def test_what_is_sent_arrives_in_order_and_both_learn_of_the_end(connected: Any) -> None:
    async def scenario() -> None:
        heard: asyncio.Queue[str] = asyncio.Queue()

        async def handle(connection: Any) -> None:
            assert connection.request.path == "/v1/realtime"
            await connection.send("hello")
            async for frame in connection:
                heard.put_nowait(json.loads(frame))
            heard.put_nowait("gone")

        async with connected(handle) as client:
            assert await client.recv(decode=False) == b"hello"
            for word in ("one", "two"):
                await client.send(json.dumps(word).encode(), text=True)
            await (await client.ping())
            assert server_s(client.response.headers)
            await client.close()
            assert [await heard.get() for _ in range(3)] == ["one", "two", "gone"]
            assert client.close_code == 1000
            for used in (client.send(b"late", text=True), client.recv(decode=False)):
                with pytest.raises(ConnectionClosed):
                    await used

    asyncio.run(asyncio.wait_for(scenario(), 30))


def test_what_the_server_says_before_it_leaves_still_arrives(connected: Any) -> None:
    async def scenario() -> None:
        async def handle(connection: Any) -> None:
            await connection.send("last words")
            await connection.close(1001, "")
            with pytest.raises(ConnectionClosed):
                await connection.send("too late")

        async with connected(handle) as client, client:
            assert await client.recv(decode=False) == b"last words"
            with pytest.raises(ConnectionClosed):
                await client.recv(decode=False)
            assert client.close_code == 1001

    asyncio.run(asyncio.wait_for(scenario(), 30))
