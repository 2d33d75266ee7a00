"""The wire log: every event as a line of JSON, to find faults of the protocol."""

from __future__ import annotations

import logging
import os
import time

import msgspec

from daemon.realtime.codec import loosely_typed
from daemon.realtime.events import Role
from daemon.text.masking import Outlet, mask
from daemon.text.printable import safe_json

log = logging.getLogger("voiced.link")


class WireLog:
    """Writes events as they were on the wire, without secrets and headers.

    If it cannot write, it gives up the log, and the conversation goes on.
    """

    def __init__(self, path: str) -> None:
        self._outlet = Outlet()
        self._file = -1
        try:
            # A pipe that nobody reads would block everything.
            flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NONBLOCK
            self._file = os.open(path, flags, 0o600) if path else -1
        except (OSError, ValueError) as error:
            log.warning("There is no wire log: debug.wire_log cannot be written (%s).", error)

    def write(self, conn: int, role: Role, frame: bytes) -> None:
        """One event."""
        if self._file < 0:
            return
        stamp = f'{{"t":{time.monotonic():.6f},"conn":{conn},"dir":"{role}","event":'
        try:
            os.write(self._file, stamp.encode() + self._shown(f"{conn} {role}", frame) + b"}\n")
        except OSError as error:
            log.warning("The wire log ends here (%s).", error)
            self.close()

    def close(self) -> None:
        """No more events."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _shown(self, stream: str, frame: bytes) -> bytes:
        """The event on one line, safe to print on a terminal."""
        frame = self._masked(stream, frame).replace(b"\n", b" ").replace(b"\r", b" ")
        if frame.isascii() and b"\x7f" not in frame:
            return frame
        return safe_json(frame.decode(errors="replace")).encode()

    def _masked(self, stream: str, frame: bytes) -> bytes:
        try:
            event = loosely_typed(frame)
            clean = self._outlet.masked(event, stream)
            return frame if clean == event else msgspec.json.encode(clean)
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            return mask(frame.decode(errors="replace")).encode()
