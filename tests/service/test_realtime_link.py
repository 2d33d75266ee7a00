"""The link against real websocket servers on loopback: what it tells, sends and logs."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, serve, unix_serve
from websockets.http11 import Request, Response
from websockets.server import ServerProtocol

from daemon.core.events import Connected, Disconnected, Received
from daemon.network.endpoint import Endpoint
from daemon.realtime import events as wire
from daemon.realtime.codec import UndecodableFrame
from daemon.service.realtime_link import LinkEvent, RealtimeLink
from daemon.telemetry.wire_log import WireLog

CREATED = '{"type":"session.created","event_id":"e1","session":{"id":"s"}}'
Handler = Callable[[ServerConnection], Awaitable[None]]


class Listener:
    """Collects what the link tells."""

    def __init__(self) -> None:
        self.events: list[LinkEvent] = []
        self.undecodable: list[UndecodableFrame] = []
        self.begun, self.ended = asyncio.Event(), asyncio.Event()

    def __call__(self, event: LinkEvent) -> None:
        self.events.append(event)
        self.begun.set()
        if isinstance(event, Disconnected):
            self.ended.set()

    async def end(self) -> Disconnected:
        await asyncio.wait_for(self.ended.wait(), 5)
        last = self.events[-1]
        assert isinstance(last, Disconnected)
        return last


@asynccontextmanager
async def linked(handler: Handler, log: str = "", **options: Any) -> Any:
    """A server with this handler, and a link to it."""
    async with serve(handler, "127.0.0.1", 0, **options) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        told, log_file = Listener(), WireLog(log)
        endpoint = Endpoint(f"ws://127.0.0.1:{port}/v1/realtime", {"Authorization": "Bearer sk-canary"})
        link = RealtimeLink(lambda place: endpoint, told, log_file, undecodable=told.undecodable.append)
        link.open(1, "server")
        yield link, told
        await link.aclose()
        log_file.close()


def run(test: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(asyncio.wait_for(test(), 20), debug=True)


def test_it_tells_what_arrives_in_order_and_how_it_ended() -> None:
    async def handler(socket: ServerConnection) -> None:
        assert socket.request is not None
        assert socket.request.headers["Authorization"] == "Bearer sk-canary"
        await socket.send(CREATED)
        await socket.send(CREATED.encode())
        await socket.close(1001, "Your session hit the maximum duration of 60 minutes.")

    async def scenario() -> None:
        async with linked(handler) as (_, told):
            end = await told.end()
        assert [type(event) for event in told.events] == [Connected, Received, Received, Disconnected]
        assert (end.code, end.conn) == (1001, 1)

    run(scenario)


def test_it_remembers_the_engine_that_the_brain_has_told() -> None:
    async def handler(socket: ServerConnection) -> None:
        await socket.wait_closed()

    async def scenario() -> None:
        for server, engine in (("voiced-brain/both", "both"), ("Python", "")):
            async with linked(handler, server_header=server) as (link, told):
                await asyncio.wait_for(told.begun.wait(), 5)
                assert link.engine == engine

    run(scenario)


def test_junk_is_counted_and_what_follows_is_still_read() -> None:
    async def handler(socket: ServerConnection) -> None:
        for frame in ("nope", "[]", '{"type":"from.the.future"}', CREATED):
            await socket.send(frame)

    async def scenario() -> None:
        async with linked(handler) as (_, told):
            await told.end()
            assert [frame.type for frame in told.undecodable] == ["", "", "from.the.future"]
        assert [type(event) for event in told.events] == [Connected, Received, Disconnected]

    run(scenario)


def test_a_frame_beyond_the_limit_ends_the_connection_not_the_process() -> None:
    async def handler(socket: ServerConnection) -> None:
        await socket.send("x" * (wire.MAX_FRAME_BYTES + 1))
        await socket.wait_closed()

    async def scenario() -> None:
        async with linked(handler) as (_, told):
            assert (await told.end()).code in (1006, 1009)

    run(scenario)


def test_a_writer_that_fails_ends_the_connection_so_that_another_is_made() -> None:
    async def handler(socket: ServerConnection) -> None:
        await socket.wait_closed()

    async def scenario() -> None:
        async with linked(handler) as (link, told):
            assert link.at_work
            link.send(1, object())  # nobody can encode that
            assert (await told.end()).reason == "internal error"
            await asyncio.sleep(0)
            assert not link.at_work

    run(scenario)


@pytest.mark.parametrize(
    ("status", "headers", "body", "reason", "retry_after_s"),
    [
        (401, {}, b'{"error":{"code":"invalid_api_key"}}', "invalid_api_key", 0),
        (404, {}, b"<html>", "HTTP 404", 0),
        (429, {"Retry-After": "7"}, b"", "HTTP 429", 7),
        (503, {"Retry-After": "soon"}, b"[]", "HTTP 503", 0),
    ],
)
def test_a_refused_handshake(
    status: int, headers: dict[str, str], body: bytes, reason: str, retry_after_s: float
) -> None:
    def refuse(socket: ServerConnection, request: Request) -> Response:
        response = socket.respond(HTTPStatus(status), body.decode())
        for name, value in headers.items():
            response.headers[name] = value
        return response

    async def handler(_: ServerConnection) -> None:
        raise AssertionError

    async def scenario() -> None:
        async with linked(handler, process_request=refuse) as (_, told):
            assert await told.end() == Disconnected(1, status, reason, retry_after_s)

    run(scenario)


def test_nobody_listens() -> None:
    async def scenario() -> None:
        told = Listener()
        link = RealtimeLink(lambda place: Endpoint("ws://127.0.0.1:1/v1/realtime"), told, WireLog(""))
        link.open(4, "server")
        end = await told.end()
        assert (end.conn, end.code) == (4, 0)
        assert end.reason

    run(scenario)


def test_it_speaks_over_a_unix_socket_and_in_order(tmp_path: Path) -> None:
    async def handler(socket: ServerConnection) -> None:
        async for frame in socket:
            frames.append(json.loads(frame)["type"])
            assert isinstance(frame, str)
            if len(frames) == 3:
                await socket.close()

    frames: list[str] = []

    async def scenario() -> None:
        path = str(tmp_path / "brain.sock")
        async with await unix_serve(handler, path):
            told = Listener()
            link = RealtimeLink(
                lambda place: Endpoint("ws://localhost/v1/realtime", unix=path), told, WireLog("")
            )
            link.open(1, "server")
            for event in (wire.AudioClear(), wire.AudioAppend(audio=b"\0\0"), wire.AudioCommit()):
                link.send(1, event)
            await told.end()
            await link.aclose()

    run(scenario)
    assert frames == ["input_audio_buffer.clear", "input_audio_buffer.append", "input_audio_buffer.commit"]


def test_the_wire_log_has_every_event_and_no_key(tmp_path: Path) -> None:
    async def handler(socket: ServerConnection) -> None:
        await socket.send(CREATED)
        await socket.recv()

    async def scenario() -> None:
        async with linked(handler, str(log)) as (link, told):
            link.send(1, wire.AudioCommit(event_id="c1"))
            await told.end()

    log = tmp_path / "wire.jsonl"
    run(scenario)
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert {(line["dir"], line["event"]["type"], line["conn"]) for line in lines} == {
        ("client", "input_audio_buffer.commit", 1),
        ("server", "session.created", 1),
    }
    assert "canary" not in log.read_text()


def test_connections_live_side_by_side_and_are_left_in_silence() -> None:
    async def handler(socket: ServerConnection) -> None:
        await socket.send(CREATED)
        await socket.wait_closed()

    async def scenario() -> None:
        async with linked(handler) as (link, told):
            await asyncio.sleep(0.1)
            link.open(2, "server")
            await asyncio.sleep(0.2)
            link.close(1)
            await asyncio.sleep(0.2)
        assert [event.conn for event in told.events] == [1, 1, 2, 2]

    run(scenario)


def test_a_probe_finds_out_that_nobody_is_there() -> None:
    """As when a router forgets a connection: the socket is open, and nothing comes back."""
    gone = asyncio.Event()

    async def mute(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        protocol = ServerProtocol()
        protocol.receive_data(await reader.readuntil(b"\r\n\r\n"))
        (handshake,) = protocol.events_received()
        protocol.send_response(protocol.accept(handshake))  # type: ignore[arg-type]
        writer.write(b"".join(protocol.data_to_send()))
        with suppress(ConnectionError):
            await reader.read()
        writer.close()
        gone.set()

    async def scenario() -> None:
        server = await asyncio.start_server(mute, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        told = Listener()
        link = RealtimeLink(lambda place: Endpoint(f"ws://127.0.0.1:{port}/"), told, WireLog(""), pong_s=0.2)
        link.open(1, "server")
        await told.begun.wait()
        link.probe(1)
        end = await told.end()
        assert (end.conn, end.reason) == (1, "the server does not answer")
        await link.aclose()
        await gone.wait()
        server.close()

    run(scenario)


def test_what_dials_is_imported_with_the_first_dial_so_that_the_button_works_before() -> None:
    told = "import sys, daemon.service.appliance; sys.exit('websockets' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", told], check=False).returncode == 0
