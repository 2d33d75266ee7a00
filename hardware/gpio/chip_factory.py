"""gpiozero on any gpiochip, by the kernel's own interface: one chip, and never another factory instead.

gpiozero's own factories ask for the revision of a Raspberry Pi. Here the lines of the chip are the header, so
that any board works and any line can be a pin. More differences:

- an output is claimed with its first level, not as an input first: a relay does not click at start;
- a released line is freed, not made an input: its driver decides whether it holds its level or floats;
- edges wake up a sleeping thread (`edge_monitor.py`), plain levels wake none;
- a line is handed to lgpio (`software_pwm.py`) with its first duty cycle between 0 and 1, and not before.
"""

from __future__ import annotations

import errno
import os
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from gpiozero.exc import PinInvalidBounce, PinInvalidEdges, PinInvalidFunction
from gpiozero.pins import PinInfo
from gpiozero.pins.local import LocalPiFactory, LocalPiPin

from hardware.gpio import chardev
from hardware.gpio.chardev import INPUT, OUTPUT, PULL, HeldLine
from hardware.gpio.edge_monitor import Edges
from hardware.ports import PinError

if TYPE_CHECKING:
    from hardware.gpio.software_pwm import PulsedChip, PulsedLine

HEADER_LABELS = ("pinctrl-rp1", "pinctrl-bcm2711", "pinctrl-bcm2835")
"""The chips behind the 40 pins of a Raspberry Pi, the newest board first."""


_DEV = Path("/dev")


class Chip(NamedTuple):
    """A gpiochip: its device, its label and how many lines it has."""

    path: Path
    label: str
    lines: int

    @property
    def number(self) -> int:
        """Counted by the kernel, in the order in which the drivers came up."""
        return int(self.path.name.removeprefix("gpiochip"))

    def __str__(self) -> str:
        return f"{self.number} ({self.label})"


def find_chip(wanted: str | int, dev: Path = _DEV) -> Chip:
    """Find a chip by its number or label; "auto" is a known header's, else the only one. Raises PinError."""
    chips = list_chips(dev)
    if wanted == "auto":
        known = [chip for label in HEADER_LABELS for chip in chips if chip.label == label] or chips
        if len(known) == 1 or known is not chips:
            return known[0]
    for chip in chips:
        if wanted in (chip.number, chip.label):
            return chip
    listed = ", ".join(map(str, chips))
    raise PinError(f"gpio.chip {wanted!r} fits none of this board's chips: set it to one of {listed}.")


def list_chips(dev: Path = _DEV) -> list[Chip]:
    """Every chip that may be opened, by its number. Raises PinError if there is none."""
    paths = [path for path in dev.glob("gpiochip[0-9]*") if not path.is_symlink()]
    if not paths:
        raise PinError('There is no /dev/gpiochip here: enable GPIO, or set gpio.backend to "virtual".')
    usable = [path for path in paths if os.access(path, os.R_OK | os.W_OK)]
    if not usable:
        raise PinError(f"{min(paths)} may not be opened: add the user to the group gpio and start again.")
    return [_describe(path) for path in sorted(usable)]


def _describe(path: Path) -> Chip:
    try:
        with chardev.open_chip(path) as opened:
            return Chip(path, *chardev.chip_facts(opened.fileno()))
    except OSError as error:
        raise PinError(f"{path} refuses ({error.strerror}): see to its driver or its cable.") from error


class ChipFactory(LocalPiFactory):  # type: ignore[misc]  # gpiozero has no types
    """Makes gpiozero's pins from the lines of one chip, named by number, by label or "auto".

    Raises PinError, OSError.
    """

    def __init__(self, wanted: str | int, dev: Path = _DEV) -> None:
        self.chip = find_chip(wanted, dev)
        super().__init__()
        # gpiozero shares these among all factories, so that one failed claim would outlive its board.
        self.pins: dict[Any, Any] = {}
        self._reservations: dict[Any, list[Any]] = defaultdict(list)
        self.pin_class = ChipLine
        self.lost: Callable[[str], None] = lambda reason: None
        self._opened = chardev.open_chip(self.chip.path)
        self._lines = _Lines(self.chip.lines)
        self._pulsed_chip: PulsedChip | None = None

    def pulsed_chip(self) -> PulsedChip:
        """lgpio's handle of the chip; opened at the first pulse. Raises OSError."""
        from hardware.gpio.software_pwm import PulsedChip

        if self._pulsed_chip is None:
            self._pulsed_chip = PulsedChip(self.chip.number)
        return self._pulsed_chip

    def close(self) -> None:
        """Free every line, and the chip."""
        super().close()
        if self._pulsed_chip is not None:
            self._pulsed_chip.close()
            self._pulsed_chip = None
        self._opened.close()

    @property
    def fd(self) -> int:
        """The chip's descriptor."""
        return self._opened.fileno()

    def _get_board_info(self) -> _Lines:
        return self._lines

    def busy(self, line: int) -> PinError:
        """The error that says who has the line."""
        user = chardev.line_facts(self.fd, line).consumer
        owner = f'"{user}"' if user else "another program"
        return PinError(f"line {line} is in use by {owner}: stop that, or choose another pin.")


