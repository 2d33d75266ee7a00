"""What the shell needs of the outside world, and the typed structs that describe it.

The ports are structural (`typing.Protocol`): `alsa.py`, `gpio.py` and `virtual.py` fit them without
inheriting. `daemon/config/loader.py` is composed of the structs below.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Literal, Protocol, TypeAlias

import msgspec
import numpy as np
import numpy.typing as npt

Mono: TypeAlias = npt.NDArray[np.float32]
"""Samples of one channel, float32, full scale is 1.0, shape (frames,)."""

Value: TypeAlias = float | str
"""What an output is set to: 0.0 to 1.0, or "#rrggbb" for a device of the kind rgb."""

Reading: TypeAlias = float | bool
"""What a sensor says: True (closed, motion) or False for contacts, metres, or degrees Celsius."""

Pin: TypeAlias = Annotated[
    int, msgspec.Meta(ge=0, le=511, description="line number on the gpiochip (BCM on a Pi)")
]
Percent: TypeAlias = Annotated[int, msgspec.Meta(ge=0, le=100)]
State: TypeAlias = Percent | Annotated[str, msgspec.Meta(pattern="^(on|off|#[0-9a-fA-F]{6})$")]
"""A state as the owner writes it: "on", "off", a level in percent, or a colour for rgb."""


class HardwareError(Exception):
    """A part of the board is missing, busy or refuses; the message is one sentence with the remedy."""


class SoundError(HardwareError):
    """The sound card cannot be opened or has gone."""


class PinError(HardwareError):
    """A gpiochip or a line on it cannot be used."""


class Struct(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of everything the configuration is made of: immutable, and unknown keys are refused."""


# ---------------------------------------------------------------- sound


class SoundConfig(Struct, frozen=True):
    """`[sound]`: the cards, by ALSA's names or those of `soundcards.py`, and how they are opened."""

    microphone: str = "default"
    speaker: str = "default"
    microphone_channel: Annotated[int, msgspec.Meta(ge=0, le=7)] = 0
    rate_hz: Literal[0, 8000, 16000, 24000, 32000, 44100, 48000, 96000] = 0  # 0: the card's native rate
    period_ms: Annotated[int, msgspec.Meta(ge=5, le=60)] = 10
    buffer_ms: Annotated[int, msgspec.Meta(ge=20, le=500)] = 80
    capture: Literal["pressed", "always"] = "pressed"
    pre_roll_ms: Annotated[int, msgspec.Meta(ge=0, le=2000)] = 300
    filter: Literal["minimum", "linear"] = "minimum"
    earcons: Literal["off", "on", "all"] = "on"


class Capture(Protocol):
    """Takes what the microphone gives. Every method is called on the microphone thread and must not block."""

    def opened(self, rate_hz: int) -> None:
        """The card is open (again) and will deliver at this rate."""

    def frames(self, samples: Mono) -> None:
        """One period of one channel."""

    def ended(self) -> None:
        """`stop()` has taken effect: the tail has been delivered, no more frames follow."""

    def overrun(self) -> None:
        """Frames were lost because nobody read them in time."""

    def failed(self, error: SoundError) -> None:
        """The card has gone; the thread goes on trying to open it, `opened` tells when it is back."""


class Playback(Protocol):
    """Gives what the speaker plays. Every method is called on the speaker thread and must not block."""

    def opened(self, rate_hz: int) -> None:
        """The card is open (again) and wants samples at this rate."""

    def pull(self, frames: int) -> Mono | None:
        """Exactly `frames` samples, or None when there is nothing to play now."""

    def played(self, delay_frames: int) -> None:
        """After each write and while draining: frames written and not heard yet; 0 ends a drain."""

    def stopped(self, delay_frames: int) -> None:
        """The answer to `stop()`: the card is silent, and this many written frames were never heard."""

    def underrun(self) -> None:
        """The card ran dry while samples were still wanted."""

    def failed(self, error: SoundError) -> None:
        """The card has gone; the thread goes on trying to open it, `opened` tells when it is back."""


class Microphone(Protocol):
    """A capture stream owned by one thread."""

    def start(self) -> None:
        """Deliver frames to the Capture from now on. Returns at once."""

    def stop(self) -> None:
        """Deliver what is already captured, then call `Capture.ended`. Returns at once."""

    def close(self) -> None:
        """End the thread and release the card; waits at most a second."""

    @property
    def beats(self) -> int:
        """A counter that grows while the thread makes progress, idle or not (for the watchdog)."""


class Speaker(Protocol):
    """A playback stream owned by one thread."""

    def wake(self) -> None:
        """There is something to pull. Returns at once."""

    def stop(self) -> None:
        """Be silent at once, then call `Playback.stopped`. Returns at once."""

    def close(self) -> None:
        """End the thread and release the card; waits at most a second."""

    @property
    def beats(self) -> int:
        """A counter that grows while the thread makes progress, idle or not (for the watchdog)."""


# ---------------------------------------------------------------- pins


class GpioConfig(Struct, frozen=True):
    """`[gpio]`: which chip. `auto` takes the header's chip of a known board, else the only chip there is."""

    backend: Literal["lgpio", "virtual"] = "virtual"
    chip: str | int = "auto"


class ButtonConfig(Struct, frozen=True):
    """`[button]`: the push button, between its pin and ground unless `pull_up` is false."""

    pin: Pin | None = None
    pull_up: bool = True
    debounce_ms: Annotated[int, msgspec.Meta(ge=0, le=200)] = 30


