"""The process towards systemd and the kernel: notifications, watchdog, resource usage, private memory."""

from __future__ import annotations

import ctypes
import os
import resource
import socket
import time
from typing import Any, Final

from daemon.text.printable import one_line

_PR_SET_DUMPABLE = 4


class Systemd:
    """The client of NOTIFY_SOCKET (sd_notify(3)), which may be gone or full at any time.

    Python's binding raises if it is gone, and blocks if it is full.
    """

    def __init__(self) -> None:
        self._unsent: dict[str, str] = {}

    def notify(self, state: str) -> None:
        """Send; never raises, never waits. What a full socket refuses is sent later, but for WATCHDOG=1."""
        name, _, value = one_line(state).partition("=")
        self._unsent[name] = value
        if _sent("\n".join(map("=".join, self._unsent.items()))):
            self._unsent.clear()
        self._unsent.pop("WATCHDOG", None)


def _sent(message: str) -> bool:
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return True
    if address.startswith("@"):
        address = f"\0{address[1:]}"  # the abstract namespace
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
            sender.setblocking(False)
            sender.sendto(message.encode(errors="replace"), address)
    except OSError:
        return False
    return True


notify: Final = Systemd().notify
"""Notify systemd, if there is one: READY=1, STATUS=..., STOPPING=1, WATCHDOG=1."""


def watchdog_interval_s() -> float | None:
    """How often to feed the watchdog: at a third of WatchdogSec, so that one may be late; None without it."""
    usec = os.environ.get("WATCHDOG_USEC", "")
    return int(usec) / 3e6 if usec.isdigit() and int(usec) > 0 else None


def keep_memory_private() -> None:
    """The memory holds the key: no core dumps, and only root may inspect it (prctl(2), PR_SET_DUMPABLE)."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0)


class ProcessUsage:
    """Resource usage of the process."""

    def __init__(self) -> None:
        self.ready_ms = 0.0

    def ready(self) -> None:
        """The service is ready."""
        self.ready_ms = round((time.clock_gettime(time.CLOCK_BOOTTIME) - _started_s()) * 1000, 1)

    def figures(self) -> dict[str, Any]:
        """Resident memory, CPU seconds, time from process start to ready."""
        usage = resource.getrusage(resource.RUSAGE_SELF)
        cpu_s = round(usage.ru_utime + usage.ru_stime, 3)
        return {"rss_mb": _rss_mb(), "cpu_s": cpu_s, "start_to_ready_ms": self.ready_ms}


def _rss_mb() -> float:
    with open("/proc/self/statm", encoding="ascii") as file:  # noqa: PTH123
        pages = int(file.read().split()[1])
    return round(pages * resource.getpagesize() / 2**20, 1)


def _started_s() -> float:
    """When the kernel started this process, in seconds since boot (proc(5), field 22 of stat)."""
    with open("/proc/self/stat", encoding="ascii") as file:  # noqa: PTH123
        after_name = file.read().rpartition(")")[2].split()
    return int(after_name[19]) / os.sysconf("SC_CLK_TCK")
