"""What the shell needs of the outside world, and the typed structs that describe it.

The ports are structural (`typing.Protocol`): `sound/alsa_streams.py`, `gpio/board.py` and
`gpio/virtual_board.py` fit them without inheriting. `daemon/config/model.py` is composed of the structs
below; those of the devices are in `devices/kinds`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal, Protocol, TypeAlias, get_args, get_type_hints

import msgspec
import numpy as np
import numpy.typing as npt

Mono: TypeAlias = npt.NDArray[np.float32]
"""Samples of one channel, float32, full scale is 1.0, shape (frames,)."""

Value: TypeAlias = float | str
"""What an output is set to: 0.0 to 1.0, or "#rrggbb" for a device of the kind rgb."""

Reading: TypeAlias = float | bool
"""What a sensor reads: True (closed, motion) or False for contacts, metres, or degrees Celsius."""

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
    """Base of all structs of the configuration: immutable, and unknown keys are refused."""


def pins_of(part: msgspec.Struct) -> Iterator[tuple[str, int]]:
    """Every line that a part of the configuration names, and the key that names it."""
    for key in pin_keys(type(part)):
        value = getattr(part, key)
        for pin in value if isinstance(value, tuple) else (value,):
            if pin is not None:
                yield key, pin


@cache
def pin_keys(part: type[msgspec.Struct]) -> dict[str, int]:
    """The keys that name lines, and how many each: all that are typed as `Pin`, so that none is forgotten."""
    hints = get_type_hints(part, include_extras=True)
    counts = {key: _count_pins(hints[key]) for key in part.__struct_fields__}
    return {key: count for key, count in counts.items() if count}


def _count_pins(hint: Any) -> int:
    return 1 if hint == Pin else sum(map(_count_pins, get_args(hint)))


# ---------------------------------------------------------------- sound


class SoundConfig(Struct, frozen=True):
    """`[sound]`: the cards, by ALSA's names or those of `card_discovery.py`, and how they are opened."""

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
    echo: Annotated[
        Literal["off", "card", "auto"],
        msgspec.Meta(description="what takes our own voice out of the microphone: nothing, the card, we"),
    ] = "off"

    @property
    def full_duplex(self) -> bool:
        """Whether the microphone may stay open while the speaker plays."""
        return self.echo != "off"


class CardEvents(Protocol):
    """What a stream is told of its card, on the card's thread; no method of a stream may block there."""

    def opened(self, rate_hz: int) -> None:
        """The card is open (again), at this rate."""

    def failed(self, error: SoundError) -> None:
        """The card has gone; the thread goes on trying to open it, `opened` tells when it is back."""


class Capture(CardEvents, Protocol):
    """Takes what the microphone gives."""

    def frames(self, samples: Mono) -> None:
        """One period of one channel."""

    def overheard(self, samples: Mono) -> None:
        """One period while it stands by: nobody has asked for it, and it is to go no further."""

    def ended(self) -> None:
        """`stop()` has taken effect: the tail has been delivered, no more frames follow."""

    def overrun(self) -> None:
        """Frames were lost because nobody read them in time."""


class Playback(CardEvents, Protocol):
    """Gives what the speaker plays."""

    def pull(self, frames: int) -> Mono | None:
        """Exactly `frames` samples, or None when there is nothing to play now."""

    def played(self, delay_frames: int) -> None:
        """After each write and while draining: frames written and not heard yet; 0 ends a drain."""

    def stopped(self, delay_frames: int) -> None:
        """The answer to `stop()`: the card is silent, and this many written frames were never heard."""

    def underrun(self) -> None:
        """The card ran dry while samples were still wanted."""


class CardStream(Protocol):
    """One direction of a card, owned by one thread; no method but `close` waits for it."""

    def stop(self) -> None:
        """No more sound. What is captured already is delivered, then `Capture.ended` is called.

        A speaker is silent at once, then it calls `Playback.stopped`.
        """

    def close(self) -> None:
        """End the thread and release the card; waits at most a second."""

    @property
    def heartbeats(self) -> int:
        """A counter that grows while the thread makes progress, idle or not (for the watchdog)."""


class Microphone(CardStream, Protocol):
    """Captures."""

    def start(self) -> None:
        """Deliver frames to the Capture from now on."""

    def stand_by(self, on: bool) -> None:
        """While it is not started, go on reading and give that to `Capture.overheard`; or no longer."""


class Speaker(CardStream, Protocol):
    """Plays."""

    def wake(self) -> None:
        """There is something to pull."""


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
        """Read a sensor. May block for some milliseconds. Raises PinError."""

    def write_safe_plan(self, path: Path) -> None:
        """Write the plan for `hardware.safe`: what `close` does to the lines, if any. Raises OSError."""

    def close(self) -> None:
        """Put every output into its `at_exit` state, switch the lamps off, and release the lines."""
