"""Every pin of the appliance on gpiozero: the Board port of a real board."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar, assert_never

from gpiozero import DigitalInputDevice
from gpiozero.exc import GPIOPinInUse, GPIOZeroError, PinInvalidPin

from hardware.devices.kind import BoardConfig, Driver, Output, Sensor, SensorDriver
from hardware.gpio import safe_state_plan
from hardware.gpio.chip_factory import ChipFactory
from hardware.gpio.line_drivers import ChipLines
from hardware.ports import PinError, Reading, Value

T = TypeVar("T")


class GpioBoard:
    """The Board port on a gpiochip. Raises PinError if a pin cannot be had.

    Outputs are claimed in their `at_start` state. Edges of the button are raw: no debouncing here. `factory`
    is gpiozero's maker of pins; without one it is the chip that the configuration names.
    """

    def __init__(self, config: BoardConfig, factory: Any = None) -> None:
        self._config = config
        self._lamps: dict[str, Driver] = {}
        self._outputs: dict[str, Driver] = {}
        self._sensors: dict[str, SensorDriver] = {}
        self._button: Any = None
        if any(isinstance(device, Output) and device.pulses for device in config.devices.values()):
            # lgpio's import moves the process for a moment, and may fail: before a line is held.
            importlib.import_module("hardware.gpio.software_pwm")
        if factory is None:
            with _explained("gpio.chip"):
                factory = ChipFactory(config.gpio.chip)
        self._factory = factory
        try:
            self._claim()
        except BaseException:  # after any error: a line that stayed held could not be claimed again
            self.close()
            raise

    def listen(self, edge: Callable[[bool], None], lost: Callable[[str], None]) -> None:
        """Call `edge(pressed)` for every edge, and at once if the button is down; `lost` if the chip goes."""
        if self._button is None:
            return
        self._factory.lost = lost
        self._button.when_activated = lambda: edge(True)
        self._button.when_deactivated = lambda: edge(False)
        with _explained("button"):
            if self._button.value:
                edge(True)

    def lamp(self, name: str, colour: tuple[float, float, float]) -> None:
        """Light a status lamp; one that is not declared is not lit."""
        if name in self._lamps:
            with _explained(f"lamps.{name}"):
                self._lamps[name].set(colour)

    def write(self, device: str, value: Value) -> None:
        """Set an output. Raises PinError."""
        with _explained(f"devices.{device}"):
            _declared(self._outputs, device, "an output").set(value)

    def read(self, device: str) -> Reading:
        """Read a sensor; a distance takes a fifth of a second. Raises PinError."""
        with _explained(f"devices.{device}"):
            return _declared(self._sensors, device, "a sensor").read()

    def write_safe_plan(self, path: Path) -> None:
        """Write the plan for `hardware.safe`: what `close` does to the lines. Raises OSError."""
        lines = safe_state_plan.safe_lines(self._config)
        safe_state_plan.write(path, self._factory.chip.path, lines)

    def close(self) -> None:
        """Put outputs into their `at_exit` states, those that go off first, and release every line.

        Never raises. Whether a released line floats or holds its level is up to its driver; nothing pulses it
        any more, so that a level below 100 percent ends as off.
        """
        at_exit = {
            key: value
            for key, config in self._config.devices.items()
            if key in self._outputs and isinstance(config, Output) and (value := config.at_rest()) is not None
        }
        for key in sorted(at_exit, key=lambda key: at_exit[key] not in (0.0, "#000000")):
            # If one line fails, the next must still reach its safe state.
            with suppress(Exception):
                self._outputs[key].set(at_exit[key])
        for lamp in self._lamps.values():
            with suppress(Exception):
                lamp.set((0.0, 0.0, 0.0))
        button = [] if self._button is None else [self._button]
        parts = [
            *self._outputs.values(),
            *self._lamps.values(),
            *self._sensors.values(),
            *button,
            self._factory,
        ]
        for part in parts:
            with suppress(Exception):
                part.close()
        self._button = None
        for claimed in (self._outputs, self._lamps, self._sensors):
            claimed.clear()

    def _claim(self) -> None:
        lines = ChipLines(self._factory)
        for key, device in self._config.devices.items():
            with _explained(f"devices.{key}"):
                match device:
                    case Output():
                        self._outputs[key] = device.claim(lines)
                    case Sensor():
                        self._sensors[key] = device.claim(lines)
                    case _:
                        assert_never(device)
        for key, lamp in self._config.lamps.items():
            with _explained(f"lamps.{key}"):
                self._lamps[key] = lines.lamp(lamp)
        button = self._config.button
        if button.pin is not None:
            with _explained("button"):
                self._button = DigitalInputDevice(
                    button.pin, pull_up=button.pull_up, pin_factory=self._factory
                )


def _declared(parts: Mapping[str, T], key: str, role: str) -> T:
    if key not in parts:
        raise PinError(f"this is not {role}: declare it in the configuration.")
    return parts[key]


@contextmanager
def _explained(part: str) -> Iterator[None]:
    """Turn an error of the layers below into one sentence about this part of the configuration."""
    try:
        yield
    except PinError as error:
        raise PinError(f"{part}: {error}") from None
    except GPIOPinInUse:
        raise PinError(f"{part}: its pin is taken by another part: give each its own pin.") from None
    except PinInvalidPin as error:
        raise PinError(f"{part}: {error}: choose a line that the chip has.") from None
    except (GPIOZeroError, OSError) as error:
        raise PinError(f"{part}: the pin refuses ({error}): check its wiring and gpio.chip.") from error
