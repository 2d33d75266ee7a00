"""doctor and the other end: real servers on loopback, real certificates, real name resolution."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import ssl
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path

import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.datastructures import Headers
from websockets.http11 import Request, Response

from daemon.commands.doctor import network
from daemon.commands.doctor.finding import Finding, Told
from daemon.commands.doctor.machine import InspectedMachine
from daemon.core import events as ev
from daemon.realtime import events as wire
from daemon.realtime.errors import CODES, STATUSES, RefusalCause
from tests.core.rig import Rig
from tests.network.wayside import certificate, script_names

KEY = "sk-test"


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)


@contextmanager
def server(
    status: int = 101,
    code: str = "",
    event: str = '{"type": "session.created"}',
    tls: Path | None = None,
    deaf_s: float = 0.0,
) -> Iterator[int]:
    """A server of the Realtime protocol that refuses with a status, or says one event; its port."""

    def refuse(_: ServerConnection, request: Request) -> Response | None:
        assert request.headers["Authorization"] == f"Bearer {KEY}"
        body = json.dumps({"error": {"code": code}}).encode()
        return (
            None
            if status == 101
            else Response(status, "No", Headers({"Content-Length": str(len(body))}), body)
        )

    async def greet(connection: ServerConnection) -> None:
        await connection.send(event)
        connection.transport.pause_reading()
        await asyncio.sleep(deaf_s)
        connection.transport.resume_reading()

    context = None
    if tls is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(tls / "certificate.pem", tls / "key.pem")

    async def serve_until_done() -> None:
        async with serve(greet, "127.0.0.1", 0, process_request=refuse, ssl=context) as listening:
            started.set_result((asyncio.get_running_loop(), next(iter(listening.sockets)).getsockname()[1]))
            await done.wait()

    started: Future[tuple[asyncio.AbstractEventLoop, int]] = Future()
    done = asyncio.Event()
    thread = threading.Thread(target=lambda: asyncio.run(serve_until_done()))
    thread.start()
    loop, port = started.result(10)
    try:
        yield port
    finally:
        loop.call_soon_threadsafe(done.set)
        thread.join()


def told(folder: Path, url: str, greeting_s: float = 10.0) -> list[Told]:
    path = folder / "voiced.toml"
    path.write_text(
        f'[realtime]\nprovider = "custom"\nfallback = "none"\nurl = "{url}"\nmodel = "gpt-realtime"\n'
        f'[control]\nsocket = "{folder}/control.sock"\n'
    )
    machine = InspectedMachine(path)
    return [*network.way(machine), *network.answer(machine, greeting_s), *network.brain(machine)]


def findings(folder: Path, url: str) -> list[Finding]:
    return [each for each in told(folder, url) if isinstance(each, Finding)]


def found(folder: Path, url: str) -> list[tuple[str, str]]:
    return [(each.code, each.remedy) for each in findings(folder, url)]


def test_server_that_takes_the_key_is_healthy(tmp_path: Path) -> None:
    with server() as port:
        said = told(tmp_path, f"ws://127.0.0.1:{port}/v1/realtime")
    assert said == ["127.0.0.1 can be reached", "127.0.0.1 takes the key and the model"]


@pytest.mark.parametrize(
    ("status", "error", "code", "remedy"),
    [
        (401, "invalid_api_key", "V611", "Store a valid one"),
        (403, "", "V612", "Give the project access"),
        (404, "model_not_found", "V613", "Check realtime.model"),
        (429, "rate_limit_exceeded", "V614", "Wait some minutes"),
        (429, "insufficient_quota", "V616", "Add credit"),
        (400, "", "V615", "Check realtime.url"),
        (503, "", "V618", "Try again later"),
    ],
)
def test_refusal_is_told_by_its_reason(
    tmp_path: Path, status: int, error: str, code: str, remedy: str
) -> None:
    with server(status, error) as port:
        ((number, advice),) = found(tmp_path, f"ws://127.0.0.1:{port}/v1/realtime")
    assert number == code
    assert remedy in advice


@pytest.mark.parametrize(
    ("event", "code"),
    [
        ('{"type": "error", "error": {"code": "insufficient_quota", "message": "no"}}', "V616"),
        ('{"type": "error", "error": {"code": "invalid_api_key"}}', "V611"),
        ('{"type": "hello"}', "V617"),
        ("good morning", "V617"),
    ],
)
def test_refusal_after_the_handshake(tmp_path: Path, event: str, code: str) -> None:
    with server(event=event) as port:
        assert [number for number, _ in found(tmp_path, f"ws://127.0.0.1:{port}/")] == [code]


@pytest.mark.parametrize(
    ("status", "code", "cause"),
    [(403, code, cause) for code, cause in CODES.items()]
    + [(status, "", cause) for status, cause in STATUSES.items()],
)
def test_doctor_and_the_machine_read_a_refusal_alike(
    tmp_path: Path, status: int, code: str, cause: RefusalCause
) -> None:
    with server(status, code) as port:
        (finding,) = findings(tmp_path, f"ws://127.0.0.1:{port}/v1/realtime")
    assert cause.clause in finding.sentence

    rig = Rig()
    rig.step(ev.Start(), ev.Disconnected(1, status, code or f"HTTP {status}"))
    assert rig.machine.link == ("refused" if cause.fatal else "waiting")
    said = rig.found(ev.LinkChanged)[-1].reason
    assert (cause.clause in said) == cause.fatal


@pytest.mark.parametrize(("code", "cause"), CODES.items())
def test_doctor_and_the_machine_read_an_error_event_alike(
    tmp_path: Path, code: str, cause: RefusalCause
) -> None:
    with server(event=json.dumps({"type": "error", "error": {"type": code}})) as port:
        (finding,) = findings(tmp_path, f"ws://127.0.0.1:{port}/")
    assert cause.clause in finding.sentence

    rig = Rig()
    rig.step(ev.Start(), ev.Connected(1))
    rig.receive(wire.Error(error=wire.ErrorDetail(type=code)))
    rig.lose()
    assert rig.machine.link == ("refused" if cause.fatal else "waiting")


def test_server_of_another_protocol(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def hang_up() -> None:
            for _ in range(3):  # twice to look, once to talk
                listening.accept()[0].close()

        thread = threading.Thread(target=hang_up)
        thread.start()
        codes = [number for number, _ in found(tmp_path, f"ws://127.0.0.1:{listening.getsockname()[1]}/")]
        thread.join()
    assert codes == ["V617"]


def test_name_that_is_not_there(tmp_path: Path) -> None:
    ((code, remedy),) = found(tmp_path, "wss://voiced.invalid/v1/realtime")
    assert code == "V602"
    assert "/etc/resolv.conf" in remedy


def test_key_in_the_open(tmp_path: Path) -> None:
    assert [code for code, _ in found(tmp_path, "ws://voiced.invalid/v1/realtime")] == ["V601", "V602"]


def test_nobody_listens(tmp_path: Path) -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        codes = [code for code, _ in found(tmp_path, f"wss://127.0.0.1:{bound.getsockname()[1]}/")]
    assert codes == ["V606"]


@pytest.mark.parametrize(
    ("name", "days", "trusted", "code", "remedy"),
    [
        ("localhost", 30, True, "", ""),
        ("localhost", -1, True, "V603", "Set the clock"),
        ("localhost", 30, False, "V604", "ca-certificates"),
        ("elsewhere", 30, True, "V604", "Check realtime.url"),
    ],
)
def test_certificate(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    days: int,
    trusted: bool,
    code: str,
    remedy: str,
) -> None:
    # On many machines it is ::1 too, where this server does not listen.
    script_names(monkeypatch, {"localhost": [("127.0.0.1", 0)]})
    folder = certificate(tmp_path, name, expired=days < 0)
    monkeypatch.setenv("SSL_CERT_FILE", str(folder / "certificate.pem") if trusted else "/dev/null")
    with server(tls=folder) as port:
        problems = found(tmp_path, f"wss://localhost:{port}/v1/realtime")
    assert [number for number, _ in problems] == ([code] if code else [])
    assert not problems or remedy in problems[0][1]


def test_a_server_that_greets_and_is_slow_to_close(tmp_path: Path) -> None:
    with server(deaf_s=3.0) as port:
        said = told(tmp_path, f"ws://127.0.0.1:{port}/v1/realtime", greeting_s=2.0)
    assert not any(isinstance(each, Finding) for each in said)


def test_tls_spoken_to_a_server_without(tmp_path: Path) -> None:
    with server() as port:
        assert [code for code, _ in found(tmp_path, f"wss://127.0.0.1:{port}/")] == ["V605"]


@pytest.mark.parametrize(("running", "unit"), [("https_proxy=socks5://h:1\0X=1\0", ""), ("", "X=1 {}")])
def test_the_proxy_is_the_services_and_not_this_shells_by_a_planted_unit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, running: str, unit: str
) -> None:
    path = tmp_path / "voiced.toml"
    path.write_text('[realtime]\nprovider = "custom"\nurl = "wss://voice.example/"\n')
    (tmp_path / "proc/7").mkdir(parents=True)
    (tmp_path / "proc/7/environ").write_text(running)
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    facts = "LoadState=loaded\nMainPID=7\nEnvironment=" + unit.format('"https_proxy=socks5://h:1"')
    machine = InspectedMachine(path, tmp_path, lambda *words: facts if words[1] == "show" else None)
    (problem,) = network.way(machine)
    assert isinstance(problem, Finding)
    assert (problem.code, "SOCKS" in problem.sentence) == ("V608", True)
    assert os.environ["https_proxy"] == "http://127.0.0.1:9"


def test_missing_engine_by_a_planted_lookup(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "voiced.toml"
    path.write_text(f'[brain]\naddress = "unix:{tmp_path}/brain.sock"\n')
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    (problem,) = network.brain(InspectedMachine(path))
    assert isinstance(problem, Finding)
    assert (problem.code, problem.level) == ("V701", "error")
    assert "apt install voiced-brain" in problem.remedy
