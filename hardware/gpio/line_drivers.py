"""Lines of a chip on gpiozero, as the kinds of devices claim them, and the status lamps.

Inputs are read when asked: gpiozero's own classes for sensors poll for ever, each from a thread of its own; a
service that runs for years should not.
"""

from __future__ import annotations

import threading
from typing import Any, assert_never

from gpiozero import InputDevice, OutputDevice

from hardware.devices.kind import Driver
from hardware.ports import LampConfig, RgbLamp, SingleLamp


class ChipLines:
    """`hardware.devices.kind.Lines` on a factory of gpiozero's. Raises PinError, OSError, GPIOZeroError."""

    def __init__(self, factory: Any) -> None:
        self._factory = factory

    def switch(self, pin: int, active_high: bool, on: bool) -> Driver:
        """An output that is on or off."""
        return _Switch(pin, active_high, on, self._factory)

    def dimmer(self, pin: int, active_high: bool, level: float, frequency_hz: float) -> Driver:
        """An output of any level."""
        return _Dimmer(pin, active_high, level, self._factory, frequency_hz)

    def contact(self, pin: int, pull_up: bool) -> _Contact:
        """An input that reads True while it is away from its pull."""
        return _Contact(pin, pull_up, self._factory)

    def pulse_timer(self, pin: int) -> _PulseTimer:
        """An input that measures pulses."""
        return _PulseTimer(pin, self._factory)

    def lamp(self, config: LampConfig) -> Driver:
        """A status lamp, dark: it takes three levels, its parts are dark or full on, and never pulse."""
        match config:
            case SingleLamp():
                return _Lamp((self.switch(config.pin, config.active_high, False),))
            case RgbLamp():
                return _Lamp(tuple(self.switch(pin, config.active_high, False) for pin in config.pins))
            case _:
                assert_never(config)


class _Switch:
    def __init__(self, pin: int, active_high: bool, on: bool, factory: Any) -> None:
        self._line = OutputDevice(pin, active_high=active_high, initial_value=on, pin_factory=factory)

    def set(self, value: float) -> None:
        self._line.value = bool(value)

    def close(self) -> None:
        self._line.close()


class _Dimmer:
    """It is claimed fully on or off, and pulses between."""

    def __init__(self, pin: int, active_high: bool, value: float, factory: Any, frequency_hz: float) -> None:
        self._active_high = active_high
        self._value = value
        self._line = OutputDevice(
            pin, active_high=active_high, initial_value=value == 1.0, pin_factory=factory
        )
        self._line.pin.frequency = frequency_hz
        self.set(value)

    def set(self, value: float) -> None:
        self._line.pin.state = value if self._active_high else 1.0 - value
        self._value = value

    def close(self) -> None:
        if 0.0 < self._value < 1.0:
            self.set(0.0)
        self._line.close()


class _Lamp:
    """Three levels on three LEDs, or the brightest of them on one."""

    def __init__(self, parts: tuple[Driver, ...]) -> None:
        self._parts = parts

    def set(self, colour: tuple[float, float, float]) -> None:
        levels = colour if len(self._parts) == len(colour) else (max(colour),)
        for part, level in zip(self._parts, levels, strict=True):
            part.set(level)

    def close(self) -> None:
        for part in self._parts:
            part.close()


class _Contact:
    def __init__(self, pin: int, pull_up: bool, factory: Any) -> None:
        self._line = InputDevice(pin, pull_up=pull_up, pin_factory=factory)

    def read(self) -> bool:
        return bool(self._line.value)

    def close(self) -> None:
        self._line.close()


class _PulseTimer:
    def __init__(self, pin: int, factory: Any) -> None:
        self._factory = factory
        self._rise: Any = None
        self._width_s: float | None = None
        self._ended = threading.Event()
        self._line = InputDevice(pin, pull_up=False, pin_factory=factory)
        self._line.pin.edges = "both"
        self._line.pin.when_changed = self._changed

    def arm(self) -> None:
        self._rise = self._width_s = None
        self._ended.clear()

    def width_s(self, limit_s: float) -> float | None:
        self._ended.wait(limit_s)
        return self._width_s

    def close(self) -> None:
        self._line.close()

    def _changed(self, ticks: Any, level: float) -> None:
        if level:
            self._rise = ticks
        elif self._rise is not None:
            self._width_s = self._factory.ticks_diff(ticks, self._rise)
            self._ended.set()
