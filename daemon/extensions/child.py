"""One child process: it gets its file, then calls, until it ends."""

from __future__ import annotations

import asyncio
import itertools
import os
import socket
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path
from typing import TypeVar

from daemon.errors import PeerError
from daemon.extensions.files import ToolFileError, shown
from daemon.extensions.launch import ChildProcess, Launch
from daemon.extensions.messages import MAX_LINE_BYTES, Answered, Failed, Loaded, ToolOffer, decoded, encoded
from daemon.extensions.output import Drain, Printed

T = TypeVar("T")

IMPORT_LIMIT_S = 20.0
MAX_INVALID_LINES = 100
_GRACE_S = 2.0
_LAST_WORDS_S = 0.5
_GOODBYE_S = 10.0


class EndedError(PeerError):
    """The child has ended during a call; the message says how."""


class Child:
    """Made by `started`. `over` is done when the process has ended and its output was read; it says how."""

    def __init__(
        self, process: ChildProcess, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, drain: Drain
    ) -> None:
        loop = asyncio.get_running_loop()
        self._process = process
        self._reader = reader
        self._writer = writer
        self._drain = drain
        self._why = ""
        self._numbers = itertools.count(1)
        self._file: asyncio.Future[Loaded | Failed | None] = loop.create_future()
        self._answers: dict[int, asyncio.Future[Answered | None]] = {}
        self.over = asyncio.create_task(self._live(), name="tools child")

    async def load(self, path: Path, source: bytes, limit_s: float = IMPORT_LIMIT_S) -> list[ToolOffer]:
        """Load its file. Returns the tools that it offers. Raises ToolFileError."""
        self._writer.write(encoded(path=shown(path), source=source, limit_s=limit_s))
        try:
            async with asyncio.timeout(limit_s + _GRACE_S):
                said = await self._file
        except TimeoutError:
            self.kill(f"its import takes longer than {limit_s:g} seconds")
            raise ToolFileError(path, 0, self._why, "do in a tool what takes long") from None
        if isinstance(said, Loaded):
            return said.tools
        if isinstance(said, Failed):
            raise ToolFileError(path, said.line, said.problem, said.remedy)
        raise ToolFileError(path, 0, f"{await self.over} at its import", "see what it does there")

    async def call(self, name: str, arguments: str) -> Answered:
        """Call a tool. Raises EndedError: then it may have been carried out or not."""
        number = next(self._numbers)
        answer = self._answers[number] = asyncio.get_running_loop().create_future()
        try:
            self._writer.write(encoded(id=number, tool=name, arguments=arguments))
            answered: Answered | None = None if self.over.done() else await answer
        finally:
            del self._answers[number]
        if answered is None:
            raise EndedError(await self.over)
        return answered

    def kill(self, why: str) -> None:
        """Kill it with all processes that it has started."""
        self._why = self._why or why
        self._process.kill()

    async def _live(self) -> str:
        reading = asyncio.create_task(self._read(), name="tools channel")
        try:
            how = await asyncio.shield(self._process.ended)
            await asyncio.wait([reading], timeout=_LAST_WORDS_S)
        finally:
            reading.cancel()
            self._process.kill()
            self._drain.close()
            self._writer.transport.abort()
            for answer in self._answers.values():
                _settle(answer, None)
            _settle(self._file, None)
        return self._why or how

    async def _read(self) -> None:
        invalid = 0
        try:
            async for line in self._reader:
                # Each message comes after an empty line.
                invalid = max(0, invalid + 1 if self._is_invalid(line) else invalid - 1)
                if invalid > MAX_INVALID_LINES:
                    raise ValueError("too many invalid lines")
        except ValueError:  # or a line that is too long
            self.kill("it wrote to the channel of its process, which is not its own")
        except ConnectionError:
            return

    def _is_invalid(self, line: bytes) -> bool:
        """Handle a line; True if nothing waits for it."""
        message = decoded(line)
        if isinstance(message, Answered):
            waiting = self._answers.get(message.id)
            return waiting is None or not _settle(waiting, message)
        return message is None or not _settle(self._file, message)


def _settle(future: asyncio.Future[T], result: T) -> bool:
    """Set a result; True if it is the first."""
    if future.done():
        return False
    future.set_result(result)
    return True


@asynccontextmanager
async def started(launch: Launch, printed: Printed) -> AsyncIterator[Child]:
    """A child for this block, killed at its end. Raises OSError."""
    with ExitStack() as theirs, ExitStack() as ours:
        channel, their_channel = socket.socketpair()
        ours.enter_context(channel)
        theirs.enter_context(their_channel)
        reading, writing = os.pipe()
        ours.callback(os.close, reading)
        theirs.callback(os.close, writing)
        process = launch(their_channel.fileno(), writing)
        ours.pop_all()
    drain = Drain(reading, printed)
    reader, writer = await asyncio.open_unix_connection(sock=channel, limit=MAX_LINE_BYTES)
    child = Child(process, reader, writer, drain)
    try:
        yield child
    finally:
        child.kill("the service ends it")
        await asyncio.wait([child.over], timeout=_GOODBYE_S)
