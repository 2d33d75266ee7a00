"""What a board asks of the kernel, whose part is played; tests/appliance has the kernel itself."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from types import ModuleType

import pytest

from hardware.chardev import BOTH_EDGES, INPUT, OUTPUT, PULL
from hardware.gpio import GpioBoard
from hardware.gpiochip import Chip
from hardware.lines import line_facts, line_level
from hardware.ports import (
    ButtonConfig,
    Contact,
    DeviceConfig,
    GpioConfig,
    LampConfig,
    PinError,
    Pwm,
    Relay,
    Rgb,
    RgbLamp,
    SingleLamp,
)
from tests.unit.kernel_rig import Kernel

CHIP = Chip(0, "pinctrl-test", 54)


@pytest.fixture
def kernel(monkeypatch: pytest.MonkeyPatch) -> Kernel:
    kernel = Kernel()
    monkeypatch.setattr("fcntl.ioctl", kernel.ioctl)
    monkeypatch.setattr("hardware.gpiochip.find_chip", lambda wanted: CHIP)
    monkeypatch.setattr("hardware.chardev.chip_path", lambda number: Path(os.devnull))
    return kernel


class Pulses:
    """lgpio's part: a line of its own, that was free when it came."""

    said: list[tuple[object, ...]]

    def __init__(self, chip: int, line: int, level: bool) -> None:
        self.said.append(("claim", line, level))

    def pulse(self, frequency_hz: float, duty: float) -> None:
        self.said.append(("pulse", frequency_hz, duty))

    def set(self, level: bool) -> None:
        self.said.append(("set", level))

    def close(self) -> None:
        self.said.append(("close",))


@pytest.fixture
def pulses(monkeypatch: pytest.MonkeyPatch) -> list[tuple[object, ...]]:
    module = ModuleType("hardware.pulses")
    module.PulsedLine = Pulses  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "hardware.pulses", module)
    Pulses.said = []
    return Pulses.said


def board(
    devices: dict[str, DeviceConfig],
    lamps: dict[str, LampConfig] | None = None,
    button: ButtonConfig | None = None,
) -> GpioBoard:
    return GpioBoard(GpioConfig(), button or ButtonConfig(), lamps or {}, devices)


def open_descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_every_line_is_asked_for_as_it_shall_be_from_the_first_moment_on(kernel: Kernel) -> None:
    before = open_descriptors()
    devices: dict[str, DeviceConfig] = {
        "lamp": Relay(pin=22),
        "heater": Relay(pin=24, active_high=False),
        "fan": Relay(pin=25, at_start="on"),
        "door": Contact(pin=20, pull_up=True),
    }
    mine = board(devices, {"status": RgbLamp(pins=(5, 6, 13))}, ButtonConfig(pin=17))
    outputs = [(line, level) for line, flags, level in kernel.asked if flags == OUTPUT]
    assert outputs == [(22, 0), (24, 1), (25, 1), (5, 0), (6, 0), (13, 0)]
    inputs = [(line, flags) for line, flags, _ in kernel.asked if flags != OUTPUT]
    assert inputs[-1] == (17, INPUT | BOTH_EDGES | PULL["up"])
    assert (20, INPUT | PULL["up"]) in inputs
    assert {line for line, _ in inputs} == {17, 20}, "no output was an input first"
    mine.close()
    assert open_descriptors() == before, "every line is free again, and the chip"


def test_plain_outputs_and_lamps_do_without_lgpio(kernel: Kernel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "hardware.pulses", None)
    lamps: dict[str, LampConfig] = {"status": RgbLamp(pins=(5, 6, 13)), "small": SingleLamp(pin=19)}
    mine = board({"lamp": Relay(pin=22), "heater": Relay(pin=24, active_high=False)}, lamps)
    mine.write("lamp", 1.0)
    mine.write("heater", 1.0)
    mine.lamp("status", (1.0, 0.0, 1.0))
    mine.lamp("small", (0.0, 1.0, 0.0))
    assert kernel.levels == {22: 1, 24: 0, 5: 1, 6: 0, 13: 1, 19: 1}
    mine.close()
    assert kernel.levels == {22: 0, 24: 1, 5: 0, 6: 0, 13: 0, 19: 0}


def test_a_dimmer_is_lgpios_from_its_first_level_between_on(
    kernel: Kernel, pulses: list[tuple[object, ...]]
) -> None:
    mine = board({"fan": Pwm(pin=18, frequency_hz=200)})
    idle = open_descriptors()
    mine.write("fan", 1.0)
    assert (kernel.levels[18], pulses) == (1, [])
    mine.write("fan", 0.25)
    mine.write("fan", 0.5)
    assert pulses == [("claim", 18, True), ("pulse", 200, 0.25), ("pulse", 200, 0.5)]
    assert open_descriptors() == idle - 1, "the kernel's line was freed"
    mine.write("fan", 0.0)
    assert pulses[3:] == [("set", False)]
    mine.close()
    assert pulses[-1] == ("close",)


def test_a_colour_of_full_parts_pulses_nothing(kernel: Kernel, pulses: list[tuple[object, ...]]) -> None:
    mine = board({"mood": Rgb(pins=(5, 6, 13))})
    mine.write("mood", "#ff00ff")
    assert (kernel.levels, pulses) == ({5: 1, 6: 0, 13: 1}, [])
    mine.write("mood", "#ff0033")
    assert pulses == [("claim", 13, True), ("pulse", 100, 0.2)]
    mine.close()


def test_who_has_a_line_is_named(kernel: Kernel) -> None:
    kernel.taken = {22: "rival", 24: ""}
    before = open_descriptors()
    with pytest.raises(PinError, match=r'devices\.lamp: line 22 is in use by "rival": stop that'):
        board({"lamp": Relay(pin=22)})
    with pytest.raises(PinError, match="line 24 is in use by another program"):
        board({"lamp": Relay(pin=24)})
    assert open_descriptors() == before
    facts = line_facts(CHIP, 22)
    assert (facts.used, facts.consumer) == (True, "rival")
    assert not line_facts(CHIP, 23).used


def test_a_button_at_rest_is_looked_at_with_its_pull(kernel: Kernel) -> None:
    kernel.levels[17] = 1
    before = open_descriptors()
    assert line_level(CHIP, 17, pull_up=True)
    assert kernel.asked == [(17, INPUT | PULL["up"], 0)]
    assert open_descriptors() == before
    kernel.taken = {17: "rival"}
    with pytest.raises(PinError, match="Device or resource busy"):
        line_level(CHIP, 17, pull_up=True)


def test_a_chip_that_has_gone_is_told_by_the_next_write(
    kernel: Kernel, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = board({"lamp": Relay(pin=22)})

    def gone(*_: object) -> int:
        raise OSError(19, "No such device")

    monkeypatch.setattr("fcntl.ioctl", gone)
    with pytest.raises(PinError, match=r"devices\.lamp: the pin refuses \(.*No such device"):
        mine.write("lamp", 1.0)
    mine.close()
