"""What the units cannot do, tried from inside their own sandbox."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.system.service.machine import Machine

PROBE = """
[Service]
ExecStartPre=/usr/lib/voiced/bin/python3 -I /srv/voiced/source/tests/system/service/probe.py
"""
KEY = "sk-canary-of-the-container"
MAY = {
    "voiced": {
        "may_resolve_names",
        "may_write_tmp",
        "may_write_state",
        "may_write_runtime",
        "use_the_network",
        "read_configuration",
    },
    "voiced-brain": {"may_resolve_names", "may_write_tmp", "read_configuration"},
    "voiced-tools": {
        "may_resolve_names",
        "may_write_tmp",
        "may_write_state",
        "use_the_network",
        "read_configuration",
    },
}
LEFT_TO_THE_BOOTED_MACHINE = {"become_real_time"}  # no limit can be raised here


def probe(machine: Machine, unit: str) -> dict[str, Any]:
    """Start the unit anew with the probe before it; what the probe found."""
    machine.write("/tmp/canary", "voiced")
    machine.drop_in(f"{unit}.service", PROBE)
    machine.run("systemctl", "restart", unit)
    lines = machine.journal(f"--unit={unit}", "--grep=^PROBE ", "--reverse")
    report: dict[str, Any] = json.loads(lines[0].removeprefix("PROBE "))
    return report


@pytest.mark.parametrize("unit", MAY)
def test_a_unit_can_do_what_it_needs_and_nothing_else(machine: Machine, unit: str) -> None:
    report = probe(machine, unit)
    done = {name for name, outcome in report["attempts"].items() if outcome == "done"}
    assert done - LEFT_TO_THE_BOOTED_MACHINE == MAY[unit], report["attempts"]
    assert int(report["capabilities"], 16) == 0
    assert report["no_new_privileges"] == "1"
    assert report["core_limit"] == 0


def test_the_brain_has_no_network_and_no_devices(machine: Machine) -> None:
    report = probe(machine, "voiced-brain")
    assert report["interfaces"] == ["lo"]
    assert not {"snd", "kmsg", "mem", "sda", "vda"} & set(report["devices"])


def test_the_owners_tools_have_no_key_no_devices_and_no_part_of_the_configuration(machine: Machine) -> None:
    machine.write("/etc/credstore/voiced.realtime_key", KEY)
    machine.run("chgrp", "voiced", "/etc/voiced/voiced.toml")
    machine.run("chmod", "0640", "/etc/voiced/voiced.toml")
    report = probe(machine, "voiced-tools")
    assert report["credentials"] == {}
    assert not {"snd", "kmsg", "mem", "sda", "vda", "gpiochip0"} & set(report["devices"])
    assert report["attempts"]["read_configuration"].startswith("refused")


def test_nothing_of_ours_listens_on_the_network(machine: Machine) -> None:
    machine.run("systemctl", "start", "voiced", "voiced-brain", "voiced-tools")
    for table in ("tcp", "tcp6"):
        lines = machine.run("cat", f"/proc/net/{table}").splitlines()[1:]
        assert [line for line in lines if line.split()[3] == "0A"] == []


def test_a_key_is_found_in_either_store_and_a_missing_one_is_no_failure(machine: Machine) -> None:
    none = {"realtime_key": "\n", "realtime_key_plain": "\n"}
    assert probe(machine, "voiced")["credentials"] == none
    machine.write("/etc/credstore/voiced.realtime_key", KEY)
    assert probe(machine, "voiced")["credentials"] == {**none, "realtime_key_plain": KEY}


def test_an_encrypted_key_is_decrypted(machine: Machine) -> None:
    machine.write("/etc/credstore.encrypted/empty", "")
    target = "/etc/credstore.encrypted/voiced.realtime_key"
    machine.run("systemd-creds", "encrypt", "--with-key=host", "--name=realtime_key", "-", target, text=KEY)
    assert KEY not in machine.run("cat", target)
    assert probe(machine, "voiced")["credentials"]["realtime_key"] == KEY
