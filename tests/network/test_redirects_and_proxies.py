"""Where credentials go: to the server they are meant for; not along a redirect, not into a sentence."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection
from websockets.http11 import Request, Response

from daemon.config import loader
from daemon.config.error_messages import ConfigError
from daemon.network import endpoint as endpoints
from daemon.network.dial import dial
from daemon.network.endpoint import Endpoint
from daemon.network.happy_eyeballs import DialError, Shunned, Step
from daemon.service.realtime_link import RealtimeLink
from daemon.telemetry.wire_log import WireLog
from tests.network.wayside import Proxy, script_names, server, swallowing

KEY = "sk-canary-0123456789"
HEADERS = {"Authorization": f"Bearer {KEY}", "api-key": KEY, "X-Own": KEY}


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)


def run(test: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(asyncio.wait_for(test(), 30), debug=True)


def answering(place: str, status: int = 302) -> Callable[[ServerConnection, Request], Response | None]:
    def answer(connection: ServerConnection, request: Request) -> Response | None:
        if request.path.startswith("/there"):
            return None
        response = connection.respond(HTTPStatus(status), "")
        response.headers["Location"] = place
        return response

    return answer


async def refused(url: str, headers: dict[str, str] | None = None, limit_s: float = 5.0) -> DialError:
    with pytest.raises(DialError) as told:
        await dial(Endpoint(url, HEADERS if headers is None else headers), limit_s)
    return told.value


# ---------------------------------------------------------------- redirects


@pytest.mark.parametrize("status", [300, 301, 302, 303, 307, 308])
def test_credentials_do_not_follow_a_redirect_to_another_host(status: int) -> None:
    async def scenario() -> None:
        async with server("127.0.0.2") as (other, seen):
            place = f"ws://user:pw-canary@127.0.0.2:{other}/there?key={KEY}"
            async with server(answer=answering(place, status)) as (port, _):
                said = await refused(f"ws://127.0.0.1:{port}/v1/realtime")
            assert seen == []
        assert (said.step, said.code) == (Step.REDIRECT, status)
        assert f"sends us on to another server, ws://127.0.0.2:{other}" in said.sentence
        assert "realtime.url" in said.remedy
        assert "canary" not in str(said)

    run(scenario)


@pytest.mark.parametrize(
    "place",
    [
        "ws://127.0.0.1:9/there",
        "wss://127.0.0.1/there",
        "http://127.0.0.1:{port}/there",
        "//127.0.0.2:{port}/there",
        "ws://127.0.0.1:{port}@127.0.0.2:{port}/there",
        "ws://[::1/there",
        "ws://localhost:{port}/there",
    ],
)
def test_another_port_scheme_or_name_is_another_origin(place: str) -> None:
    async def scenario() -> None:
        ports: list[int] = []

        def answer(connection: ServerConnection, request: Request) -> Response | None:
            return answering(place.format(port=ports[0]))(connection, request)

        async with server(answer=answer) as (port, seen):
            ports.append(port)
            assert (await refused(f"ws://127.0.0.1:{port}/v1/realtime")).step is Step.REDIRECT
            assert len(seen) == 1

    run(scenario)


@pytest.mark.parametrize("place", ["/there", "there/too", "ws://127.0.0.1:{port}/there"])
def test_a_redirect_within_the_origin_is_followed_with_the_key(place: str) -> None:
    async def scenario() -> None:
        ports: list[int] = []

        def answer(connection: ServerConnection, request: Request) -> Response | None:
            return answering(place.format(port=ports[0]))(connection, request)

        async with server(answer=answer) as (port, seen):
            ports.append(port)
            await (await dial(Endpoint(f"ws://127.0.0.1:{port}/x", HEADERS))).close()
            assert [each.headers["api-key"] for each in seen] == [KEY, KEY]

    run(scenario)


def test_a_redirect_in_a_circle_ends() -> None:
    async def scenario() -> None:
        async with server(answer=answering("/round")) as (port, seen):
            assert (await refused(f"ws://127.0.0.1:{port}/")).step is Step.REDIRECT
            assert len(seen) == 4

    run(scenario)


def test_a_redirect_ends_the_connection_with_a_sentence() -> None:
    async def scenario() -> None:
        async with server(answer=answering("ws://127.0.0.2:9/")) as (port, _):
            said: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
            link = RealtimeLink(
                lambda _: Endpoint(f"ws://127.0.0.1:{port}/", HEADERS), said.set_result, WireLog("")
            )
            link.open(1, "server")
            assert "sends us on to another server, ws://127.0.0.2:9" in (await said).reason
            await link.aclose()

    run(scenario)


# ---------------------------------------------------------------- headers


@pytest.mark.parametrize("value", ["sk-1\r\nX-Evil: 1", "sk-1\nX", "sk\0", "sk-é", "sk-1\x1b[2J"])
def test_a_header_that_cannot_be_sent_is_refused_before_anything_is_sent(value: str) -> None:
    async def scenario() -> None:
        async with server() as (port, seen):
            said = await refused(f"ws://127.0.0.1:{port}/", {"Authorization": f"Bearer {value}"})
            assert said.step is Step.HEADER
            assert value not in str(said)
            assert seen == []

    run(scenario)


@pytest.mark.parametrize("key", ["organization", "project", "model"])
@pytest.mark.parametrize("value", [r"p\r\nX-Evil: 1", r"p\u0000", r"p\u001b[2J"])
def test_control_characters_in_what_goes_to_the_server_are_refused_by_the_configuration(
    key: str, value: str
) -> None:
    with pytest.raises(ConfigError, match=f"realtime.{key}: .*; write"):
        loader.parse(f'[realtime]\nprovider = "openai"\n{key} = "{value}"', "voiced.toml")


# ---------------------------------------------------------------- proxies


FORMS = [
    "http://{user}:{password}@{place}",
    "{user}:{password}@{place}",
    "HTTP://{user}:{password}@{place}/",
    " http://{user}:{password}@{place} ",
]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("password", ["pw-canary", "p%40w-canary", "p@w/canary#1?", "pw-canary:2"])
def test_a_proxy_with_user_and_password_is_used_however_it_is_written(
    form: str, password: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scenario() -> None:
        plain = password.replace("%40", "@")
        async with server() as (port, seen):
            proxy = Proxy(port, login=f"me:{plain}")
            async with proxy.listening() as place:
                value = form.format(user="me", password=password, place=place)
                monkeypatch.setenv("http_proxy", value)
                await (await dial(Endpoint("ws://voice.example/v1/realtime", HEADERS))).close()
        assert len(seen) == len(proxy.asked) == 1
        assert proxy.asked[0].startswith("CONNECT voice.example:80 HTTP/1.1\r\n")
        assert KEY not in proxy.asked[0]

    run(scenario)


BAD_PROXIES = [
    "me:pw-canary@127.0.0.1:9",
    "http://me:pw-canary@127.0.0.1:9",
    "http://me:pw-canary@127.0.0.1:99999",
    "http://me:pw-canary@127.0.0.1:0",
    "http://me:pw-canary@127.0.0.1:port",
    "http://me:pw-canary@",
    "http://me:pw-canary",
    "me:pw-canary:127.0.0.1:9",
    "https://me:pw-canary@127.0.0.1:9",
    "socks5://me:pw-canary@127.0.0.1:9",
    "socks5h://me:pw-canary@127.0.0.1:9",
    "ftp://me:pw-canary@127.0.0.1:9",
    "pw-canary://me@127.0.0.1:9",
    "http://me:pw#canary/1@127.0.0.1:9",
    "http://me:pw-canary@proxy.invalid:3128",
    "http://me:pw-canary@[::1:3128",
    "http://me:pw-canary@[::1]:9",
    "http://me:pw-canary@a..b:9",
    "http://" + "me:pw-canary@" * 3 + "127.0.0.1:9",
]


@pytest.mark.parametrize("value", BAD_PROXIES)
@pytest.mark.parametrize("variable", ["wss_proxy", "https_proxy", "HTTPS_PROXY"])
def test_a_proxy_that_does_not_work_is_one_sentence_without_its_password(
    value: str, variable: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def scenario() -> None:
        monkeypatch.setenv(variable, value)
        said: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        link = RealtimeLink(lambda _: Endpoint("wss://voice.example/", HEADERS), said.set_result, WireLog(""))
        link.open(1, "server")
        end = await said
        await link.aclose()
        assert end.code == 0
        assert variable.lower() in end.reason
        assert "canary" not in end.reason
        assert "\n" not in end.reason

    with caplog.at_level(logging.INFO):
        run(scenario)
    assert "canary" not in caplog.text
    assert "Traceback" not in caplog.text


@pytest.mark.parametrize(
    ("says", "login", "word"),
    [
        (b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", "", "wants a user and a password (407)"),
        (b"HTTP/1.1 407 No\r\n\r\n", "me:pw-canary@", "refuses the user or the password (407)"),
        (b"HTTP/1.1 403 Forbidden\r\nContent-Length: 4\r\n\r\nno\r\n", "", "(status 403)"),
        (b"HTTP/1.0 503 x\r\n\r\n", "", "(status 503)"),
        (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", "", "does not answer as an HTTP proxy does"),
        (b"", "", "does not answer as an HTTP proxy does"),
        (b"x" * 100_000, "", "does not answer as an HTTP proxy does"),
        (None, "me:pw-canary@", "no answer in time"),
    ],
)
def test_what_a_proxy_answers_instead_is_told(
    says: bytes | None,
    login: str,
    word: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def scenario() -> None:
        async with Proxy(says=says).listening() as place:
            monkeypatch.setenv("https_proxy", f"http://{login}{place}")
            said = await refused("wss://voice.example/", limit_s=1.0)
            assert (said.step, said.code) == (Step.PROXY, 0)
            assert f"the proxy {place}" in said.sentence
            assert word in said.sentence
            assert "canary" not in str(said)

    run(scenario)
    assert "Traceback" not in caplog.text


def test_a_proxy_that_swallows_is_told_by_its_loopback_address_that_swallows(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def scenario() -> None:
        with swallowing() as port:
            monkeypatch.setenv("https_proxy", f"http://me:pw-canary@127.0.0.2:{port}")
            said = await refused("wss://voice.example/", limit_s=1.0)
        assert said.step is Step.PROXY
        assert "127.0.0.2 cannot be reached (no answer in time)" in said.sentence
        assert "canary" not in str(said)

    run(scenario)


@pytest.mark.parametrize("variable", ["http_proxy", "https_proxy", "ws_proxy", "socks_proxy", "HTTP_PROXY"])
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "127.0.0.3", "voiced.localhost"])
def test_a_proxy_is_not_used_for_loopback(variable: str, host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario() -> None:
        script_names(monkeypatch, {"voiced.localhost": [("127.0.0.1", 0)]})
        monkeypatch.setenv(variable, "socks5://127.0.0.1:9")
        bare = host.strip("[]")
        async with server("127.0.0.1" if bare[0] not in "1:" else bare) as (port, seen):
            await (await dial(Endpoint(f"ws://{host}:{port}/", HEADERS))).close()
            assert len(seen) == 1

    run(scenario)


@pytest.mark.parametrize(
    ("no_proxy", "host"),
    [
        ("*", "voice.example"),
        ("voice.example", "voice.example"),
        ("Voice.Example", "voice.example"),
        (".example", "voice.example"),
        ("*.example", "voice.example"),
        ("example", "voice.example"),
        ("other.net, voice.example:{port}", "voice.example"),
        ("other.net voice.example", "voice.example"),
        ("10.1.0.0/16", "10.1.2.3"),
        ("10.1.2.3", "10.1.2.3"),
        ("[2001:db8::7]", "[2001:db8::7]"),
        ("2001:db8::/32", "[2001:db8::7]"),
    ],
)
def test_no_proxy_is_honoured_by_scripted_getaddrinfo(
    no_proxy: str, host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scenario() -> None:
        async with server() as (port, seen):
            monkeypatch.setenv("http_proxy", "socks5://127.0.0.1:9")
            monkeypatch.setenv("no_proxy", no_proxy.format(port=port))
            script_names(monkeypatch, {host.strip("[]"): [("127.0.0.1", port)]})
            await (await dial(Endpoint(f"ws://{host}:{port}/"))).close()
            assert len(seen) == 1

    run(scenario)


@pytest.mark.parametrize("no_proxy", ["", "oice.example", "voice.example:81", "10.0.0.0/8", "::1", "voice"])
def test_no_proxy_of_others_does_not_count(no_proxy: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario() -> None:
        monkeypatch.setenv("http_proxy", "socks5://127.0.0.1:9")
        monkeypatch.setenv("no_proxy", no_proxy)
        assert "a SOCKS proxy cannot be used" in str(await refused("ws://voice.example/"))

    run(scenario)


def test_the_brain_never_goes_through_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario() -> None:
        async with server() as (port, seen):
            monkeypatch.setenv("http_proxy", "socks5://127.0.0.1:9")
            script_names(monkeypatch, {"brain.example": [("127.0.0.1", port)]})
            made = loader.parse(f'[brain]\naddress = "brain.example:{port}"', "voiced.toml")
            await (await dial(endpoints.endpoint(made))).close()
            assert len(seen) == 1

    run(scenario)


def test_the_brain_on_a_unix_socket_that_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    async def scenario() -> None:
        with pytest.raises(DialError, match=r"the offline brain at .*brain.sock \(No such file"):
            await dial(Endpoint("ws://localhost/", unix=f"{tmp_path}/brain.sock"), 2.0, Shunned())

    run(scenario)
