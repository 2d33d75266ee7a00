"""Controls the service during setup: stops it, starts it again, watches a turn."""

from __future__ import annotations

import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from signal import SIGHUP, SIGTERM
from typing import Final

from daemon.commands.doctor.machine import UNIT
from daemon.commands.verbs import describe_call
from daemon.control.client import ControlError, Json, request, stream

_START_LIMIT_S: Final = 30.0
_POLL_S: Final = 0.2
_TURN_LIMIT_S: Final = 90.0

Say = Callable[[str], None]


@contextmanager
def paused(say: Say) -> Iterator[None]:
    """Stop the service for this block, if it runs; if the block fails, start it again."""
    running = _systemctl("is-active")
    with _hangup_as_ctrl_c():
        try:
            if running:
                say("voiced has the sound card: it is stopped until this is done.")
                _systemctl("stop")
            yield
        except BaseException:
            if running:
                _systemctl("start")
            raise


@contextmanager
def _hangup_as_ctrl_c() -> Iterator[None]:
    """Treat SIGHUP as Ctrl-C: a broken connection must not leave the service stopped."""
    before = {each: signal.signal(each, signal.default_int_handler) for each in (SIGHUP, SIGTERM)}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


def restart() -> bool:
    """Start the service with its new configuration. False if systemd does not know it."""
    _systemctl("reset-failed")
    return _systemctl("restart")


def watch_turn(socket: Path, say: Say) -> bool:
    """Print progress until a turn has ended. False if there was none. Raises ControlError."""
    for event in stream(socket, "watch", _TURN_LIMIT_S):
        match event.get("event"):
            case "button" if event["pressed"]:
                say("  the button is down: speak")
            case "tool":
                say(f"  {describe_call(event)}")
            case "turn":
                return _told(event, say)
    return False


def _told(turn: Json, say: Say) -> bool:
    say(f"  heard: {turn['heard'] or '(nothing)'}")
    say(f"  answered: {turn['reply'] or turn['trouble'] or '(nothing)'}")
    return bool(turn["reply"])


def answers(socket: Path) -> bool:
    """Whether it answers, after some time to start."""
    limit = time.monotonic() + _START_LIMIT_S
    while time.monotonic() < limit:
        try:
            request(socket, "status")
        except ControlError:
            time.sleep(_POLL_S)
        else:
            return True
    return False


def _systemctl(verb: str) -> bool:
    if not shutil.which("systemctl"):
        return False
    command = ["systemctl", "--quiet", verb, UNIT]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0
