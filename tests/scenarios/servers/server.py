"""A server under test: installed, started, and ended by its own process id."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

Words: TypeAlias = Sequence[str | Path]
"""A command line."""

START_S = 600.0
"""A large server on a busy machine needs minutes."""
END_S = 20.0


def free_port() -> int:
    """A port of loopback that nobody uses."""
    with socket.create_server(("127.0.0.1", 0)) as bound:
        port: int = bound.getsockname()[1]
        return port


class Program:
    """A process that listens at a port of loopback."""

    def __init__(self, command: Words, port: int, log: Path, env: Mapping[str, str] | None = None) -> None:
        self._command, self._port, self._log = [str(word) for word in command], port, log
        self._env = {**os.environ, **(env or {})}
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def runs(self) -> bool:
        """Has it been started, and not ended since?"""
        return self._process is not None

    def start(self) -> None:
        """Return when it listens. Raises RuntimeError."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command, cwd=self._log.parent, env=self._env, stdout=log, stderr=log
            )
        end = time.monotonic() + START_S
        while not self._listens():
            if self._process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"{self._command[0]} does not start; its words are in {self._log}.")
            time.sleep(0.2)

    def _listens(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self._port), 1.0).close()
        except OSError:
            return False
        return True

    def kill(self) -> None:
        """Gone at once, in the middle of whatever it does."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def end(self) -> None:
        """In good order, if it likes."""
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(END_S)
            except subprocess.TimeoutExpired:
                self.kill()


class Server(ABC):
    """What the scenarios need to know of a server.

    `hears`: what was said reaches its model, so that a spoken command is carried out. `speaks`: its answers
    have a voice of their own, else the offline brain reads them out. `limits`: what it cannot do by
    itself, by scenario, and why.
    """

    name: str
    version: str
    hears = True
    speaks = True
    key = "sk-of-no-worth"
    limits: Mapping[str, str] = {}

    def __init__(self, folder: Path) -> None:
        self.folder = folder / self.name
        self.port = free_port()

    @property
    def title(self) -> str:
        """Its name and version."""
        return f"{self.name} {self.version}"

    @property
    def url(self) -> str:
        """Where the daemon connects to."""
        return f"ws://127.0.0.1:{self.port}/v1/realtime"

    @abstractmethod
    def install(self) -> None:
        """All that it needs, unless it is there."""

    @abstractmethod
    def start(self) -> None:
        """Return when it listens."""

    @abstractmethod
    def kill(self) -> None:
        """The server alone, at once."""

    @abstractmethod
    def end(self) -> None:
        """The server and whatever stands behind it."""

    def will_hear(self, text: str) -> None:  # noqa: B027
        """What the next clip says, for a server whose ears are made of paper."""
