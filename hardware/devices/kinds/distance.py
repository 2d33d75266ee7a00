"""A distance by ultrasound.

gpiozero's own class polls for ever, from a thread of its own; a service that runs for years should not.
"""

from __future__ import annotations

import threading
import time
from typing import Annotated, ClassVar, Final, final

import msgspec
import numpy as np

from hardware.devices.kind import Lines, Sensor, SensorDriver
from hardware.ports import Pin, PinError, Reading

_SOUND_M_PER_S: Final = 343.3
_PINGS: Final = 3
_PING_GAP_S: Final = 0.06  # an HC-SR04 may take the echo of an earlier ping for its own
_ECHO_LIMIT_S: Final = 0.1


@final
class Distance(Sensor, tag="distance", tag_field="kind", frozen=True, kw_only=True):
    """An ultrasonic distance sensor of the HC-SR04 kind; reads metres."""

    trigger: Pin
    echo: Pin
    max_m: Annotated[float, msgspec.Meta(gt=0, le=10)] = 4.0
    simulated: float = 1.0

    measures: ClassVar[tuple[str, ...]] = ("distance",)

    def claim(self, lines: Lines) -> SensorDriver:
        """One line for the trigger, one for the echo."""
        return _Sonar(self, lines)

    def told(self, name: str, reading: Reading) -> str:
        """In metres."""
        return f"The distance is {reading:.1f} metres."


class _Sonar:
    """A short pulse on the trigger, and the echo line is high for as long as the sound travels."""

    _air = threading.Lock()  # two sensors at once would receive each other's echo

    def __init__(self, config: Distance, lines: Lines) -> None:
        self._max_m = config.max_m
        self._trigger = lines.switch(config.trigger, active_high=True, on=False)
        self._echo = lines.pulse_timer(config.echo)

    def read(self) -> float:
        """The median of some pings, in metres. Raises PinError if none came back."""
        with self._air:
            echoes_s = [echo_s for _ in range(_PINGS) if (echo_s := self._ping()) is not None]
        if not echoes_s:
            raise PinError("no echo comes back: check the wiring and the 5 V of the distance sensor.")
        return min(float(np.median(echoes_s)) * _SOUND_M_PER_S / 2, self._max_m)

    def close(self) -> None:
        self._trigger.close()
        self._echo.close()

    def _ping(self) -> float | None:
        self._echo.arm()
        self._trigger.set(True)
        time.sleep(10e-6)
        self._trigger.set(False)
        echo_s = self._echo.width_s(_ECHO_LIMIT_S)
        time.sleep(_PING_GAP_S)
        return echo_s
