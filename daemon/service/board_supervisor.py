"""Opens the board, watches it, and opens it again when it is lost.

A gpiochip can go (an expander on USB, a driver that is bound anew) and may come back under another number.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from daemon.config.model import Config
from hardware.ports import Board, PinError, Reading, Value

log = logging.getLogger("voiced")

RETRY_S = 5.0
NO_PINS = "The pins cannot be reached; see the log of voiced."

Spawn: TypeAlias = Callable[[Coroutine[Any, Any, Any], str], None]


def open_board(config: Config) -> Board:
    """The board that the configuration wants. Raises PinError."""
    if config.gpio.backend == "virtual":
        from hardware.gpio.virtual_board import VirtualBoard

        return VirtualBoard(config)
    from hardware.gpio.board import GpioBoard

    return GpioBoard(config)


@dataclass(eq=False)
class BoardSupervisor:
    """All methods belong to the event loop. `make()` opens a board, on a thread; it may raise PinError.

    `edge(pressed)` is called on the board's own thread, `opened()` whenever the board is there (anew), and
    `changed()` when `fault` has changed.
    """

    _make: Callable[[], Board]
    _edge: Callable[[bool], None]
    _opened: Callable[[], None]
    _changed: Callable[[], None]
    _spawn: Spawn
    retry_s: float = RETRY_S
    fault: str = ""
    _board: Board | None = None

    @property
    def there(self) -> bool:
        """Whether the pins can be used."""
        return self._board is not None

    async def open(self) -> None:
        """Try once; without success try again in the background."""
        try:
            board = await asyncio.to_thread(self._make)
        except PinError as error:
            self._failed(str(error))
            return
        self._board, self.fault = board, ""
        self._listen(board)
        self._opened()
        self._changed()

    def write_safe_plan(self, path: Path) -> None:
        """Write the plan that makes every output safe when this process cannot (see hardware/safe.py)."""
        try:
            self._here().write_safe_plan(path)
        except OSError as error:
            log.warning("Outputs stay as they are if voiced dies: %s cannot be written (%s).", path, error)

    async def close(self) -> None:
        """Put every output into its safe state."""
        board, self._board = self._board, None
        if board is not None:
            await asyncio.to_thread(board.close)

    def write(self, device: str, value: Value) -> None:
        """Set an output. Raises PinError; the board is lost then."""
        board = self._here()
        try:
            board.write(device, value)
        except PinError as error:
            self._lose(board, str(error))
            raise

    def lamp(self, name: str, colour: tuple[float, float, float]) -> None:
        """Light a status lamp, if there is a board."""
        board = self._board
        if board is None:
            return
        try:
            board.lamp(name, colour)
        except PinError as error:
            self._lose(board, str(error))

    async def read(self, device: str) -> Reading:
        """Read a sensor. Raises PinError."""
        return await asyncio.to_thread(self._here().read, device)

    def _listen(self, board: Board) -> None:
        loop = asyncio.get_running_loop()

        def lost(reason: str) -> None:
            loop.call_soon_threadsafe(self._lose, board, reason)

        board.listen(self._edge, lost)

    def _here(self) -> Board:
        if self._board is None:
            raise PinError(NO_PINS)
        return self._board

    def _lose(self, board: Board, reason: str) -> None:
        """Give this board up. The state of the button is unknown then, so it counts as released."""
        if board is not self._board:
            return
        self._board = None
        self._failed(reason)
        self._edge(False)
        self._spawn(asyncio.to_thread(board.close), "board")

    def _failed(self, reason: str) -> None:
        """Try again later; report a failure once, however often that is."""
        if reason != self.fault:
            self.fault = reason
            self._changed()
        self._spawn(self._open_later(), "board")

    async def _open_later(self) -> None:
        await asyncio.sleep(self.retry_s)
        await self.open()
