"""The brain is started by a connection, and leaves when nobody is there."""

from __future__ import annotations

from tests.system.service.machine import VOICED, Machine

SOCKET = "/run/voiced-brain.sock"
IMPATIENT = """
[Service]
ExecStart=
ExecStart=/usr/lib/voiced/bin/voiced brain --config %d/voiced.toml --idle-exit 1
"""
GREETING = """
import asyncio
from websockets.asyncio.client import unix_connect

async def greeting():
    async with unix_connect("/run/voiced-brain.sock", "ws://localhost/v1/realtime") as connection:
        print(await connection.recv())

asyncio.run(greeting())
"""


def state(machine: Machine, unit: str) -> str:
    return machine.show(unit, "ActiveState")


def test_a_connection_starts_it_and_idle_it_leaves_until_the_next(machine: Machine) -> None:
    machine.drop_in("voiced-brain.service", IMPATIENT)
    machine.run("systemctl", "start", "voiced-brain.socket")
    assert machine.run("stat", "--format=%U:%G %a", SOCKET).strip() == "root:voiced 660"
    for _ in range(2):
        assert state(machine, "voiced-brain.service") == "inactive"
        assert "session.created" in machine.run("/usr/lib/voiced/bin/python3", "-c", GREETING)
        machine.wait_for(lambda: state(machine, "voiced-brain.service") == "inactive")
        assert machine.show("voiced-brain.service", "Result") == "success"
    assert state(machine, "voiced-brain.socket") == "active"


def test_the_service_asks_the_brain_across_both_sandboxes(machine: Machine) -> None:
    machine.run("systemctl", "start", "voiced-brain.socket", "voiced")
    machine.wait_for(lambda: "connection ready" in machine.show("voiced", "StatusText"))
    assert "The lamp is on." in machine.run(VOICED, "ask", "turn", "on", "the", "lamp")


def test_killed_it_comes_back_for_the_service(machine: Machine) -> None:
    machine.run("systemctl", "start", "voiced-brain.socket", "voiced")
    machine.wait_for(lambda: state(machine, "voiced-brain.service") == "active")
    pid = machine.pid("voiced-brain")
    machine.run("kill", "-KILL", pid)
    machine.wait_for(lambda: machine.pid("voiced-brain") not in ("0", pid))
    machine.wait_for(lambda: "connection ready" in machine.show("voiced", "StatusText"))
