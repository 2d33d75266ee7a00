"""Checks of the pins: the chip, its lines, the button, and outputs while no process holds them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from daemon.commands.doctor.finding import Told, error, split, warning
from daemon.commands.doctor.machine import InspectedMachine
from daemon.devices import inventory, wiring
from hardware.devices.kind import SafeLine
from hardware.ports import HardwareError

if TYPE_CHECKING:
    from hardware.gpio.chip_factory import Chip

_LAST_PULLED_UP: Final = 8
"""On every Raspberry Pi the lines 0 to 8 start with a pull-up, all others with a pull-down."""

_BOOT_FILES: Final = ("/boot/firmware/config.txt", "/boot/config.txt")
_LEVELS: Final = {"pu": True, "dh": True, "pd": False, "dl": False}


def pins(machine: InspectedMachine) -> Iterator[Told]:
    """Chip, lines, button; the running service is asked about lines that it holds."""
    config = machine.config
    if config.gpio.backend != "lgpio":
        yield 'the pins are simulated (gpio.backend is "virtual")'
        return
    from hardware.gpio.chip_factory import HEADER_LABELS, find_chip, list_chips

    try:
        header = [chip for chip in list_chips(machine.file("/dev")) if chip.label in HEADER_LABELS]
        chip = find_chip(config.gpio.chip, machine.file("/dev"))
    except HardwareError as said:
        yield error("V401", f"gpio: {split(str(said), ': ')[0]}", split(str(said), ": ")[1])
        return
    if isinstance(config.gpio.chip, int) and header and chip not in header:
        sentence = f"gpio.chip: {chip} is not the header, which is gpiochip {header[0]} on this kernel"
        yield error("V402", sentence, f'write chip = "auto", or chip = "{header[0].label}"')
        return
    yield f"gpiochip {chip}, {chip.lines} lines"
    used = list(wiring.pins(config))
    missing = [(path, pin) for path, pin in used if pin >= chip.lines]
    for path, pin in missing:
        has = f"gpiochip {chip} has the lines 0 to {chip.lines - 1}"
        yield error("V403", f"{path}: there is no line {pin}", f"choose another one: {has}")
    if not missing:
        yield from _asked(machine) if machine.serves else _looked_at(machine, chip, used)
    if chip in header:
        yield from _floating(machine)
    elif inventory.outputs(config.devices):
        yield "how this board sets its lines at start is not known: watch whether an output switches briefly"


def _asked(machine: InspectedMachine) -> Iterator[Told]:
    """Ask the running service about its lines."""
    if fault := machine.faults("pins"):
        yield error("V404", *split(fault, ": "))
    if machine.faults("button"):
        yield _stuck(f"button: line {machine.config.button.pin}")
    if not machine.faults("pins"):
        yield "the running service has the lines"


def _looked_at(machine: InspectedMachine, chip: Chip, used: list[tuple[str, int]]) -> Iterator[Told]:
    """No process should hold a line, and the button should be released."""
    from hardware.gpio import line_info

    for path, pin in used:
        facts = line_info.line_facts(chip, pin)
        if facts.used:
            owner = f'"{facts.consumer}"' if facts.consumer else "another program"
            remedy = "stop that program, switch that driver off in config.txt, or choose another pin"
            yield error("V404", f"{path}: line {pin} is in use by {owner}", remedy)
        elif path == "button.pin":
            pull_up = machine.config.button.pull_up
            if line_info.line_level(chip, pin, pull_up=pull_up) != pull_up:
                yield _stuck(f"button: line {pin}")


def _stuck(where: str) -> Told:
    remedy = "release it; else free it, look for a short circuit in its wires, or mend button.pull_up"
    return error("V405", f"{where} says that the button is pressed at rest", remedy)


def _floating(machine: InspectedMachine) -> Iterator[Told]:
    """A line that no process holds follows its pull: before the start, and after the end."""
    for key, output in inventory.outputs(machine.config.devices).items():
        for line in output.safe_lines():
            safe = line.on == output.active_high
            if line.decides and _boot_level(machine, line.pin) != safe:
                yield _follows_its_pull(f"devices.{key}", line, safe)


def _follows_its_pull(where: str, line: SafeLine, safe: bool) -> Told:
    pulled, wanted = ("down", "up") if safe else ("up", "down")
    does = "off" if line.on else "on"
    return warning(
        "V406",
        f"{where}: while nobody holds line {line.pin} it is pulled {pulled}, which switches it {does}",
        f"write `gpio={line.pin}=p{wanted[0]}` into /boot/firmware/config.txt, or fit a resistor "
        f"that pulls it {wanted}",
    )


def _boot_level(machine: InspectedMachine, pin: int) -> bool:
    """The level at which the firmware leaves a line: by the last entry of config.txt, else by default."""
    level = pin <= _LAST_PULLED_UP
    for text in filter(None, map(machine.text, _BOOT_FILES)):
        for which, words in re.findall(r"^\s*gpio=([\d,-]+)=([a-z0-9,]+)", text, re.MULTILINE):
            if pin in _numbers(which):
                level = next((_LEVELS[word] for word in words.split(",") if word in _LEVELS), level)
    return level


def _numbers(which: str) -> set[int]:
    """ "5,7-9" as the firmware reads it."""
    bounds = (part.split("-") for part in which.split(",") if part)
    return {number for ends in bounds for number in range(int(ends[0]), int(ends[-1]) + 1)}
