"""A name with several addresses, some of which swallow packets: in a network namespace, and on loopback.

Counted is which addresses were tried and who answered; no time is measured.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import socket
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from daemon.commands.doctor import network
from daemon.commands.doctor.finding import Finding
from daemon.commands.doctor.machine import InspectedMachine
from daemon.network.dial import dial
from daemon.network.endpoint import Endpoint
from daemon.network.happy_eyeballs import DialError, Shunned, Step
from daemon.service.realtime_link import RealtimeLink
from daemon.telemetry.wire_log import WireLog
from tests.network.wayside import ScriptedLoop, script_names, server, swallowing

ROOT = Path(__file__).parents[2]
URL = "ws://voice.example:{port}/v1/realtime"


def run(test: Callable[[], Awaitable[None]], loop: ScriptedLoop | None = None, limit_s: float = 30.0) -> None:
    factory = None if loop is None else lambda: loop
    with asyncio.Runner(debug=True, loop_factory=factory) as runner:
        runner.run(asyncio.wait_for(test(), limit_s))


def namespaces() -> bool:
    """May we make a network of our own?"""
    link = ("ip", "link", "add", "hole", "type", "veth", "peer", "name", "far")
    command = ("unshare", "--map-root-user", "--net", "--mount", *link)
    there = all(map(shutil.which, ("unshare", "ip", "mount")))
    return there and subprocess.run(command, capture_output=True).returncode == 0


# ---------------------------------------------------------------- a network namespace, real names


SCENE = """
import asyncio, json, subprocess, sys, time
from pathlib import Path
from daemon.commands.doctor import network
from daemon.commands.doctor.finding import Finding
from daemon.commands.doctor.machine import InspectedMachine
from daemon.network.dial import dial
from daemon.network.endpoint import Endpoint
from daemon.network.happy_eyeballs import DialError
from tests.network.wayside import server

folder, where, limit_s, *dead = sys.argv[1:]
folder = Path(folder)
for line in (
    "ip link set lo up",
    "ip link add hole type veth peer name far",
    "ip link set far up",
    "ip link set hole up",
    "ip addr add 192.0.2.1/24 dev hole",
    "ip addr add 2001:db8::1/64 dev hole nodad",
    f"mount --bind {folder}/hosts /etc/hosts",
    *(f"ip neigh add {address} lladdr 02:00:00:00:00:99 dev hole nud permanent" for address in dead),
):
    subprocess.run(line.split(), check=True)
for address in ("2001:db8::1", "2001:db8::2"):  # an interface has its routes a moment after it came up
    while subprocess.run(["ip", "route", "get", address], capture_output=True).returncode:
        time.sleep(0.01)

async def scene():
    async with server(where) as (port, seen):
        try:
            await (await dial(Endpoint(f"ws://voice.test:{port}/"), float(limit_s))).close()
        except DialError as said:
            return {"said": str(said)}
        path = folder / "voiced.toml"
        path.write_text(f'[realtime]\\nprovider = "custom"\\nurl = "ws://voice.test:{port}/"\\n')
        machine = InspectedMachine(path)
        told = await asyncio.to_thread(lambda: [*network.way(machine, 2.0), *network.answer(machine)])
        facts = [each.facts if isinstance(each, Finding) else each for each in told]
        return {"seen": len(seen), "told": facts}

