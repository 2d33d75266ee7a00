"""gpiozero on any gpiochip: lgpio, one chip, and never another factory instead.

gpiozero's own lgpio factory asks for the revision of a Raspberry Pi. Here the lines of the chip are the
header, so that any board works and any line can be a pin. Five more differences:

- an output is claimed with its first level, not as an input first: a relay does not click at start;
- a released line is freed, not made an input: its driver decides whether it holds its level or floats;
- duty cycles keep their fraction: in whole percents a servo would have five positions;
- duty cycles of 0 and 1 are plain levels, so that a lamp which is only on or off wakes nobody up;
- edges come from the kernel, see `edges.py`.

What is left of lgpio's own costs: from the opening of a chip on, its thread for pulses wakes up fifty times a
second, pulses or not.
"""

from __future__ import annotations

import os
import tempfile
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

from gpiozero.exc import PinInvalidBounce, PinInvalidEdges, PinPWMFixedValue
from gpiozero.pins import PinInfo
from gpiozero.pins.local import LocalPiPin

from hardware.edges import Edges
from hardware.ports import PinError


@contextmanager
def _importing_lgpio() -> Iterator[None]:
    """lgpio, while imported, makes a FIFO in `LG_WD` and moves the process there. Open, it needs no name."""
    home = Path.cwd()
    with tempfile.TemporaryDirectory(prefix="voiced-") as scratch, warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # from SWIG, on Python 3.12 and later
        os.environ["LG_WD"] = scratch
        try:
            yield
        finally:
            os.chdir(home)
            del os.environ["LG_WD"]


with _importing_lgpio():
    import lgpio as lgpio  # lines.py has it from here, too
    from gpiozero.pins.lgpio import LGPIOFactory, LGPIOPin

LgpioError: type[Exception] = lgpio.error

HEADER_LABELS = ("pinctrl-rp1", "pinctrl-bcm2711", "pinctrl-bcm2835")
"""The chips behind the 40 pins of a Raspberry Pi, the newest board first."""


class Chip(NamedTuple):
    """A gpiochip: its number, its label and how many lines it has."""

    number: int
    label: str
    lines: int

    def __str__(self) -> str:
        return f"{self.number} ({self.label})"


def find_chip(wanted: str | int) -> Chip:
    """Find a chip by its number or label; "auto" is a known header's, else the only one. Raises PinError."""
    chips = list_chips()
    if wanted == "auto":
        known = [chip for label in HEADER_LABELS for chip in chips if chip.label == label] or chips
        if len(known) == 1 or known is not chips:
            return known[0]
    for chip in chips:
        if wanted in (chip.number, chip.label):
            return chip
    listed = ", ".join(map(str, chips))
    raise PinError(f"gpio.chip {wanted!r} fits none of this board's chips: set it to one of {listed}.")


def list_chips() -> list[Chip]:
    """Every chip that may be opened, by its number. Raises PinError if there is none."""
    paths = [path for path in Path("/dev").glob("gpiochip[0-9]*") if not path.is_symlink()]
    if not paths:
        raise PinError('There is no /dev/gpiochip here: enable GPIO, or set gpio.backend to "virtual".')
    usable = [path for path in paths if os.access(path, os.R_OK | os.W_OK)]
    if not usable:
        raise PinError(f"{min(paths)} may not be opened: add the user to the group gpio and start again.")
    return [_describe(int(path.name.removeprefix("gpiochip"))) for path in sorted(usable)]


def _describe(number: int) -> Chip:
    handle = lgpio.gpiochip_open(number)
    try:
        _, lines, _, label = lgpio.gpio_get_chip_info(handle)
    finally:
        lgpio.gpiochip_close(handle)
    return Chip(number, label, lines)


class ChipFactory(LGPIOFactory):  # type: ignore[misc]  # gpiozero has no types
    """Makes gpiozero's pins from the lines of one chip, named by number, by label or "auto"."""

    def __init__(self, wanted: str | int) -> None:
        chip = find_chip(wanted)
        super().__init__(chip=chip.number)
        # gpiozero shares these among all factories, so that one failed claim would outlive its board.
        self.pins: dict[Any, Any] = {}
        self._reservations: dict[Any, list[Any]] = defaultdict(list)
        self.pin_class = Line
        self.lost: Callable[[str], None] = lambda reason: None
        self._lines = _Lines(chip.lines)

    def _get_board_info(self) -> _Lines:
        return self._lines

    def busy(self, line: int) -> PinError:
        """The error that says who has the line."""
        *_, user = lgpio.gpio_get_line_info(self._handle, line)
        owner = f'"{user}"' if user else "another program"
        return PinError(f"line {line} is in use by {owner}: stop that, or choose another pin.")


