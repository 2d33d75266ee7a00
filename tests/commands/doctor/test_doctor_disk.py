"""doctor and real disks: in a mount namespace of its own, so that nothing of this machine is touched."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

_NAMESPACE = ("unshare", "--mount", "--map-root-user")


def can_mount() -> bool:
    return (
        subprocess.run([*_NAMESPACE, "mount", "-t", "tmpfs", "none", "/mnt"], capture_output=True).returncode
        == 0
    )


pytestmark = pytest.mark.skipif(
    not can_mount(), reason="this kernel or container gives nobody a mount namespace"
)


@pytest.mark.parametrize(
    ("mount", "codes", "remedy"),
    [
        ("mount -t tmpfs -o size=200M none {state}", set(), ""),
        ("mount -t tmpfs -o size=64k none {state}", {"V135"}, "journalctl --vacuum-size"),
        ("mount -t tmpfs -o size=20M none {state}", {"V136"}, "journalctl --vacuum-size"),
        ("mount -t tmpfs -o size=200M,nr_inodes=50 none {state}", {"V137"}, "journalctl --vacuum-size"),
        ("mount --bind {state} {state} && mount -o remount,bind,ro {state}", {"V131"}, "dmesg"),
    ],
    ids=["healthy", "full", "low", "no more files", "read only"],
)
def test_disk_below_the_state(tmp_path: Path, mount: str, codes: set[str], remedy: str) -> None:
    state = tmp_path / "state"
    state.mkdir()
    config = tmp_path / "voiced.toml"
    config.write_text(
        f'[state]\ndirectory = "{state}"\n[control]\nsocket = "{tmp_path}/control.sock"\n'
        f'[brain]\naddress = "unix:{tmp_path}/brain.sock"\n'
    )
    doctor = f"{sys.executable} -m daemon doctor --json --config {config}"
    done = subprocess.run(
        [*_NAMESPACE, "sh", "-c", f"{mount.format(state=state)} && exec {doctor}"],
        capture_output=True,
        text=True,
    )
    found = [each for each in json.loads(done.stdout)["findings"] if each["area"] == "state"]
    assert {each["code"] for each in found} == codes
    assert all(remedy in each["remedy"] for each in found)