class _Lines:
    """What gpiozero needs to know of a board: its pins by number or name."""

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


class ChipLine(LocalPiPin):  # type: ignore[misc]  # gpiozero has no types
    """One line of the chip; see the module for how it differs from gpiozero's own."""

    def __init__(self, factory: ChipFactory, info: Any) -> None:
        super().__init__(factory, info)
        self._pull = "floating"
        self._pwm: tuple[float, float] | None = None  # frequency, duty cycle from 0 to 1
        self._held: HeldLine | Edges | None = None
        self._pulsed: PulsedLine | None = None

    def output_with_state(self, state: float) -> None:
        """Claim the line as an output that begins with this level."""
        self.close()
        self._held = self._claim(OUTPUT, bool(state))

    def close(self) -> None:
        """Free the line."""
        if self._held is not None:
            self._held.close()
        if self._pulsed is not None:
            self._pulsed.close()
        self._held = self._pulsed = self._pwm = None

    def _claim(self, flags: int, level: bool = False) -> HeldLine:
        try:
            return HeldLine(self.factory.fd, self._number, flags, level)
        except OSError as error:
            if error.errno == errno.EBUSY:
                raise self.factory.busy(self._number) from None
            raise

    def _claim_input(self, flags: int) -> None:
        self.close()
        self._held = self._claim(INPUT | flags)

    def _set_function(self, value: str) -> None:
        if value != "input":
            raise PinInvalidFunction("an output is claimed with its first level")
        self._claim_input(0)
        self._pull = "floating"

    def _get_pull(self) -> str:
        return self._pull

    def _set_pull(self, value: str) -> None:
        self._claim_input(PULL[value])
        self._pull = value

    def _get_state(self) -> float:
        if self._pwm is not None:
            return self._pwm[1]
        if self._held is None:
            raise self._not_held()
        return self._held.level()

    def _set_state(self, value: float) -> None:
        if self._pwm is not None:
            self._pwm = (self._pwm[0], value)
            if self._pulsed is None and 0 < value < 1:
                self._hand_over()
            if self._pulsed is not None:
                self._pulsed.set(*self._pwm)
                return
        self._plain().set(bool(value))

    def _plain(self) -> HeldLine:
        if not isinstance(self._held, HeldLine):
            raise self._not_held()
        return self._held

    def _not_held(self) -> OSError:
        return OSError(errno.ENODEV, f"line {self._number} is not held")

    def _hand_over(self) -> None:
        """Give the line to lgpio: it is free for a moment, then at its level again."""
        from hardware.gpio.software_pwm import PulsedLine

        chip = self.factory.pulsed_chip()
        plain = self._plain()
        level = plain.level()
        plain.close()
        self._held = None
        try:
            self._pulsed = PulsedLine(chip, self._number, level)
        except OSError:
            self._held = self._claim(OUTPUT, level)
            raise

    def _set_frequency(self, value: float) -> None:
        """Pulse at this frequency from the next state on."""
        self._pwm = (value, self._get_state())

    def _set_bounce(self, value: float | None) -> None:
        if value is not None:
            raise PinInvalidBounce("edges are raw here: debounce what they mean")

    def _set_edges(self, value: str) -> None:
        if value != "both":
            raise PinInvalidEdges("edges are both here")

    def _enable_event_detect(self) -> None:
        self.close()
        self._held = Edges(
            self.factory.fd, self._number, self._pull, self._call_when_changed, self._call_when_lost
        )

    def _call_when_lost(self, reason: str) -> None:
        """gpiozero asks for edges as soon as it makes a device: who listens is known only later."""
        self.factory.lost(reason)

    def _disable_event_detect(self) -> None:
        self._claim_input(PULL[self._pull])
