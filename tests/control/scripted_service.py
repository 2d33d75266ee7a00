"""A control socket without a service behind it."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from daemon.realtime.events import Json


class ScriptedService:
    """Stands for the service at its control socket: for each verb it answers the same lines."""

    def __init__(self, path: Path, **answers: list[Json]) -> None:
        self._answers = answers
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.bind(str(path))
        self._socket.listen()

    @contextmanager
    def serving(self) -> Iterator[None]:
        thread = threading.Thread(target=self._serve)
        thread.start()
        try:
            yield
        finally:
            self._socket.shutdown(socket.SHUT_RDWR)
            thread.join()
            self._socket.close()

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._socket.accept()
            except OSError:
                return
            with client, client.makefile("rwb") as lines:
                if asked := lines.readline():
                    for line in self._answers[json.loads(asked)["do"]]:
                        lines.write(json.dumps(line).encode() + b"\n")
