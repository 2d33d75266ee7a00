"""The Board port without a kernel, for the demo and for tests: pressed by calls, seen through an observer."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import assert_never

from hardware.devices.kind import BoardConfig, Output, Sensor
from hardware.ports import PinError, Reading, Value

Levels = tuple[float, float, float]
DARK: Levels = (0.0, 0.0, 0.0)


class VirtualBoard:
    """Remembers its states. `observer(part, value)` is called for every change, as "devices.fan", 0.3.

    Lamps are "lamps.status" with three levels. The observer runs on the thread that made the change.
    """

    def __init__(
        self,
        config: BoardConfig,
        observer: Callable[[str, Value | Levels], None] = lambda part, value: None,
    ) -> None:
        self.outputs: dict[str, Value] = {}
        self.lamps: dict[str, Levels] = dict.fromkeys(config.lamps, DARK)
        self.pressed = False
        self._configs = config.devices
        self._readings: dict[str, Reading] = {}
        self._observer = observer
        self._edge: Callable[[bool], None] = lambda pressed: None
        self._button_lock = threading.Lock()
        for key, device in config.devices.items():
            match device:
                case Output():
                    self.outputs[key] = device.value_of(device.at_start)
                case Sensor():
                    self._readings[key] = device.simulated
                case _:
                    assert_never(device)

    def listen(self, edge: Callable[[bool], None], lost: Callable[[str], None]) -> None:
        """Call `edge(pressed)` when the button moves, on the thread that moves it; never `lost`."""
        self._edge = edge
        if self.pressed:
            edge(True)

    def press(self) -> None:
        """Push the button down; nothing happens if it is down."""
        self._move(True)

    def release(self) -> None:
        """Let the button go; nothing happens if it is up."""
        self._move(False)

    def simulate(self, device: str, reading: Reading) -> None:
        """Set what a sensor reads from now on. Raises PinError if there is no such sensor."""
        self.read(device)
        self._readings[device] = reading

    def lamp(self, name: str, colour: Levels) -> None:
        """Light a status lamp; one that is not declared is not lit."""
        if self.lamps.get(name, colour) != colour:
            self.lamps[name] = colour
            self._observer(f"lamps.{name}", colour)

    def write(self, device: str, value: Value) -> None:
        """Set an output. Raises PinError if there is no such output."""
        if device not in self.outputs:
            raise PinError(f"devices.{device} is not an output: declare it in the configuration.")
        if self.outputs[device] != value:
            self.outputs[device] = value
            self._observer(f"devices.{device}", value)

    def read(self, device: str) -> Reading:
        """Read a sensor. Raises PinError if there is no such sensor."""
        if device not in self._readings:
            raise PinError(f"devices.{device} is not a sensor: declare it in the configuration.")
        return self._readings[device]

    def write_safe_plan(self, path: Path) -> None:
        """Nothing: there are no lines that could stay on."""

    def close(self) -> None:
        """Put every output into its `at_exit` state and switch the lamps off."""
        for key, device in self._configs.items():
            if isinstance(device, Output):
                self.write(key, device.value_of(device.at_exit))
        for name in self.lamps:
            self.lamp(name, DARK)

    def _move(self, pressed: bool) -> None:
        with self._button_lock:
            if self.pressed != pressed:
                self.pressed = pressed
                self._edge(pressed)
