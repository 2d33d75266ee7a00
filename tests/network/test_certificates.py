"""Certificates that are not trusted, each with its remedy, and an authority of the owner's own: `ca_file`."""

from __future__ import annotations

import asyncio
import os
import ssl
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from daemon.commands.doctor import config_check, network
from daemon.commands.doctor.finding import Finding
from daemon.commands.doctor.machine import InspectedMachine
from daemon.config import loader
from daemon.network import endpoint as endpoints
from daemon.network.dial import dial, look
from daemon.network.endpoint import Endpoint
from daemon.network.happy_eyeballs import DialError, Step
from tests.network.wayside import Proxy, certificate, server


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-1")


def run(test: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(asyncio.wait_for(test(), 30), debug=True)


@asynccontextmanager
async def secure_server(folder: Path) -> AsyncIterator[int]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "certificate.pem", folder / "key.pem")
    async with server(ssl=context) as (port, _):
        yield port


@pytest.mark.parametrize(
    ("name", "expired", "trusted", "step", "remedy"),
    [
        ("127.0.0.1", True, True, Step.CLOCK, "set the clock"),
        ("elsewhere", False, True, Step.CERTIFICATE, "the name that the certificate is made out for"),
        ("127.0.0.2", False, True, Step.CERTIFICATE, "the name that the certificate is made out for"),
        ("127.0.0.1", False, False, Step.CERTIFICATE, "ca_file"),
    ],
)
def test_each_certificate_that_is_not_trusted_has_its_own_remedy(
    tmp_path: Path, name: str, expired: bool, trusted: bool, step: Step, remedy: str
) -> None:
    async def scenario() -> None:
        folder = certificate(tmp_path / "server", name, expired=expired)
        ca_file = f"{folder}/certificate.pem" if trusted else ""
        async with secure_server(folder) as port:
            for way in (dial, look):
                with pytest.raises(DialError) as told:
                    await way(Endpoint(f"wss://127.0.0.1:{port}/", ca_file=ca_file), 5.0)
                assert told.value.step is step
                assert remedy in told.value.remedy

    run(scenario)


def test_a_server_of_ones_own_authority_is_reached_with_ca_file_and_told_without(tmp_path: Path) -> None:
    async def scenario() -> None:
        authority = certificate(tmp_path / "authority", "home", authority=True)
        folder = certificate(tmp_path / "server", "127.0.0.1", issuer=authority)
        path = tmp_path / "voiced.toml"
        async with secure_server(folder) as port:
            plain = f'[realtime]\nprovider = "custom"\nurl = "wss://127.0.0.1:{port}/rt"\n'
            path.write_text(plain)
            (told,) = await asyncio.to_thread(lambda: [*network.way(InspectedMachine(path))])
            assert isinstance(told, Finding)
            assert (told.code, "ca_file" in told.remedy) == ("V604", True)
            path.write_text(f'{plain}ca_file = "{authority}/certificate.pem"\n')
            assert await asyncio.to_thread(
                lambda: [*network.way(InspectedMachine(path)), *network.answer(InspectedMachine(path))]
            ) == ["127.0.0.1 can be reached", "127.0.0.1 takes the key and the model"]
            await (await dial(endpoints.endpoint(loader.load(path)))).close()

    run(scenario)


@pytest.mark.parametrize("coding", ["utf-8-sig", "utf-16", "utf-16-be"])
def test_a_ca_file_that_windows_saved_is_read_with_whatever_stands_in_it(tmp_path: Path, coding: str) -> None:
    async def scenario() -> None:
        folder = certificate(tmp_path / "server", "127.0.0.1")
        ca_file = tmp_path / "authority.pem"
        mark = "\ufeff" if coding == "utf-16-be" else ""
        text = f"{mark}{(folder / 'certificate.pem').read_text()}# Behörde „Küche“\n"
        ca_file.write_bytes(text.replace("\n", "\r\n").encode(coding))
        async with secure_server(folder) as port:
            socket = await dial(Endpoint(f"wss://127.0.0.1:{port}/", ca_file=str(ca_file)), 5.0)
            await socket.close()

    run(scenario)


