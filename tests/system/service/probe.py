"""Runs inside a unit's own sandbox, before its program: tries what it must not do, prints what became of it.

One line of JSON: "refused: why" or "done" by the name of the attempt. A name that begins with "may_" is
something that the service needs.
"""

from __future__ import annotations

import ctypes
import json
import mmap
import os
import resource
import socket
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

LIBC = ctypes.CDLL(None, use_errno=True)
CLONE_NEWUSER = 0x10000000
PTRACE_SEIZE = 0x4206
PER_LINUX32 = 8


def call(name: str, *arguments: object) -> None:
    """A function of the C library that answers -1 where it is refused."""
    if getattr(LIBC, name)(*arguments) == -1:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def write(path: str) -> None:
    with open(path, "w") as file:  # noqa: PTH123
        file.write("voiced")


def set_uid_bit() -> None:
    with tempfile.NamedTemporaryFile() as file:
        Path(file.name).chmod(0o4700)


def see_others() -> None:
    others = [each for each in Path("/proc").glob("[0-9]*") if each.stat().st_uid != os.getuid()]
    if not others:
        raise OSError("nobody there")


def read_credentials_of_others() -> None:
    own = Path(os.environ["CREDENTIALS_DIRECTORY"])
    for folder in own.parent.iterdir():
        if folder != own:
            list(folder.iterdir())
            return
    raise OSError("nobody has any")


def send_out() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.sendto(b"voiced", ("127.0.0.1", 9))


def temporary_file() -> None:
    with tempfile.TemporaryFile() as file:
        file.write(b"voiced")


ATTEMPTS: dict[str, Callable[[], object]] = {
    "write_etc": lambda: write("/etc/voiced/probe"),
    "write_usr": lambda: write("/usr/lib/voiced/probe"),
    "write_var": lambda: write("/var/lib/probe"),
    "write_run": lambda: write("/run/probe"),
    "read_home": lambda: list(Path("/home").iterdir()),
    "read_root_home": lambda: list(Path("/root").iterdir()),
    "read_credentials_of_others": read_credentials_of_others,
    "see_other_processes": see_others,
    "see_tmp_of_others": lambda: Path("/tmp/canary").stat(),
    "read_configuration": lambda: Path("/etc/voiced/voiced.toml").read_bytes(),
    "load_module": lambda: call("init_module", b"", 0, b""),
    "new_namespace": lambda: call("unshare", CLONE_NEWUSER),
    "trace": lambda: call("ptrace", PTRACE_SEIZE, os.getppid(), 0, 0),
    "mount": lambda: call("mount", b"none", b"/tmp", b"tmpfs", 0, b""),
    "personality": lambda: call("personality", PER_LINUX32),
    "raw_socket": lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP),
    "packet_socket": lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW),
    "netlink_socket": lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0),
    "write_and_execute": lambda: mmap.mmap(-1, mmap.PAGESIZE, prot=7),
    "set_clock": lambda: time.clock_settime(time.CLOCK_REALTIME, time.time()),
    "set_hostname": lambda: socket.sethostname("probe"),
    "set_uid_bit": set_uid_bit,
    "tune_kernel": lambda: write("/proc/sys/kernel/core_pattern"),
    "tune_cgroup": lambda: write("/sys/fs/cgroup/cgroup.procs"),
    "kernel_log": lambda: Path("/proc/kmsg").read_bytes(),
    "become_root": lambda: os.setuid(0),
    "become_real_time": lambda: os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1)),
    "use_the_network": send_out,
    "may_resolve_names": lambda: socket.getaddrinfo("localhost", 80),
    "may_write_tmp": temporary_file,
    "may_write_state": lambda: write(os.environ["STATE_DIRECTORY"] + "/probe"),
    "may_write_runtime": lambda: write(os.environ["RUNTIME_DIRECTORY"] + "/probe"),
}


def outcome(attempt: Callable[[], object]) -> str:
    try:
        attempt()
    except (OSError, KeyError) as error:
        return f"refused: {error}"
    return "done"


def status(key: str) -> str:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(line.split()[1] for line in lines if line.startswith(f"{key}:"))


def main() -> None:
    given = os.environ.get("CREDENTIALS_DIRECTORY")
    credentials = list(Path(given).iterdir()) if given else []
    report = {
        "attempts": {name: outcome(attempt) for name, attempt in ATTEMPTS.items()},
        "credentials": {path.name: path.read_text() for path in credentials},
        "capabilities": status("CapBnd"),
        "no_new_privileges": status("NoNewPrivs"),
        "core_limit": resource.getrlimit(resource.RLIMIT_CORE)[1],
        "interfaces": [
            line.split(":")[0].strip() for line in Path("/proc/net/dev").read_text().splitlines()[2:]
        ],
        "devices": sorted(each.name for each in Path("/dev").iterdir()),
    }
    print("PROBE", json.dumps(report))


main()
