"""A server that refuses the handshake is understood by the head of its answer, whatever page is below."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

import pytest

from daemon.network.dial import dial
from daemon.network.endpoint import Endpoint
from daemon.network.happy_eyeballs import DialError, Step

CODE = b'{"error":{"code":"invalid_api_key"}}'


def run(test: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(asyncio.wait_for(test(), 30), debug=True)


async def refused(head: bytes, page: bytes = b"", endless: bool = False, hangs: bool = False) -> DialError:
    """What comes of a server that answers so."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(head + b"\r\n\r\n" + page)
            await writer.drain()
            while endless:
                writer.write(page)
                await writer.drain()
            if hangs:
                await reader.read()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as listening:
        port = listening.sockets[0].getsockname()[1]
        with pytest.raises(DialError) as said:
            await dial(Endpoint(f"ws://127.0.0.1:{port}/v1/realtime"), 20.0)
    return said.value


PAGES = {
    "of megabytes": (b"Content-Length: 20000000", b"x" * 20_000_000, False, False),
    "without end": (b"X-Powered-By: x", b"y" * 65_536, True, False),
    "in pieces without end": (
        b"Transfer-Encoding: chunked",
        b"1000\r\n" + b"y" * 4096 + b"\r\n",
        True,
        False,
    ),
    "that does not come": (b"Content-Length: 100", b"", False, True),
    "that breaks off": (b"Content-Length: 100", b"<html>", False, False),
    "of no length": (b"X-Powered-By: x", b"<html>", False, True),
    "of a length that is none": (b"Content-Length: -5", b"", False, False),
    "in pieces that are none": (b"Transfer-Encoding: chunked", b"zz\r\n", False, False),
    "in a coding of its own": (b"Transfer-Encoding: gzip, chunked", b"\x1f\x8b", False, False),
}


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("status", [401, 429])
def test_a_refusal_with_a_page_that_nobody_can_read_is_one(page: str, status: int) -> None:
    header, body, endless, hangs = PAGES[page]

    async def scenario() -> None:
        head = b"HTTP/1.1 %d No\r\nRetry-After: 7\r\n" % status + header
        said = await refused(head, body, endless, hangs)
        assert (said.step, said.code, said.retry_after_s) == (Step.REFUSAL, status, 7.0)

    run(scenario)


@pytest.mark.parametrize("version", [b"1.1", b"1.0"])
@pytest.mark.parametrize("length", [b"X-Length: none", b"Content-Length: %d" % len(CODE)])
def test_the_code_of_a_refusal_is_read_where_its_page_is_there(version: bytes, length: bytes) -> None:
    async def scenario() -> None:
        said = await refused(b"HTTP/" + version + b" 401 Unauthorized\r\n" + length, CODE)
        assert (str(said), said.code) == ("invalid_api_key", 401)

    run(scenario)


@pytest.mark.parametrize("head", [b"HTTP/1.1 200 OK", b"HTTP/1.0 200 OK", b"HTTP/1.1 204 No Content"])
def test_a_web_server_that_is_content_is_no_connection(head: bytes) -> None:
    async def scenario() -> None:
        assert (await refused(head)).code in (200, 204)

    run(scenario)


@pytest.mark.parametrize(
    "head",
    [
        *(b"SSH-2.0-OpenSSH_9.2", b"HTTP/2 401", b"HTTP/1.1 1000 No", b"HTTP/1.1 -1 No", b"HTTP/1.1 401"),
        *(b"HTTP/1.1 401 No\r\n" + b"X: y\r\n" * 1000, b"HTTP/1.1 401 No\r\nX: " + b"y" * 100_000, b""),
    ],
)
def test_what_is_no_answer_of_a_web_server_is_a_sentence(head: bytes) -> None:
    async def scenario() -> None:
        said = await refused(head)
        assert (said.step, said.code) == (Step.HANDSHAKE, 0)
        assert "WebSocket" in str(said)

    run(scenario)