def test_ca_file_holds_through_a_proxy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario() -> None:
        folder = certificate(tmp_path / "server", "voice.example")
        async with secure_server(folder) as port:
            proxy = Proxy(port)
            async with proxy.listening() as place:
                monkeypatch.setenv("https_proxy", f"http://{place}")
                endpoint = Endpoint("wss://voice.example/rt", ca_file=f"{folder}/certificate.pem")
                await (await dial(endpoint)).close()
                with pytest.raises(DialError) as told:
                    await dial(Endpoint("wss://voice.example/rt"))
                assert told.value.step is Step.CERTIFICATE
        assert proxy.asked[0].startswith("CONNECT voice.example:443 HTTP/1.1\r\n")

    run(scenario)


def test_doctor_goes_by_the_proxy_that_the_service_goes_by(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The name of the server is the proxy's to look up: here nobody knows it."""

    async def scenario() -> None:
        folder = certificate(tmp_path / "server", "voice.invalid")
        async with secure_server(folder) as port, Proxy(port).listening() as place:
            monkeypatch.setenv("https_proxy", place)
            path = tmp_path / "voiced.toml"
            path.write_text(
                '[realtime]\nprovider = "custom"\nurl = "wss://voice.invalid/rt"\n'
                f'ca_file = "{folder}/certificate.pem"\n'
            )
            said = await asyncio.to_thread(
                lambda: [*network.way(InspectedMachine(path)), *network.answer(InspectedMachine(path))]
            )
            assert said == [
                f"voice.invalid can be reached by the proxy {place}",
                "voice.invalid takes the key and the model",
            ]
            monkeypatch.setenv("https_proxy", "socks5://me:pw-canary@127.0.0.1:9")
            (told,) = await asyncio.to_thread(lambda: [*network.way(InspectedMachine(path))])
            assert isinstance(told, Finding)
            assert (told.code, "canary" in str(told)) == ("V608", False)

    run(scenario)


def planted_ca(folder: Path, kind: str) -> Path:
    path = folder / "ca.pem"
    made = certificate(folder / "authority", "home")
    if kind == "key":
        return made / "key.pem"
    if kind == "der":
        command = ("openssl", "x509", "-in", f"{made}/certificate.pem", "-outform", "der", "-out", str(path))
        subprocess.run(command, check=True, capture_output=True)
    if kind == "torn":
        path.write_text((made / "certificate.pem").read_text().replace("M", "", 3))
    if kind == "empty":
        path.touch()
    if kind == "folder":
        path.mkdir()
    if kind == "pipe":
        os.mkfifo(path)
    return path


@pytest.mark.parametrize(
    ("kind", "word"),
    [
        ("missing", "cannot be read (No such file or directory)"),
        ("folder", "cannot be read"),
        ("pipe", "cannot be read (it is a device or a pipe)"),
        ("empty", "holds no certificate in PEM form"),
        ("key", "holds no certificate in PEM form"),
        ("der", "holds no certificate in PEM form"),
        ("torn", "holds no certificate in PEM form"),
    ],
)
def test_a_ca_file_that_is_none_is_told_by_config_check_and_by_the_service(
    tmp_path: Path, kind: str, word: str
) -> None:
    ca_file = planted_ca(tmp_path, kind)
    path = tmp_path / "voiced.toml"
    path.write_text(f'[realtime]\nprovider = "custom"\nurl = "wss://127.0.0.1:9/rt"\nca_file = "{ca_file}"\n')
    (told,) = (each for each in config_check.check(path) if each.code == "V609")
    assert told.level == "error"
    assert word in told.sentence

    async def scenario() -> None:
        with pytest.raises(DialError, match=r"realtime\.ca_file") as said:
            await dial(endpoints.endpoint(loader.load(path)))
        assert said.value.step is Step.CA_FILE

    run(scenario)


def test_a_ca_file_that_only_the_owner_may_read_is_told(tmp_path: Path) -> None:
    """By a planted `id`: the service's user is another one."""
    ca_file = certificate(tmp_path / "authority", "home") / "certificate.pem"
    ca_file.chmod(0o600)
    path = tmp_path / "voiced.toml"
    path.write_text(f'[realtime]\nprovider = "custom"\nurl = "wss://127.0.0.1:9/rt"\nca_file = "{ca_file}"\n')

    def run_command(*words: str) -> str | None:
        if words[:2] == ("systemctl", "show"):
            return "LoadState=loaded\nUser=voiced\n"
        return {"id -u voiced": "990", "id -Gn voiced": "voiced"}.get(" ".join(words))

    (told,) = network.way(InspectedMachine(path, run=run_command))
    assert isinstance(told, Finding)
    assert told.code == "V609"
    assert "cannot be read by the service's user voiced" in told.sentence
