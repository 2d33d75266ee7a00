"""In the machine, inside a unit's own sandbox: what can be done here? probe.py UNIT

Prints one line: "probes " and JSON, whether each thing is as it must be.
"""

import contextlib
import ctypes
import json
import mmap
import os
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path

libc = ctypes.CDLL(None, use_errno=True)


def can(action: Callable[[], object]) -> bool:
    """Does it go through?"""
    try:
        action()
    except OSError:
        return False
    return True


def read(path: str) -> Callable[[], object]:
    return lambda: os.close(os.open(path, os.O_RDONLY))


def opened(path: str) -> Callable[[], object]:
    return lambda: os.close(os.open(path, os.O_RDWR))


def write(path: str) -> Callable[[], object]:
    def action() -> None:
        Path(path).write_bytes(b"")
        Path(path).unlink()

    return action


def speak(family: int, kind: int = socket.SOCK_STREAM, protocol: int = 0) -> Callable[[], object]:
    return lambda: socket.socket(family, kind, protocol).close()


def call(name: str, *arguments: object) -> Callable[[], object]:
    def action() -> None:
        if getattr(libc, name)(*arguments) == -1:
            raise OSError(ctypes.get_errno(), name)

    return action


def listen() -> None:
    with contextlib.closing(socket.socket()) as server:
        server.bind(("127.0.0.1", 8765))
        server.listen()


def suid() -> None:
    path = Path("/run/voiced/suid" if Path("/run/voiced").is_dir() else "/tmp/suid")
    path.write_bytes(b"")
    try:
        path.chmod(0o4755)
        if not path.stat().st_mode & 0o4000:
            raise OSError("no set-user-id")
    finally:
        path.unlink()


def other_processes() -> None:
    if not [path for path in Path("/proc").iterdir() if path.name.isdigit() and path.stat().st_uid == 0]:
        raise OSError("none to be seen")


FORBIDDEN: dict[str, Callable[[], object]] = {
    "write /etc": write("/etc/probe"),
    "write /usr": write("/usr/probe"),
    "write /boot": write("/boot/probe"),
    "read /etc/shadow": read("/etc/shadow"),
    "read the owner's home": lambda: next(iter(Path("/root").iterdir())),
    "read the disk": read("/dev/vda"),
    "read memory": read("/dev/mem"),
    "read the kernel's log": read("/dev/kmsg"),
    "write a kernel setting": lambda: Path("/proc/sys/kernel/domainname").write_text("probe"),
    "see processes of others": other_processes,
    "signal process 1": lambda: os.kill(1, 0),
    "become root": lambda: os.setuid(0),
    "mount": call("mount", b"none", b"/tmp", b"tmpfs", 0, None),
    "make a user namespace": call("unshare", 0x10000000),
    "set the clock": lambda: time.clock_settime(time.CLOCK_REALTIME, time.time()),
    "set the host's name": lambda: socket.sethostname("probe"),
    "load a module": call("syscall", 175, None, 0, b""),
    "write and execute memory": lambda: mmap.mmap(-1, 4096, prot=7).close(),
    "change personality": call("personality", 0x0040000),
    "set-user-id files": suid,
    "raw packets": speak(socket.AF_PACKET, socket.SOCK_RAW),
    "netlink": speak(socket.AF_NETLINK, socket.SOCK_RAW),
    "listen on TCP": listen,
    "trace a process": call("ptrace", 16, os.getppid(), None, None),
    "real-time priority 50": lambda: os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(50)),
}
NETWORK: dict[str, Callable[[], object]] = {"make a TCP socket": speak(socket.AF_INET)}
MACHINE: dict[str, Callable[[], object]] = {
    "open the sound card": opened("/dev/snd/controlC0"),
    "open the gpiochip": opened("/dev/gpiochip0"),
    "write the state": write("/var/lib/voiced/probe"),
    "write the runtime directory": write("/run/voiced/probe"),
    "real-time priority 20": lambda: os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(20)),
}
CONFIGURATION: dict[str, Callable[[], object]] = {"read the configuration": read("/etc/voiced/voiced.toml")}
# No secret, and the brain reads /proc/cpuinfo: it may see them.
CARDS: dict[str, Callable[[], object]] = {"read the sound cards": read("/proc/asound/cards")}


def main(unit: str) -> None:
    own = {**MACHINE, **CONFIGURATION}
    forbidden, needed = {
        "voiced": (FORBIDDEN, {**own, **NETWORK, **CARDS}),
        "voiced-brain": ({**FORBIDDEN, **own, **NETWORK}, CARDS),
        "voiced-tools": ({**FORBIDDEN, **own}, {**NETWORK, **CARDS}),
    }[unit]
    probes = {f"cannot {name}": not can(action) for name, action in forbidden.items()}
    probes |= {f"can {name}": can(action) for name, action in needed.items()}
    print("probes " + json.dumps(probes), flush=True)


main(sys.argv[1])
