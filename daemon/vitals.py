"""Signs of life: systemd's notifications and watchdog, the journal, the figures of turns and process."""

from __future__ import annotations

import logging
import os
import resource
import sys
import time
from typing import Any

from daemon.protocol import Json

try:
    from systemd.daemon import notify as _sd_notify
    from systemd.journal import JournalHandler
except ImportError:  # not on a systemd machine, or systemd-python is missing
    _sd_notify = JournalHandler = None

log = logging.getLogger("voiced")

_FIGURES = (
    "press_to_first_frame_ms",
    "release_to_commit_ms",
    "commit_to_first_delta_ms",
    "first_delta_to_sound_ms",
)


def set_up_logging() -> None:
    """To the journal with fields where it listens to our stderr, else to stderr as plain lines."""
    handler: logging.Handler
    if JournalHandler is not None and os.environ.get("JOURNAL_STREAM"):
        handler = JournalHandler(SYSLOG_IDENTIFIER="voiced")
        handler.setFormatter(logging.Formatter("%(message)s"))
    else:
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    logging.getLogger("websockets").setLevel(logging.WARNING)


def notify(state: str) -> None:
    """Tell systemd, where there is one: READY=1, STATUS=..., STOPPING=1, WATCHDOG=1."""
    if _sd_notify is not None and os.environ.get("NOTIFY_SOCKET"):
        _sd_notify(state)


def watchdog_interval_s() -> float | None:
    """How often systemd wants to be fed: half of WatchdogSec, or None without a watchdog."""
    usec = os.environ.get("WATCHDOG_USEC", "")
    return int(usec) / 2e6 if usec.isdigit() and int(usec) > 0 else None


def log_turn(turn: Json, transcripts: bool) -> None:
    """One line per turn; the words only if the owner wants them in the log."""
    figures = " ".join(f"{name}={turn[name]:g}" for name in _FIGURES if turn[name] is not None)
    calls = ", ".join(call["name"] for call in turn["tool_calls"]) or "no tool"
    how = "interrupted" if turn["interrupted"] else turn["trouble"] or "done"
    said = f" heard={turn['heard']!r} reply={turn['reply']!r}" if transcripts else ""
    fields = {
        f"VOICED_{name.upper()}": str(turn[name]) for name in (*_FIGURES, "source", "xruns", "heard_ms")
    }
    log.info(
        "turn %d (%s): %s; %s; %s%s",
        turn["number"],
        turn["source"],
        how,
        calls,
        figures,
        said,
        extra={**fields, "VOICED_TURN": str(turn["number"])},
    )


class Process:
    """What the process costs."""

    def __init__(self) -> None:
        self.ready_ms = 0.0

    def ready(self) -> None:
        """The button works from now on."""
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
