"""QEMU's own line: what its machine cannot do for itself (QEMU Machine Protocol, JSON lines)."""

from __future__ import annotations

import json
import socket
import time
from typing import Any, Final

LIMIT_S: Final = 120.0


class MonitorError(Exception):
    """QEMU refuses, or is not ready in time; the message has what it said."""


class Monitor:
    """A conversation with the QEMU at the other end of a connected socket."""

    def __init__(self, line: socket.socket) -> None:
        line.settimeout(LIMIT_S)
        self._line = line
        self._lines = line.makefile("rb")
        self._lines.readline()  # its greeting
        self.do("qmp_capabilities")

    def do(self, command: str, **arguments: object) -> dict[str, Any]:
        """What a command returns. Raises MonitorError."""
        self._line.sendall(json.dumps({"execute": command, "arguments": arguments}).encode() + b"\n")
        while line := self._lines.readline():
            answer = json.loads(line)
            if "error" in answer:
                raise MonitorError(f"{command}: {answer['error']['desc']}")
            if "return" in answer:
                returned: dict[str, Any] = answer["return"]
                return returned
        raise MonitorError(f"{command}: QEMU has gone")

    def until(self, query: str, status: str) -> None:
        """Ask until the status is as wanted. Raises MonitorError."""
        deadline = time.monotonic() + LIMIT_S
        while (said := self.do(query)).get("status") != status:
            if said.get("status") == "failed" or time.monotonic() > deadline:
                raise MonitorError(f"{query}: {said}")
            time.sleep(0.05)
