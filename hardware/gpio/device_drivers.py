"""What sits on the pins, on gpiozero: outputs, status lamps and sensors of every kind.

Sensors are read when asked. gpiozero's own classes for motion and distance poll for ever, each from a thread
of its own; a service that runs for years should not.
"""

from __future__ import annotations

import statistics
import threading
import time
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from gpiozero import InputDevice, OutputDevice

from hardware.ports import (
    Contact,
    CpuTemperature,
    Distance,
    LampConfig,
    Motion,
    OutputConfig,
    PinError,
    Pwm,
    Reading,
    Rgb,
    RgbLamp,
    SensorConfig,
    Servo,
    SingleLamp,
    Value,
    value_of,
)

LAMP_HZ = 100
SERVO_HZ = 50
SOUND_M_PER_S = 343.3
PINGS = 3
PING_GAP_S = 0.06  # what an HC-SR04 wants between two pings, or it hears the one before
ECHO_LIMIT_S = 0.1
THERMAL = Path("/sys/class/thermal")


# ---------------------------------------------------------------- outputs and lamps


class Driver(Protocol):
    """Something that can be set: an output, or a status lamp."""

    def set(self, value: Any) -> None:
        """Take a Value, or three levels for a lamp."""

    def close(self) -> None:
        """Let the pins go."""


class _Switch:
    """On or off."""

    def __init__(self, pin: int, active_high: bool, value: float, factory: Any) -> None:
        self._line = OutputDevice(
            pin, active_high=active_high, initial_value=bool(value), pin_factory=factory
        )

    def set(self, value: float) -> None:
        self._line.value = bool(value)

    def close(self) -> None:
        self._line.close()


class _Dimmer:
    """Any level by pulse width. It is claimed fully on or off, and pulses between."""

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


class _Colour:
    """Red, green and blue; takes "#rrggbb" or three levels."""

    def __init__(self, *parts: Driver) -> None:
        self._parts = parts

    def set(self, value: Value | tuple[float, float, float]) -> None:
        for part, level in zip(self._parts, _levels(value), strict=True):
            part.set(level)

    def close(self) -> None:
        for part in self._parts:
            part.close()


class _Servo:
    """0.0 is the shortest pulse, 1.0 the longest; closed, it lets the servo go."""

    def __init__(self, config: Servo, value: float, factory: Any) -> None:
        self._config = config
        self._line = _Dimmer(config.pin, config.active_high, 0.0, factory, SERVO_HZ)
        self.set(value)

    def set(self, value: float) -> None:
        low, high = self._config.min_pulse_ms, self._config.max_pulse_ms
        self._line.set((low + value * (high - low)) / 1000 * SERVO_HZ)

    def close(self) -> None:
        self._line.close()


class _Single:
    """A status lamp of one LED shows the brightest of the three levels."""

    def __init__(self, switch: _Switch) -> None:
        self._switch = switch

    def set(self, colour: tuple[float, float, float]) -> None:
        self._switch.set(max(colour))

    def close(self) -> None:
        self._switch.close()


def _levels(value: Any) -> tuple[float, float, float]:
    if isinstance(value, tuple):
        return value
    red, green, blue = bytes.fromhex(str(value).removeprefix("#"))
    return red / 255, green / 255, blue / 255


def output_on(config: OutputConfig, factory: Any) -> Driver:
    """Claim an output in its `at_start` state."""
    value: Any = value_of(config, config.at_start)
    match config:
        case Pwm():
            return _Dimmer(config.pin, config.active_high, value, factory, config.frequency_hz)
        case Rgb():
            claim = partial(_Dimmer, active_high=config.active_high, factory=factory, frequency_hz=LAMP_HZ)
            levels = zip(config.pins, _levels(value), strict=True)
            return _Colour(*(claim(pin, value=level) for pin, level in levels))
        case Servo():
            return _Servo(config, value, factory)
        case _:
            return _Switch(config.pin, config.active_high, value, factory)


def lamp_on(config: LampConfig, factory: Any) -> Driver:
    """Claim a status lamp, dark: its parts are dark or full on, and never pulse."""
    match config:
        case SingleLamp():
            return _Single(_Switch(config.pin, config.active_high, 0.0, factory))
        case RgbLamp():
            return _Colour(*(_Switch(pin, config.active_high, 0.0, factory) for pin in config.pins))


# ---------------------------------------------------------------- sensors


class Sensor(Protocol):
    """Something that can be read."""

    def read(self) -> Reading:
        """Ask it. Raises PinError."""

    def close(self) -> None:
        """Let the pins go."""


def sensor_on(config: SensorConfig, factory: Any) -> Sensor:
    """Claim a sensor."""
    match config:
        case Contact():
            return _Input(config.pin, config.pull_up, factory)
        case Motion():
            return _Input(config.pin, False, factory)
        case Distance():
            return _Sonar(config, factory)
        case CpuTemperature():
            return _Thermometer()


class _Input:
    """True while the pin is away from its pull."""

    def __init__(self, pin: int, pull_up: bool, factory: Any) -> None:
        self._line = InputDevice(pin, pull_up=pull_up, pin_factory=factory)

    def read(self) -> bool:
        return bool(self._line.value)

    def close(self) -> None:
        self._line.close()


class _Sonar:
    """An HC-SR04: a short pulse on the trigger, and the echo pin is high for as long as the sound travels."""

    _air = threading.Lock()  # two sensors at once would hear each other

    def __init__(self, config: Distance, factory: Any) -> None:
        self._max_m = config.max_m
        self._factory = factory
        self._rise: Any = None
        self._echo_s: float | None = None
        self._heard = threading.Event()
        self._trigger = OutputDevice(config.trigger, pin_factory=factory)
        self._echo = InputDevice(config.echo, pull_up=False, pin_factory=factory)
        self._echo.pin.edges = "both"
        self._echo.pin.when_changed = self._changed

    def read(self) -> float:
        """The median of some pings, in metres. Raises PinError if none came back."""
        with self._air:
            echoes_s = [echo_s for _ in range(PINGS) if (echo_s := self._ping()) is not None]
        if not echoes_s:
            raise PinError("no echo comes back: check the wiring and the 5 V of the distance sensor.")
        return min(statistics.median(echoes_s) * SOUND_M_PER_S / 2, self._max_m)

    def close(self) -> None:
        self._trigger.close()
        self._echo.close()

    def _ping(self) -> float | None:
        self._rise = self._echo_s = None
        self._heard.clear()
        self._trigger.on()
        time.sleep(10e-6)
        self._trigger.off()
        self._heard.wait(ECHO_LIMIT_S)
        time.sleep(PING_GAP_S)
        return self._echo_s

    def _changed(self, ticks: Any, level: float) -> None:
        if level:
            self._rise = ticks
        elif self._rise is not None:
            self._echo_s = self._factory.ticks_diff(ticks, self._rise)
            self._heard.set()


class _Thermometer:
    """The zone named after the processor, else the first one; degrees Celsius."""

    def read(self) -> float:
        zones = sorted(THERMAL.glob("thermal_zone*"))
        if not zones:
            raise PinError("this board has no thermometer: remove the device.")
        zone = next((zone for zone in zones if "cpu" in (zone / "type").read_text()), zones[0])
        return int((zone / "temp").read_text()) / 1000

    def close(self) -> None:
        pass
