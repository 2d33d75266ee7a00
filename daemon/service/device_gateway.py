"""Access to the devices: requests through the machine's limits, values to the pins, sensor readings."""

from __future__ import annotations

from typing import Any

from daemon.config.model import Config
from daemon.control.pending_requests import PendingRequests
from daemon.core import events as ev
from daemon.devices import inventory
from daemon.devices.requests import DeviceAnswer, Request, WriteOutput
from daemon.service.board_supervisor import NO_PINS, BoardSupervisor
from daemon.service.error_isolation import ErrorIsolation
from daemon.service.machine_driver import MachineDriver
from daemon.service.notifier import Notifier
from daemon.telemetry.notifications import DeviceChanged, DeviceWritten, LampWritten
from hardware.ports import HardwareError, PinError, Reading


class DeviceGateway:
    """All methods belong to the event loop."""

    def __init__(
        self,
        config: Config,
        board: BoardSupervisor,
        driver: MachineDriver,
        requests: PendingRequests,
        notifier: Notifier,
        isolation: ErrorIsolation,
    ) -> None:
        self._board = board
        self._driver = driver
        self._requests = requests
        self._publish = notifier.publish
        self._isolation = isolation
        self._names = inventory.names(config.devices)
        self._sensors = inventory.sensors(config.devices)
        self._lamps = tuple(config.lamps)
        self._refusal = ""

    async def ask(self, request: Request) -> DeviceAnswer:
        """Request a change of an output. The answer says so if the pins refused it."""
        if not self._board.there:
            return DeviceAnswer(False, f"Error: {NO_PINS}")
        self._refusal = ""
        request_id, answer = self._requests.issue()
        self._driver.happened(ev.DeviceAsked(request_id, request))
        result: DeviceAnswer = answer.result()
        return DeviceAnswer(False, f"Error: {self._refusal}") if self._refusal else result

    async def read(self, key: str) -> Reading:
        """Read a sensor. Raises PinError."""
        return await self._board.read(key)

    async def readings(self) -> dict[str, Any]:
        """The value or reading of every device, by its spoken name; None if it cannot be read."""
        values: dict[str, Any] = dict(self._driver.machine.devices.values())
        for key in self._sensors:
            try:
                values[key] = await self.read(key)
            except HardwareError:
                values[key] = None
        return {self._names.name(key): value for key, value in values.items()}

    def change(self, write: WriteOutput) -> None:
        """Set an output to a new value."""
        self.write(write.device, write.value)
        self._publish(DeviceChanged(self._names.name(write.device), write.value))

    def write(self, device: str, value: float | str) -> None:
        """Set an output's pins, if there is a board."""
        if not self._board.there:
            return
        self._publish(DeviceWritten(self._names.name(device), value))
        try:
            self._board.write(device, value)
        except Exception as error:
            # After any error: the answer must not say that it was done.
            self._refusal = str(error) or type(error).__name__
            if not isinstance(error, PinError):
                raise

    def restore(self) -> None:
        """Set every output again after the board has come back; one that fails does not stop the others."""
        for device, value in self._driver.machine.devices.values().items():
            with self._isolation.guard("an output"):
                self.write(device, value)

    def light(self, colour: tuple[float, float, float]) -> None:
        """Light every status lamp."""
        for name in self._lamps:
            self._publish(LampWritten(name, colour))
            self._board.lamp(name, colour)
