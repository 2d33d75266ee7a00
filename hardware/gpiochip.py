"""gpiozero on any gpiochip, by the kernel's own interface: one chip, and never another factory instead.

gpiozero's own factories ask for the revision of a Raspberry Pi. Here the lines of the chip are the header, so
that any board works and any line can be a pin. More differences:

- an output is claimed with its first level, not as an input first: a relay does not click at start;
- a released line is freed, not made an input: its driver decides whether it holds its level or floats;
- edges wake up a thread that sleeps (`edges.py`); plain levels wake nobody up, duty cycles of 0 and 1 among
  them. Only a line that has to pulse is handed to lgpio (`pulses.py`).
"""

from __future__ import annotations

import errno
import importlib
import os
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from gpiozero.exc import PinInvalidBounce, PinInvalidEdges
from gpiozero.pins import PinInfo
from gpiozero.pins.local import LocalPiFactory, LocalPiPin

from hardware import chardev
from hardware.chardev import INPUT, OUTPUT, PULL, HeldLine
from hardware.edges import Edges
from hardware.ports import PinError

if TYPE_CHECKING:
    from hardware.pulses import PulsedLine

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
    path = chardev.chip_path(number)
    try:
        chip_fd = chardev.open_chip(path)
        try:
            return Chip(number, *chardev.chip_facts(chip_fd))
        finally:
            os.close(chip_fd)
    except OSError as error:
        raise PinError(f"{path} refuses ({error.strerror}): see to its driver or its cable.") from error


class ChipFactory(LocalPiFactory):  # type: ignore[misc]  # gpiozero has no types
    """Makes gpiozero's pins from the lines of one chip, named by number, by label or "auto".

    Raises PinError, OSError.
    """

    def __init__(self, wanted: str | int) -> None:
        chip = find_chip(wanted)
        super().__init__()
        # gpiozero shares these among all factories, so that one failed claim would outlive its board.
        self.pins: dict[Any, Any] = {}
        self._reservations: dict[Any, list[Any]] = defaultdict(list)
        self.pin_class = Line
        self.lost: Callable[[str], None] = lambda reason: None
        self.chip = chip.number
        self.fd = chardev.open_chip(chardev.chip_path(chip.number))
        self._lines = _Lines(chip.lines)

    def close(self) -> None:
        """Free every line, and the chip."""
        super().close()
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1

    def _get_board_info(self) -> _Lines:
        return self._lines

    def busy(self, line: int) -> PinError:
        """The error that says who has the line."""
        user = chardev.line_facts(self.fd, line).consumer
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


class Line(LocalPiPin):  # type: ignore[misc]  # gpiozero has no types
    """One line of the chip; see the module for how it differs from gpiozero's own."""

    def __init__(self, factory: ChipFactory, info: Any) -> None:
        super().__init__(factory, info)
        self._pull = "floating"
        self._pwm: tuple[float, float] | None = None  # frequency, duty cycle from 0 to 1
        self._input: HeldLine | Edges | None = None
        self._output: HeldLine | PulsedLine | None = None

    def output_with_state(self, state: float) -> None:
        """Claim the line as an output that begins with this level."""
        self._output = self._claimed(OUTPUT, bool(state))

    def close(self) -> None:
        """Free the line."""
        if self._input is not None:
            self._input.close()
        if self._output is not None:
            self._output.close()
        self._input = self._output = self._pwm = None

    def _claimed(self, flags: int, level: bool = False) -> HeldLine:
        self.close()
        try:
            return HeldLine(self.factory.fd, self._number, flags, level)
        except OSError as error:
            if error.errno == errno.EBUSY:
                raise self.factory.busy(self._number) from None
            raise

    def _get_function(self) -> str:
        return "input" if self._output is None else "output"

    def _set_function(self, value: str) -> None:
        if value == "output":
            self.output_with_state(False)
        else:
            self._pull = "floating"
            self._input = self._claimed(INPUT | PULL[self._pull])

    def _get_pull(self) -> str:
        return self._pull

    def _set_pull(self, value: str) -> None:
        self._input = self._claimed(INPUT | PULL[value])
        self._pull = value

    def _get_state(self) -> float:
        if self._pwm is not None:
            return self._pwm[1]
        return (self._input or self._driven()).level()

    def _set_state(self, value: float) -> None:
        if self._pwm is not None:
            self._pwm = (self._pwm[0], value)
            if 0 < value < 1:
                self._pulsed().pulse(*self._pwm)
                return
        self._driven().set(bool(value))

    def _driven(self) -> HeldLine | PulsedLine:
        if self._output is None:
            raise OSError(errno.ENODEV, f"line {self._number} is not held as an output")
        return self._output

    def _pulsed(self) -> PulsedLine:
        """From now on the line is lgpio's: free for a moment, and at its level again."""
        from hardware.pulses import PulsedLine

        output = self._driven()
        if not isinstance(output, PulsedLine):
            level = output.level()
            output.close()
            self._output = None
            self._output = output = PulsedLine(self.factory.chip, self._number, level)
        return output

    def _get_frequency(self) -> float | None:
        return self._pwm and self._pwm[0]

    def _set_frequency(self, value: float | None) -> None:
        """Pulse at this frequency from the next state on; None goes back to plain levels."""
        self._pwm = None if value is None else (value, self._get_state())
        # lgpio's import moves the process for a moment: now, while it starts, and not at the first pulse.
        importlib.import_module("hardware.pulses")

    def _set_bounce(self, value: float | None) -> None:
        if value is not None:
            raise PinInvalidBounce("edges are raw here: debounce what they mean")

    def _set_edges(self, value: str) -> None:
        if value != "both":
            raise PinInvalidEdges("edges are both here")

    def _enable_event_detect(self) -> None:
        self.close()
        self._input = Edges(
            self.factory.fd, self._number, self._pull, self._call_when_changed, self._call_when_lost
        )

    def _call_when_lost(self, reason: str) -> None:
        """gpiozero asks for edges as soon as it makes a device: who listens is known only later."""
        self.factory.lost(reason)

    def _disable_event_detect(self) -> None:
        self._input = self._claimed(INPUT | PULL[self._pull])
