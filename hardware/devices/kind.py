"""Base classes of the kinds of devices; a kind is `@final`, so that mypy names what it lacks."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, ClassVar, Literal, NamedTuple, Protocol, TypeAlias, assert_never

import msgspec

from hardware.ports import ButtonConfig, GpioConfig, LampConfig, Pin, Reading, State, Struct, Value

Takes: TypeAlias = Literal["switch", "level", "colour"]
"""What an output understands: on and off only, or levels as well, or colours as well."""


# ---------------------------------------------------------------- lines, as a kind claims them


class Driver(Protocol):
    """Something that can be set."""

    def set(self, value: Any) -> None:
        """Take a value."""

    def close(self) -> None:
        """Release the lines."""


class SensorDriver(Protocol):
    """Something that can be read."""

    def read(self) -> Reading:
        """Take a reading. Raises PinError."""

    def close(self) -> None:
        """Release the lines."""


class PulseTimer(Protocol):
    """Measures how long a line is high."""

    def arm(self) -> None:
        """Wait for a new pulse; earlier ones do not count."""

    def width_s(self, limit_s: float) -> float | None:
        """Wait for the end of the pulse; None if it has not ended within this time."""

    def close(self) -> None:
        """Release the line."""


class Lines(Protocol):
    """Claims lines of a chip. Raises PinError, or an error that the board turns into one."""

    def switch(self, pin: int, active_high: bool, on: bool) -> Driver:
        """An output that is on or off; it begins as `on` says."""

    def dimmer(self, pin: int, active_high: bool, level: float, frequency_hz: float) -> Driver:
        """An output of any level from 0.0 to 1.0, by pulse width; it begins with `level`."""

    def contact(self, pin: int, pull_up: bool) -> SensorDriver:
        """An input that reads True while its level is not that of its pull."""

    def pulse_timer(self, pin: int) -> PulseTimer:
        """An input that measures pulses."""


# ---------------------------------------------------------------- devices


class Named(Struct, frozen=True):
    """What every device has: the names people use for it; the first is the canonical one."""

    say: tuple[Annotated[str, msgspec.Meta(min_length=1, max_length=40)], ...] = ()

    def complaints(self) -> Iterator[tuple[str, str]]:
        """Faults that more than one key is needed to see: the key, and what is wrong and the remedy."""
        yield from ()


class SafeLine(NamedTuple):
    """A line in the safe state, and whether it alone decides what the device does.

    The doctor looks at those that do: before the start nobody holds them, and they follow their pull.
    """

    pin: int
    on: bool
    decides: bool = True


class Action(NamedTuple):
    """What can be asked of a kind beside on, off, level and colour: a tool, and the sentence that calls it.

    `words` are what the tool's parameter `action` takes, each with the value that it means; an output that
    takes levels has it scaled by the parameter `percent`. `sentence` is a pattern of the offline brain (see
    daemon/brain/nlu/template_syntax.py) with {device}, {action} and {percent} in it; `example` is one that
    people can say, with {device}.
    """

    tool: str
    description: str
    words: Mapping[str, float]
    sentence: str
    example: str


class Output(Named, frozen=True):
    """An output, and the limits that hold whoever asks (see daemon/devices/limiter.py)."""

    active_high: bool = True
    at_start: State = "off"
    at_exit: State = "off"
    max_on_s: Annotated[float, msgspec.Meta(gt=0)] | None = None
    min_interval_s: Annotated[float, msgspec.Meta(ge=0)] = 0.0
    exclusive_with: tuple[str, ...] = ()

    takes: ClassVar[Takes]
    pulses: ClassVar[bool]
    """Whether any of its lines carries pulses."""
    setup_level: ClassVar[Literal["high", "low"] | None] = "high"
    """The level that switches most of this kind on; None if `active_high` says nothing about it."""
    actions: ClassVar[tuple[Action, ...]] = ()
    states: ClassVar[Mapping[str, float]] = {}
    """Words for certain values in "The NAME is ..."; others are told as on, off, a level or a colour."""

    @abstractmethod
    def claim(self, lines: Lines) -> Driver:
        """Claim its lines in the `at_start` state, and return the driver that sets it."""

    @abstractmethod
    def safe_lines(self) -> tuple[SafeLine, ...]:
        """The level of each line once nothing drives or pulses it any more, after a crash too."""

    def value_of(self, state: State) -> Value:
        """A state as the owner writes it, as a value: 30 is 0.3, "off" of a colour is "#000000"."""
        if isinstance(state, int):
            return state / 100
        match self.takes:
            case "switch" | "level":
                return 1.0 if state == "on" else 0.0
            case "colour":
                return {"on": "#ffffff", "off": "#000000"}.get(state, state.lower())
            case _:
                assert_never(self.takes)

    def at_rest(self) -> Value | None:
        """Its value at the end: `at_exit`, where a level below full is off; None just releases its lines."""
        value = self.value_of(self.at_exit)
        match self.takes:
            case "switch":
                return float(bool(value))
            case "level":
                return float(value == 1.0)
            case "colour":
                return "#" + "".join("ff" if part == 255 else "00" for part in bytes.fromhex(str(value)[1:]))
            case _:
                assert_never(self.takes)


class OneLine(Output, frozen=True, kw_only=True):
    """An output on one line."""

    pin: Pin

    def safe_lines(self) -> tuple[SafeLine, ...]:
        """The line is on while the output is."""
        return (SafeLine(self.pin, bool(self.at_rest())),)


class Switch(OneLine, frozen=True, kw_only=True):
    """An output on one line that is on or off."""

    takes: ClassVar[Takes] = "switch"
    pulses: ClassVar[bool] = False

    def claim(self, lines: Lines) -> Driver:
        """Claim its only line."""
        return lines.switch(self.pin, self.active_high, bool(self.value_of(self.at_start)))


class Sensor(Named, frozen=True):
    """A sensor, read on request.

    The last word of its name tells the offline brain how people ask for it: one of a measure ("what is the
    temperature"), of an event ("is there any motion"), or else "is the door open".
    """

    measures: ClassVar[tuple[str, ...]] = ()
    events: ClassVar[tuple[str, ...]] = ()

    @property
    @abstractmethod
    def simulated(self) -> Reading:
        """What the virtual board reads at first: the name of a key of the configuration."""

    @abstractmethod
    def claim(self, lines: Lines) -> SensorDriver:
        """Claim its lines."""

    @abstractmethod
    def told(self, name: str, reading: Reading) -> str:
        """A reading as a sentence."""


Device: TypeAlias = Output | Sensor


class BoardConfig(Struct, frozen=True):
    """What is wired to the lines of a board; it is a part of the whole configuration."""

    gpio: GpioConfig = GpioConfig()
    button: ButtonConfig = ButtonConfig()
    lamps: dict[str, LampConfig] = msgspec.field(default_factory=dict)
    devices: dict[str, Device] = msgspec.field(default_factory=dict)