print(json.dumps(asyncio.run(scene())))
"""


def played(folder: Path, dead: list[str], alive: str, where: str, limit_s: float) -> dict[str, Any]:
    """Dial and doctor in a network of their own; `where` the server is, `alive` may say so, or nothing."""
    names = [*dead, alive] if alive else dead
    (folder / "hosts").write_text("".join(f"{address} voice.test\n" for address in names))
    command = ("unshare", "--map-root-user", "--net", "--mount", sys.executable, "-c", SCENE)
    done = subprocess.run(
        (*command, str(folder), where, str(limit_s), *dead),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    return told


@pytest.mark.skipif(not namespaces(), reason="takes a network namespace of our own")
@pytest.mark.parametrize(
    ("dead", "alive"),
    [
        (["2001:db8::2"], "192.0.2.1"),
        (["192.0.2.2"], "2001:db8::1"),
        (["2001:db8::2", "2001:db8::3", "2001:db8::4", "192.0.2.3"], "192.0.2.1"),
    ],
)
def test_an_address_that_swallows_packets_does_not_keep_us_from_the_server(
    tmp_path: Path, dead: list[str], alive: str
) -> None:
    told = played(tmp_path, dead, alive, alive, 4.0)
    assert told.get("seen") == 2, told
    reached, warned, takes = told["told"]
    assert (reached, takes) == ("voice.test can be reached", "voice.test takes the key and the model")
    assert (warned["code"], warned["level"]) == ("V607", "warning")
    assert all(f"{address}: no answer in time" in warned["sentence"] for address in dead)
    assert f"{alive}:" not in warned["sentence"]


@pytest.mark.skipif(not namespaces(), reason="takes a network namespace of our own")
def test_where_every_address_swallows_each_is_named(tmp_path: Path) -> None:
    told = played(tmp_path, ["2001:db8::2", "192.0.2.2"], "", "192.0.2.1", 1.0)
    assert "(2001:db8::2: no answer in time, 192.0.2.2: no answer in time)" in told["said"]


@pytest.mark.skipif(not namespaces(), reason="takes a network namespace of our own")
def test_an_address_that_this_machine_has_no_way_to_is_no_trouble(tmp_path: Path) -> None:
    told = played(tmp_path, ["2001:db9::1", "198.51.100.1"], "192.0.2.1", "192.0.2.1", 4.0)
    assert told["told"] == ["voice.test can be reached", "voice.test takes the key and the model"]


# ---------------------------------------------------------------- loopback, scripted names


@pytest.mark.parametrize("dead", [1, 3, 12])
def test_loopback_addresses_that_swallow_by_scripted_getaddrinfo(
    dead: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scenario() -> None:
        with swallowing() as hole:
            async with server() as (port, seen):
                gone = [("127.0.0.2", hole)] * 1 + [(f"127.0.1.{n}", 9) for n in range(1, dead)]
                script_names(monkeypatch, {"voice.example": [*gone, ("127.0.0.1", port)]})
                await (await dial(Endpoint(URL.format(port=port)), 4.0)).close()
            assert len(seen) == 1

    run(scenario)


def test_many_addresses_that_swallow_all_get_their_turn_within_the_limit_by_scripted_getaddrinfo(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def swallow(name: str) -> None:
        if name != "127.0.0.1":
            await asyncio.sleep(60)

    async def scenario() -> None:
        async with server() as (port, seen):
            gone = [(f"127.0.2.{n}", port) for n in range(1, 60)]
            script_names(monkeypatch, {"voice.example": [*gone, ("127.0.0.1", port)]})
            await (await dial(Endpoint(URL.format(port=port)), 2.0)).close()
            assert (len(loop.tried), len(seen)) == (60, 1)

    loop = ScriptedLoop(swallow, second_s=4.0)  # however busy the machine is
    run(scenario, loop)


def test_families_alternate_and_a_refusal_is_no_reason_to_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    async def refuse(name: str) -> None:
        raise ConnectionRefusedError(111, "Connection refused")

    async def scenario() -> None:
        names = ["127.0.0.1", "127.0.0.2", "127.0.0.3", "::1", "::2"]
        script_names(monkeypatch, {"voice.example": [(name, 0) for name in names]})
        with pytest.raises(DialError) as told:
            await dial(Endpoint(URL.format(port=1)), 10.0)
        assert loop.tried == ["::1", "127.0.0.1", "::2", "127.0.0.2", "127.0.0.3"]
        assert all(f"{name}: Connection refused" in told.value.sentence for name in names)
        assert told.value.step is Step.ADDRESS

    loop = ScriptedLoop(refuse, second_s=240.0)  # the pause of a silent address would be a minute
    run(scenario, loop, limit_s=30 / 240)


def test_no_socket_of_a_lost_race_stays_open(monkeypatch: pytest.MonkeyPatch) -> None:
    all_begun = asyncio.Event()

    async def hesitate(_: str) -> None:
        if len(loop.tried) == 8:
            all_begun.set()
        await all_begun.wait()

    async def scenario() -> None:
        async with server("0.0.0.0") as (port, _):
            script_names(monkeypatch, {"voice.example": [(f"127.0.0.{n}", port) for n in range(1, 9)]})
            socket_kept = await dial(Endpoint(URL.format(port=port)), 2.0)
            await asyncio.sleep(0)
            assert len(loop.reached) > 1
            assert len([each for each in loop.reached if each.fileno() >= 0]) == 1
            await socket_kept.close()

    loop = ScriptedLoop(hesitate)
    run(scenario, loop)


def test_a_resolver_that_swallows_the_question_for_one_family_by_scripted_getaddrinfo(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def scenario() -> None:
        async with server() as (port, seen):
            script_names(monkeypatch, {"voice.example": [("127.0.0.1", port)]})
            scripted, answered = socket.getaddrinfo, asyncio.Event()
            loop = asyncio.get_running_loop()

            def answer(host: str, port: int, family: int, *rest: Any) -> Any:
                if family == socket.AF_INET6:
                    asyncio.run_coroutine_threadsafe(answered.wait(), loop).result(20)
                return scripted(host, port, family, *rest)

            monkeypatch.setattr(socket, "getaddrinfo", answer)
            await (await dial(Endpoint(URL.format(port=port)), 4.0)).close()
            assert len(seen) == 1
            answered.set()

    run(scenario)


def test_a_resolver_without_an_answer_is_told_and_holds_up_nothing(tmp_path: Path) -> None:
    """The process ends although a lookup is still under way."""
    script = (
        "import asyncio, socket, threading\n"
        "from daemon.network.dial import dial\nfrom daemon.network.endpoint import Endpoint\n"
        "socket.getaddrinfo = lambda *_: threading.Event().wait(60)\n"
        "try: asyncio.run(dial(Endpoint('ws://voice.example/'), 0.5))\n"
        "except Exception as said: print(said)\n"
    )
    done = subprocess.run(
        (sys.executable, "-c", script), capture_output=True, text=True, timeout=40, cwd=ROOT
    )
    assert done.stdout.startswith("the name voice.example cannot be found (no answer in time)"), done.stderr


@pytest.mark.parametrize("given_up", [False, True])
def test_an_address_that_takes_us_and_then_is_silent_is_tried_last_the_next_time(
    given_up: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where the small packets of a handshake get through and the large ones of TLS do not."""

    async def scenario() -> None:
        silent = socket.create_server(("127.0.0.2", 0))
        silent.setblocking(False)
        async with server() as (port, seen):
            places = [("127.0.0.2", silent.getsockname()[1]), ("127.0.0.1", port)]
            script_names(monkeypatch, {"voice.example": places})
            told: asyncio.Queue[Any] = asyncio.Queue()
            link = RealtimeLink(lambda _: Endpoint(URL.format(port=port)), told.put_nowait, WireLog(""))
            link.open(1, "server", limit_s=20.0 if given_up else 0.5)
            caller, _ = await asyncio.get_running_loop().sock_accept(silent)
            await asyncio.get_running_loop().sock_recv(caller, 1)
            if given_up:
                link.close(1)
            else:
                assert "takes the connection and then does not answer" in (await told.get()).reason
            assert not seen
            link.open(2, "server", limit_s=4.0)
            assert (await told.get()).conn == 2
            assert len(seen) == 1
            await link.aclose()
            caller.close()
        silent.close()

    run(scenario)


