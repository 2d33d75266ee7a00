"""Starts a child and kills it with its process group; for the service and for its tools' unit."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import suppress

_NOT_FOR_TOOLS = frozenset(
    {
        *("OPENAI_API_KEY", "CREDENTIALS_DIRECTORY"),
        *("NOTIFY_SOCKET", "WATCHDOG_PID", "WATCHDOG_USEC"),
        *("LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES", "JOURNAL_STREAM"),
    }
)
"""Variables with secrets of the service, and those of systemd's notification."""

unreaped: set[subprocess.Popen[bytes]] = set()
"""At exit the service does not wait for a child that takes long to die; kept here to avoid a warning."""


def start(channel: int, output: int) -> tuple[subprocess.Popen[bytes], int]:
    """A child in a session of its own, with these descriptors and no input, and its pidfd. Raises OSError."""
    isolated = ["-I"] if sys.flags.isolated else []
    child = subprocess.Popen(
        [sys.executable, *isolated, "-m", "daemon.extensions.stub", str(channel), str(os.getpid())],
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=output,
        env={name: value for name, value in os.environ.items() if name not in _NOT_FOR_TOOLS},
        pass_fds=(channel,),
        start_new_session=True,
    )
    unreaped.add(child)
    try:
        return child, os.pidfd_open(child.pid)
    except OSError:  # there are no more descriptors
        kill(child)
        reap(child)
        raise


def kill(child: subprocess.Popen[bytes]) -> None:
    """End a child that has not been reaped, and whatever it has started in its group."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)


def reap(child: subprocess.Popen[bytes]) -> int:
    """Wait for the end of a child. Returns its exit status."""
    status = child.wait()
    unreaped.discard(child)
    return status


def how_it_ended(status: int) -> str:
    """An exit status in words."""
    if status >= 0:
        return f"its process ended with status {status}"
    try:
        return f"its process was ended by {signal.Signals(-status).name}"
    except ValueError:
        return f"its process was ended by signal {-status}"