class SingleLamp(Struct, tag="led", tag_field="kind", frozen=True, kw_only=True):
    """A status lamp of one LED."""

    pin: Pin
    active_high: bool = True


class RgbLamp(Struct, tag="rgb", tag_field="kind", frozen=True, kw_only=True):
    """A status lamp of three LEDs: red, green, blue."""

    pins: tuple[Pin, Pin, Pin]
    active_high: bool = True


LampConfig: TypeAlias = SingleLamp | RgbLamp


class Named(Struct, frozen=True):
    """What every device has: the names people use for it; the first is the canonical one."""

    say: tuple[Annotated[str, msgspec.Meta(min_length=1, max_length=40)], ...] = ()


class Output(Named, frozen=True):
    """An output, and the limits that hold whoever asks (see daemon/devices/limiter.py)."""

    active_high: bool = True
    at_start: State = "off"
    at_exit: State = "off"
    max_on_s: Annotated[float, msgspec.Meta(gt=0)] | None = None
    min_interval_s: Annotated[float, msgspec.Meta(ge=0)] = 0.0
    exclusive_with: tuple[str, ...] = ()


class Led(Output, tag="led", tag_field="kind", frozen=True, kw_only=True):
    """On or off, no protection interval needed."""

    pin: Pin


class Pwm(Output, tag="pwm", tag_field="kind", frozen=True, kw_only=True):
    """Any level from 0 to 100 percent by pulse width."""

    pin: Pin
    frequency_hz: Annotated[int, msgspec.Meta(ge=1, le=10000)] = 100


class Rgb(Output, tag="rgb", tag_field="kind", frozen=True, kw_only=True):
    """A coloured light on three PWM pins: red, green, blue."""

    pins: tuple[Pin, Pin, Pin]


class Relay(Output, tag="relay", tag_field="kind", frozen=True, kw_only=True):
    """On or off; `min_interval_s` keeps its contacts alive."""

    pin: Pin
    min_interval_s: Annotated[float, msgspec.Meta(ge=0)] = 0.5


class Buzzer(Output, tag="buzzer", tag_field="kind", frozen=True, kw_only=True):
    """On or off; a buzzer left on for long is a nuisance, so `max_on_s` is 10 unless told otherwise."""

    pin: Pin
    max_on_s: Annotated[float, msgspec.Meta(gt=0)] | None = 10.0


class Servo(Output, tag="servo", tag_field="kind", frozen=True, kw_only=True):
    """0 percent is one end of its travel, 100 the other."""

    pin: Pin
    min_pulse_ms: Annotated[float, msgspec.Meta(ge=0.3, le=3.0)] = 1.0
    max_pulse_ms: Annotated[float, msgspec.Meta(ge=0.3, le=3.0)] = 2.0


class Contact(Named, tag="button", tag_field="kind", frozen=True, kw_only=True):
    """A contact of a door or window: closed when the pin is pulled to ground."""

    pin: Pin
    pull_up: bool = True
    simulated: bool = False  # what the virtual backend reads: True is closed


class Motion(Named, tag="motion", tag_field="kind", frozen=True, kw_only=True):
    """A passive infrared sensor."""

    pin: Pin
    simulated: bool = False


class Distance(Named, tag="distance", tag_field="kind", frozen=True, kw_only=True):
    """An ultrasonic distance sensor of the HC-SR04 kind; reads metres."""

    trigger: Pin
    echo: Pin
    max_m: Annotated[float, msgspec.Meta(gt=0, le=10)] = 4.0
    simulated: float = 1.0


class CpuTemperature(Named, tag="cpu_temperature", tag_field="kind", frozen=True, kw_only=True):
    """The processor's own thermometer; reads degrees Celsius."""

    simulated: float = 21.5


OutputConfig: TypeAlias = Led | Pwm | Rgb | Relay | Buzzer | Servo
SensorConfig: TypeAlias = Contact | Motion | Distance | CpuTemperature
DeviceConfig: TypeAlias = OutputConfig | SensorConfig


def value_of(output: OutputConfig, state: State) -> Value:
    """A state as the owner writes it, as this output's value: 30 is 0.3, "off" of an rgb is "#000000"."""
    if isinstance(state, int):
        return state / 100
    if isinstance(output, Rgb):
        return {"on": "#ffffff", "off": "#000000"}.get(state, state.lower())
    return 1.0 if state == "on" else 0.0


class Board(Protocol):
    """Every pin of the appliance: the button, the status lamps, the devices."""

    def listen(self, edge: Callable[[bool], None], lost: Callable[[str], None]) -> None:
        """Call `edge(pressed)` for every raw edge of the button, and at once if it is down already.

        `lost(reason)` is called when the board has gone. Both come from the backend's own thread.
        """

    def lamp(self, name: str, colour: tuple[float, float, float]) -> None:
        """Light a status lamp: red, green, blue, each 0.0 to 1.0; a single LED shows the brightest.

        A lamp that is not declared is not lit.
        """

    def write(self, device: str, value: Value) -> None:
        """Set an output by its key in the configuration. Raises PinError."""

    def read(self, device: str) -> Reading:
        """Ask a sensor. May block for some milliseconds. Raises PinError."""

    def write_safe_plan(self, path: Path) -> None:
        """Write down for `hardware.safe` what `close` does to the lines, if there are any. Raises OSError."""

    def close(self) -> None:
        """Put every output into its `at_exit` state, the lamps out, and release the lines."""