@pytest.mark.parametrize(
    ("url", "step", "word"),
    [
        ("ws://voiced.invalid/", Step.NAME, "the name voiced.invalid cannot be found"),
        ("ws://" + "a" * 64 + ".example/", Step.NAME, "this cannot be a name"),
        ("ws://a..b/", Step.NAME, "this cannot be a name"),
        ("ws://127.0.0.1:1/", Step.ADDRESS, "127.0.0.1 cannot be reached (Connection refused)"),
        ("ws://[::1]:1/", Step.ADDRESS, "::1 cannot be reached ("),
        ("ws://127.0.0.1:70000/", Step.ADDRESS, "cannot be read"),
        ("ws://[::1/", Step.ADDRESS, "cannot be read"),
        ("ftp://voice.example/", Step.ADDRESS, "cannot be read"),
        ("ws:///", Step.ADDRESS, "cannot be read"),
    ],
)
def test_an_address_that_leads_nowhere_is_one_sentence(url: str, step: Step, word: str) -> None:
    async def scenario() -> None:
        with pytest.raises(DialError) as told:
            await dial(Endpoint(url), 5.0, Shunned())
        assert (told.value.step, told.value.remedy != "") == (step, True)
        assert word in told.value.sentence

    run(scenario)


def test_doctor_names_the_loopback_address_that_swallows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with swallowing() as hole, socket.create_server(("127.0.0.1", 0)) as alive:
        places = [("127.0.0.2", hole), ("127.0.0.1", alive.getsockname()[1])]
        script_names(monkeypatch, {"voice.example": places})
        path = tmp_path / "voiced.toml"
        path.write_text('[realtime]\nprovider = "custom"\nurl = "ws://voice.example/"\n')
        reached, warned = network.way(InspectedMachine(path), 1.0)
    assert reached == "voice.example can be reached"
    assert isinstance(warned, Finding)
    assert "127.0.0.2: no answer in time" in warned.sentence