class _Lines:
    """What gpiozero asks of a board: its pins by number or name."""

    def __init__(self, lines: int) -> None:
        self._pins: dict[int | str, PinInfo] = {}
        for number in range(lines):
            name = f"GPIO{number}"
            names = frozenset((number, name))
            pin = PinInfo(number, name, names, pull="", row=1, col=number + 1, interfaces=frozenset({"gpio"}))
            self._pins |= {number: pin, name: pin}

    def find_pin(self, name: int | str) -> Iterator[tuple[None, PinInfo]]:
        """Yield the pin, or nothing: that is how gpiozero wants it."""
        if name in self._pins:
            yield None, self._pins[name]


class Line(LGPIOPin):  # type: ignore[misc]  # gpiozero has no types
    """One line of the chip; see the module for how it differs from gpiozero's own."""

    def __init__(self, factory: ChipFactory, info: Any) -> None:
        LocalPiPin.__init__(self, factory, info)  # not LGPIOPin's, which claims an input
        self._pwm: tuple[float, float] | None = None  # frequency, duty cycle from 0 to 1
        self._pulsing = False
        self._events: Edges | None = None

    def output_with_state(self, state: float) -> None:
        """Claim the line as an output that begins with this level."""
        with self._busy_explained():
            lgpio.gpio_claim_output(self.factory._handle, self._number, bool(state))

    def close(self) -> None:
        """Free the line. Never raises: under load the kernel may call it busy, and it is ours no longer."""
        if self._events is not None:
            self._events.close()
            self._events = None
        self._pwm, self._pulsing = None, False
        if self.factory._handle is None:
            return
        with suppress(LgpioError):
            lgpio.gpio_free(self.factory._handle, self._number)

    def _set_function(self, value: str) -> None:
        claim = {"input": lgpio.gpio_claim_input, "output": lgpio.gpio_claim_output}[value]
        with self._busy_explained():
            claim(self.factory._handle, self._number)

    @contextmanager
    def _busy_explained(self) -> Iterator[None]:
        try:
            yield
        except LgpioError as error:
            if str(error) == "'GPIO busy'":
                raise self.factory.busy(self._number) from None
            raise

    def _get_state(self) -> float:
        if self._pwm is not None:
            return self._pwm[1]
        if self._events is not None:
            return self._events.level()
        return bool(lgpio.gpio_read(self.factory._handle, self._number))

    def _set_state(self, value: float) -> None:
        if self._pwm is not None:
            self._pwm = (self._pwm[0], value)
            if 0 < value < 1:
                lgpio.tx_pwm(self.factory._handle, self._number, self._pwm[0], value * 100)
                self._pulsing = True
                return
            self._stop_pulsing()
        lgpio.gpio_write(self.factory._handle, self._number, bool(value))

    def _get_frequency(self) -> float | None:
        return self._pwm and self._pwm[0]

    def _set_frequency(self, value: float | None) -> None:
        """Pulse at this frequency from the next state on; None goes back to plain levels."""
        if value is None:
            self._stop_pulsing()
            self._pwm = None
        elif self.function != "output":
            raise PinPWMFixedValue(f"cannot start PWM on pin {self!r}")
        else:
            self._pwm = (value, self._get_state())

    def _stop_pulsing(self) -> None:
        if self._pulsing:
            lgpio.tx_pwm(self.factory._handle, self._number, 0, 0)
            self._pulsing = False

    def _set_bounce(self, value: float | None) -> None:
        if value is not None:
            raise PinInvalidBounce("edges are raw here: debounce what they mean")

    def _set_edges(self, value: str) -> None:
        if value != "both":
            raise PinInvalidEdges("edges are both here")

    def _enable_event_detect(self) -> None:
        pull = self._get_pull()
        lgpio.gpio_free(self.factory._handle, self._number)
        self._events = Edges(
            self.factory.chip, self._number, pull, self._call_when_changed, self._call_when_lost
        )

    def _call_when_changed(self, ticks: float, state: bool) -> None:
        LocalPiPin._call_when_changed(self, ticks, state)

    def _call_when_lost(self, reason: str) -> None:
        """gpiozero asks for edges as soon as it makes a device: who listens is known only later."""
        self.factory.lost(reason)

    def _disable_event_detect(self) -> None:
        if self._events is not None:
            self._events.close()
            self._events = None
            self._set_function("input")
