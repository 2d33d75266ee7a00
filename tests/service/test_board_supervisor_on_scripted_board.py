"""A board that goes and comes back. The kernel's own way of taking a chip is shown on the booted machine."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from daemon.service.board_supervisor import BoardSupervisor, Spawn
from daemon.service.task_supervisor import TaskSupervisor
from hardware.ports import PinError, Value


class ScriptedBoard:
    """Refuses to be written while `broken`."""

    def __init__(self, log: list[Any]) -> None:
        self.broken = False
        self.lost: Callable[[str], None] = lambda reason: None
        self._log = log

    def listen(self, edge: Callable[[bool], None], lost: Callable[[str], None]) -> None:
        self.lost = lost

    def write(self, device: str, value: Value) -> None:
        if self.broken:
            raise PinError("The chip has gone.")
        self._log.append((device, value))

    def lamp(self, name: str, colour: tuple[float, float, float]) -> None:
        self.write(name, "lit")

    def read(self, device: str) -> float:
        return 21.5

    def close(self) -> None:
        self._log.append("closed")


class House:
    """Pins, what they told, and the boards that they will find: one by one, None for no board."""

    def __init__(self, spawn: Spawn | None = None) -> None:
        self.log: list[Any] = []
        self.boards: list[ScriptedBoard | None] = []
        self.tasks: list[asyncio.Task[Any]] = []
        self.pins = BoardSupervisor(
            self.make,  # type: ignore[arg-type]
            lambda pressed: self.log.append(("edge", pressed)),
            lambda: self.log.append("opened"),
            lambda: self.log.append(("fault", self.pins.fault)),
            spawn or self.spawn,
            retry_s=0.01,
        )

    def spawn(self, work: Coroutine[Any, Any, Any], name: str) -> None:
        self.tasks.append(asyncio.create_task(work, name=name))

    def make(self) -> ScriptedBoard:
        board = self.boards.pop(0)
        if board is None:
            raise PinError("There is no chip.")
        return board

    async def until(self, entry: Any) -> None:
        for _ in range(2000):
            if entry in self.log:
                return
            await asyncio.sleep(0.005)
        raise AssertionError(f"{entry} never came")


def test_a_board_that_comes_late_is_opened_and_its_absence_is_told_once() -> None:
    async def scenario() -> list[Any]:
        house = House()
        house.boards = [None, None, None, ScriptedBoard(house.log)]
        await house.pins.open()
        assert not house.pins.there
        await house.until("opened")
        return house.log

    absent, back = ("fault", "There is no chip."), ("fault", "")
    assert asyncio.run(scenario()) == [absent, "opened", back]


def test_a_board_that_is_waited_for_is_not_opened_once_the_service_stops() -> None:
    async def scenario() -> list[Any]:
        tasks = TaskSupervisor()
        house = House(tasks.spawn)
        house.boards = [None, ScriptedBoard(house.log)]
        await house.pins.open()
        tasks.cancel()
        await house.pins.close()
        await asyncio.sleep(10 * house.pins.retry_s)
        return house.log

    assert asyncio.run(scenario()) == [("fault", "There is no chip.")]


@pytest.mark.parametrize("way", ["write", "lamp", "edges"])
def test_a_board_that_goes_lets_the_button_go_and_is_opened_again(way: str) -> None:
    async def scenario() -> list[Any]:
        house = House()
        board = ScriptedBoard(house.log)
        house.boards = [board, ScriptedBoard(house.log)]
        await house.pins.open()
        house.log.clear()
        board.broken = True
        if way == "write":
            with pytest.raises(PinError):
                house.pins.write("lamp", 1.0)
        elif way == "lamp":
            house.pins.lamp("status", (1.0, 0.0, 0.0))
        else:
            await asyncio.to_thread(board.lost, "The chip has gone.")
        await house.until("opened")
        house.pins.write("lamp", 1.0)
        return house.log

    log = asyncio.run(scenario())
    assert log[:2] == [("fault", "The chip has gone."), ("edge", False)]
    assert log[-3:] == ["opened", ("fault", ""), ("lamp", 1.0)]
    assert log.count("closed") == 1
