"""A container of systemd-nspawn on the host's own root: systemd is its first process, our units are in it.

Nothing is downloaded, and nothing of the host is changed: what is written there goes into memory. Left to the
booted machine, as not enforced here: DevicePolicy, MemoryMax, TasksMax, LimitRTPRIO, SocketBindDeny.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sysconfig
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

SOURCE = Path(__file__).parents[3]
MARK = "/voiced-test-machine"
VOICED = "/usr/lib/voiced/bin/voiced"
PATIENCE_S = 90.0
# The host's root cannot be a container's as it is: bound to another place it can. The mounts end with us.
ON_THE_HOSTS_ROOT = 'mount --bind / "$0" && exec systemd-nspawn --directory="$0" "$@"'
RESET = """
systemctl stop voiced.service
systemctl stop voiced-brain.socket voiced-brain.service voiced-tools.socket voiced-tools.service
rm -rf /etc/voiced/tools.d
rm -rf /run/systemd/system/* /etc/credstore/* /etc/credstore.encrypted/*
systemctl daemon-reload
systemctl reset-failed
"""
OPTIONS = (
    "--quiet",
    "--volatile=overlay",
    "--register=no",
    "--keep-unit",
    "--private-network",
    "--link-journal=no",
    "--console=pipe",
    "--kill-signal=SIGRTMIN+3",
)


def nspawn(folder: Path, *arguments: str) -> list[str]:
    """The command that runs something in a container on the host's root; `folder` is for its mounts."""
    root = folder / "root"
    root.mkdir(exist_ok=True)
    options = (*OPTIONS, f"--machine=voiced-{os.getpid()}")
    return ["unshare", "--mount", "sh", "-c", ON_THE_HOSTS_ROOT, str(root), *options, *arguments]


def environment() -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "SYSTEMD_NSPAWN_UNIFIED_HIERARCHY": "1"}


def hindrance(folder: Path) -> str:
    """Why no container runs on this machine, or nothing."""
    if os.geteuid() != 0:
        return "systemd-nspawn wants root: run `sudo make test` to test the service in a container"
    if shutil.which("systemd-nspawn") is None:
        return "there is no systemd-nspawn: install systemd-container to test the service in a container"
    # The sandboxes of our units want a user namespace; inside a chroot the kernel gives nobody one.
    command = nspawn(folder, "/usr/bin/unshare", "--user", "/bin/true")
    tried = subprocess.run(command, env=environment(), capture_output=True, text=True, timeout=60)
    if tried.returncode == 0:
        return ""
    return f"no container runs on this machine, so the service was not tested in one: {tried.stderr.strip()}"


class Machine:
    """A booted container. `run` runs a command in it, as root and outside every sandbox.

    `leader` is its first process, as the host sees it.
    """

    def __init__(self, folder: Path) -> None:
        binds = (
            f"--bind-ro={SOURCE}:/srv/voiced/source",
            f"--bind-ro={sysconfig.get_path('purelib')}:/srv/voiced/packages",
        )
        prepare = "/srv/voiced/source/tests/system/service/prepare.sh"
        self._console = folder / "console"
        with self._console.open("wb") as console:
            self._nspawn = subprocess.Popen(
                nspawn(folder, *binds, "/bin/sh", prepare),
                env=environment(),
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=subprocess.STDOUT,
            )
        self.leader = 0
        try:
            self.wait_for(self._booted)
        except BaseException:
            self.power_off()
            raise

    def run(self, *command: str, check: bool = True, text: str = "") -> str:
        """Run a command; what it printed. Raises CalledProcessError."""
        clean = ("env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin")
        inside = ("nsenter", f"--target={self.leader}", "--all", *clean, *command)
        done = subprocess.run(
            inside, input=text, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60
        )
        assert done.returncode == 0 or not check, f"{command} says {done.returncode}: {done.stdout}"
        return done.stdout

    def show(self, unit: str, key: str) -> str:
        """A property of a unit."""
        return self.run("systemctl", "show", unit, f"--property={key}", "--value").strip()

    def pid(self, unit: str) -> str:
        """The unit's main process, "0" if there is none."""
        return self.show(unit, "MainPID")

    def journal(self, *options: str) -> list[str]:
        """The messages, up to the last that was written."""
        self.run("journalctl", "--sync")
        return self.run("journalctl", "--no-pager", "--output=cat", *options).splitlines()

    def write(self, path: str, text: str) -> None:
        """A file with its folder."""
        self.run("sh", "-c", 'mkdir -p "${0%/*}" && cat >"$0"', path, text=text)

    def drop_in(self, unit: str, text: str) -> None:
        """Change a unit until `reset`."""
        self.write(f"/run/systemd/system/{unit}.d/test.conf", text)
        self.run("systemctl", "daemon-reload")

    def reset(self) -> None:
        """Nothing runs, and the units are as they are packaged."""
        self.run("sh", "-c", RESET)

    def wait_for(self, what: Callable[[], Any]) -> Any:
        """The first true answer."""
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            if answer := what():
                return answer
            time.sleep(0.1)
        raise AssertionError(f"it did not happen in time; the console says: {self._console.read_text()}")

    def power_off(self) -> None:
        self._nspawn.terminate()
        try:
            self._nspawn.wait(30)
        except subprocess.TimeoutExpired:
            self._nspawn.send_signal(signal.SIGKILL)
            self._nspawn.wait()

    def _booted(self) -> bool:
        children = Path(f"/proc/{self._nspawn.pid}/task/{self._nspawn.pid}/children").read_text().split()
        if self._nspawn.poll() is not None or not children:
            return False
        # Until the marker is seen this may still be a process of nspawn itself, in the host's namespaces.
        self.leader = int(children[0])
        state = f"test -e {MARK} && systemctl is-system-running"
        return self.run("sh", "-c", state, check=False).strip() in ("running", "degraded")
