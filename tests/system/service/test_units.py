"""The unit files by themselves."""

from __future__ import annotations

import subprocess

import pytest

from tests.system.service.machine import SOURCE, Machine

UNITS = (
    *("voiced.service", "voiced-brain.service", "voiced-brain.socket"),
    *("voiced-tools.service", "voiced-tools.socket"),
)


def test_systemd_understands_every_line(machine: Machine) -> None:
    paths = [f"/usr/lib/systemd/system/{unit}" for unit in UNITS]
    assert machine.run("systemd-analyze", "verify", *paths) == ""


@pytest.mark.parametrize(
    ("unit", "most"), [("voiced.service", 1.5), ("voiced-brain.service", 1.0), ("voiced-tools.service", 1.5)]
)
def test_exposure(unit: str, most: float) -> None:
    threshold = f"--threshold={most * 10:.0f}"
    command = ["systemd-analyze", "security", "--offline=yes", "--no-pager", threshold]
    analysis = subprocess.run([*command, SOURCE / "systemd" / unit], capture_output=True, text=True)
    assert analysis.returncode == 0, analysis.stdout
    assert analysis.stderr == ""


def test_a_frozen_service_is_back_within_25_seconds_whenever_it_froze(machine: Machine) -> None:
    machine.run("systemctl", "start", "voiced")
    keys = ("WatchdogUSec", "TimeoutAbortUSec", "RestartUSec")
    watchdog_s, abort_s, restart_s = (float(machine.show("voiced", key).removesuffix("s")) for key in keys)
    last_meal_s = watchdog_s / 3  # see daemon/service/systemd_notify.py
    assert last_meal_s + watchdog_s + abort_s + restart_s <= 22  # and some seconds to start
