"""The way to the devices: requests by the machine's limits, values to the pins, readings from the sensors."""

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
        """Ask for an output to be changed. The answer tells what the pins refuse, not what was meant."""
        if not self._board.there:
            return DeviceAnswer(False, f"Error: {NO_PINS}")
        self._refusal = ""
        request_id, answer = self._requests.issue()
        self._driver.happened(ev.DeviceAsked(request_id, request))
        result: DeviceAnswer = answer.result()
        return DeviceAnswer(False, f"Error: {self._refusal}") if self._refusal else result

    async def read(self, key: str) -> Reading:
        """Ask a sensor. Raises PinError."""
        return await self._board.read(key)

    async def readings(self) -> dict[str, Any]:
        """What every device is set to or reads now, by its spoken name; None where it cannot be read."""
        values: dict[str, Any] = dict(self._driver.machine.devices.values())
        for key in self._sensors:
            try:
                values[key] = await self.read(key)
            except HardwareError:
                values[key] = None
        return {self._names.name(key): value for key, value in values.items()}

    def change(self, write: WriteOutput) -> None:
        """Another value for an output."""
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
            # Whatever it was: whoever asked must not hear that it was done.
            self._refusal = str(error) or type(error).__name__
            if not isinstance(error, PinError):
                raise

    def restore(self) -> None:
        """Set every output anew: the board has come back. One that fails keeps no other from it."""
        for device, value in self._driver.machine.devices.values().items():
            self._isolation.run("an output", self.write, device, value)

    def light(self, colour: tuple[float, float, float]) -> None:
        """Light every status lamp."""
        for name in self._lamps:
            self._publish(LampWritten(name, colour))
            self._board.lamp(name, colour)
