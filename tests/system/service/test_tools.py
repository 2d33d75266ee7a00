"""The owner's tools live in a unit of their own: what they do there touches no other."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.system.service.machine import VOICED, Machine

SOCKET = "/run/voiced-tools.sock"
HEADER = "import os, time\nfrom daemon.tools import tool\n"
DISHES = '''
@tool
def wash_dishes() -> str:
    """Wash the dishes."""
    me = open("/proc/self/cgroup").read().strip().split("/")[-1]
    return f"Washed by {os.getuid()} in {me}, {len(os.environ.get('STATE_DIRECTORY', ''))}."
'''
# Bounded by itself, should the limit not hold.
BOMB = "for _ in range(400):\n    if os.fork() == 0:\n        time.sleep(600)\n"
LEAK = (
    "kept = []\nfor _ in range(60):\n    kept.append(b'x' * 10**7)\n    time.sleep(0.02)\ntime.sleep(600)\n"
)


def own(machine: Machine, name: str, code: str) -> None:
    machine.write(f"/etc/voiced/tools.d/{name}", HEADER + code)


def status(machine: Machine) -> dict[str, Any]:
    report: dict[str, Any] = json.loads(machine.run(VOICED, "status", "--json"))
    return report


def start(machine: Machine, **expected: str) -> None:
    """The service with its brain; until each file is as expected."""
    machine.run("systemctl", "start", "voiced-brain.socket", "voiced")
    machine.wait_for(lambda: "connection ready" in machine.show("voiced", "StatusText"))
    machine.wait_for(partial(_are, machine, expected))


def _are(machine: Machine, expected: dict[str, str]) -> bool:
    told = status(machine)["tools"]
    return all(state in told.get(f"{name}.py", "") for name, state in expected.items())


def washed(machine: Machine) -> str:
    """What the owner's tool answers, asked through the whole appliance."""
    return machine.run(VOICED, "ask", "wash", "the", "dishes")


@contextmanager
def limited(machine: Machine) -> Iterator[None]:
    """The unit's own limits, also where the host has cgroups that the container's systemd cannot use."""
    machine.run("systemctl", "start", "voiced-tools")
    if all(machine.show("voiced-tools", f"{kind}Current").isdigit() for kind in ("Memory", "Tasks")):
        yield
        return
    if not Path("/sys/fs/cgroup/pids").is_dir():
        pytest.skip("limits cannot be enforced in a container on this machine; the booted machine has them")
    most = {
        "memory": ("memory.limit_in_bytes", machine.show("voiced-tools", "MemoryMax")),
        "pids": ("pids.max", machine.show("voiced-tools", "TasksMax")),
    }
    folders = [Path(_own_group(kind), f"voiced-test-{os.getpid()}") for kind in most]
    for folder, (file, limit) in zip(folders, most.values(), strict=True):
        folder.mkdir()
        (folder / file).write_text(limit)
        (folder / "cgroup.procs").write_text(str(_seen_by_the_host(machine, "voiced-tools.service")))
    try:
        yield
    finally:
        machine.run("systemctl", "stop", "voiced", "voiced-tools.socket", "voiced-tools")
        for folder in folders:
            machine.wait_for(partial(_empty, folder))
            folder.rmdir()


def _empty(folder: Path) -> bool:
    return not (folder / "cgroup.procs").read_text()


def _own_group(kind: str) -> str:
    lines = Path("/proc/self/cgroup").read_text().splitlines()
    return f"/sys/fs/cgroup/{kind}" + next(line.split(":")[2] for line in lines if f":{kind}:" in line)


def _seen_by_the_host(machine: Machine, unit: str) -> int:
    """The process of a unit in the container."""
    inside = Path(f"/proc/{machine.leader}/ns/pid").readlink()
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if f"/{unit}" in (folder / "cgroup").read_text() and (folder / "ns/pid").readlink() == inside:
                return int(folder.name)
        except OSError:
            continue
    raise AssertionError(f"no process of {unit} is seen")


