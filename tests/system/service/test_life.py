"""Start, freeze, kill and stop under a real systemd; the machine has no sound card and no gpiochip."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

from tests.system.service.machine import VOICED, Machine

SAFE = "/run/voiced/safe.json"
PLAN = {"chip": "/dev/gpiochip99", "label": "none", "lines": []}
TRACE = "/dev/gpiochip99 cannot be opened"


def started(machine: Machine) -> str:
    machine.run("systemctl", "start", "voiced")
    return machine.pid("voiced")


def another_than(machine: Machine, pid: str) -> bool:
    return machine.show("voiced", "ActiveState") == "active" and machine.pid("voiced") not in ("0", pid)


def status(machine: Machine) -> dict[str, Any]:
    report: dict[str, Any] = json.loads(machine.run(VOICED, "status", "--json"))
    return report


def plant(machine: Machine) -> str:
    """A plan for a chip that is not there: what carries it out has to say so. The journal's end up to now."""
    machine.write(SAFE, json.dumps(PLAN))
    return machine.journal("--show-cursor", "--lines=0")[-1].removeprefix("-- cursor: ")


def said_since(machine: Machine, mark: str) -> str:
    return "\n".join(machine.journal("--unit=voiced", f"--after-cursor={mark}"))


def test_it_is_ready_without_sound_card_network_or_key(machine: Machine) -> None:
    started(machine)
    assert machine.show("voiced", "ActiveState") == "active"
    assert machine.show("voiced", "StatusText").startswith("idle")
    assert set(status(machine)["faults"]) == {"microphone", "speaker"}


def test_what_it_leaves_in_run_is_its_own_and_goes_with_it(machine: Machine) -> None:
    started(machine)
    found = machine.run(
        "stat", "--format=%n %U:%G %a", "/run/voiced", "/run/voiced/control.sock"
    ).splitlines()
    assert found == ["/run/voiced voiced:voiced 750", "/run/voiced/control.sock voiced:voiced 660"]
    assert machine.run("stat", "--format=%U %a", "/var/lib/voiced").strip() == "voiced 700"
    machine.run("systemctl", "stop", "voiced")
    assert machine.show("voiced", "Result") == "success"
    assert machine.run("ls", "/run/voiced", check=False).startswith("ls: cannot access")


def test_frozen_it_is_started_again(machine: Machine) -> None:
    machine.drop_in("voiced.service", "[Service]\nWatchdogSec=5\n")  # test_units.py has the real times
    pid = started(machine)
    mark = plant(machine)
    machine.run("kill", "-STOP", pid)
    machine.wait_for(lambda: another_than(machine, pid))
    said = said_since(machine, mark)
    assert "Watchdog timeout" in said
    assert TRACE in said


def test_killed_its_outputs_are_made_safe_and_it_is_started_again_and_again(machine: Machine) -> None:
    machine.drop_in("voiced.service", "[Service]\nRestartSec=0\n")
    for _ in range(6):  # systemd's own limit would be five in ten seconds
        pid = started(machine)
        mark = plant(machine)
        machine.run("kill", "-KILL", pid)
        machine.wait_for(partial(another_than, machine, pid))
        assert TRACE in said_since(machine, mark)