def test_a_tool_runs_in_its_own_unit_as_its_own_user(machine: Machine) -> None:
    own(machine, "kitchen.py", DISHES)
    start(machine, kitchen="ready")
    assert machine.run("stat", "--format=%U:%G %a", SOCKET).strip() == "root:voiced 660"
    user = machine.run("id", "-u", "voiced-tools").strip()
    assert f"Washed by {user} in voiced-tools.service, 21." in washed(machine)
    children = f"/proc/{machine.pid('voiced')}/task/{machine.pid('voiced')}/children"
    assert machine.run("cat", children).strip() == ""


def test_without_files_the_unit_is_not_even_started(machine: Machine) -> None:
    machine.run("systemctl", "start", "voiced")
    assert machine.show("voiced-tools.socket", "ActiveState") == "active"
    assert machine.show("voiced-tools.service", "ActiveState") == "inactive"


@pytest.mark.parametrize("mode", ["0700", "0744"])
def test_a_folder_that_the_service_may_not_read_is_told(machine: Machine, mode: str) -> None:
    own(machine, "kitchen.py", DISHES)
    machine.run("chmod", mode, "/etc/voiced/tools.d")
    machine.run("systemctl", "start", "voiced")
    told = machine.wait_for(lambda: list(status(machine)["tools"].values()))
    assert "Permission denied: let the service read the" in told[0]
    findings = json.loads(machine.run(VOICED, "config", "check", "--json", check=False))
    assert "V123" in [each["code"] for each in findings]


def test_killed_with_all_its_children_it_comes_back(machine: Machine) -> None:
    own(machine, "kitchen.py", DISHES)
    start(machine, kitchen="ready")
    machine.run("systemctl", "kill", "--signal=KILL", "voiced-tools")
    machine.wait_for(lambda: "Washed by" in washed(machine))
    machine.run("systemctl", "restart", "voiced-tools")
    machine.wait_for(lambda: "Washed by" in washed(machine))


def test_a_loop_and_a_crash_at_the_import_are_told_and_ended(machine: Machine) -> None:
    own(machine, "kitchen.py", DISHES)
    own(machine, "loop.py", "while True:\n    pass\n")
    own(machine, "crash.py", "import ctypes\nctypes.string_at(0)\n")
    start(
        machine,
        kitchen="ready",
        loop="loop.py:3: its import takes longer than",
        crash="by SIGSEGV at its import",
    )
    assert "Washed by" in washed(machine)
    assert any("tools/loop.py" in line for line in machine.journal("--unit=voiced"))


def test_a_file_that_kills_whatever_it_may_kills_its_own_unit_and_no_other(machine: Machine) -> None:
    own(machine, "kitchen.py", DISHES)
    own(machine, "killer.py", "time.sleep(1)\nos.kill(-1, 9)\n")
    start(machine)
    pids = [machine.pid(unit) for unit in ("voiced", "voiced-brain")]
    machine.wait_for(lambda: machine.show("voiced-tools", "NRestarts") != "0")
    machine.wait_for(lambda: "Washed by" in washed(machine))
    assert [machine.pid(unit) for unit in ("voiced", "voiced-brain")] == pids


def test_a_fork_bomb_fills_its_own_unit_and_no_other(machine: Machine) -> None:
    with limited(machine):
        own(machine, "bomb.py", BOMB)
        own(machine, "kitchen.py", DISHES)
        start(machine, bomb="bomb.py:4: BlockingIOError")
        assert "lamp is on" in machine.run(VOICED, "ask", "turn", "on", "the", "lamp")
        machine.wait_for(lambda: "Washed by" in washed(machine))
        tasks = machine.run("sh", "-c", "ps -eLo cgroup | grep -c voiced-tools.service")
        assert int(tasks) <= int(machine.show("voiced-tools", "TasksMax"))
        assert machine.show("voiced", "NRestarts") == "0"


def test_a_leak_ends_its_own_process_and_no_other(machine: Machine) -> None:
    with limited(machine):
        own(machine, "kitchen.py", DISHES)
        own(machine, "leak.py", LEAK)
        start(machine, kitchen="ready", leak="its process was ended by SIGKILL")
        pid = machine.pid("voiced-tools")
        assert "Washed by" in washed(machine)
        assert machine.pid("voiced-tools") == pid
        assert machine.show("voiced", "NRestarts") == "0"
