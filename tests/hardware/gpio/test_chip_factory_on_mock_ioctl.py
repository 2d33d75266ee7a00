"""What a board asks of the kernel, whose part is played; tests/system/appliance has the kernel itself."""

from __future__ import annotations

import sys
import threading
from pathlib import Path
from types import ModuleType

import pytest

from hardware.devices.kind import BoardConfig, Device
from hardware.devices.kinds.button import Contact
from hardware.devices.kinds.pwm import Pwm
from hardware.devices.kinds.relay import Relay
from hardware.devices.kinds.rgb import Rgb
from hardware.devices.kinds.servo import Servo
from hardware.gpio.board import GpioBoard
from hardware.gpio.chardev import BOTH_EDGES, INPUT, OUTPUT, PULL, HeldLine
from hardware.gpio.chip_factory import ChipFactory, find_chip
from hardware.gpio.line_info import line_facts, line_level
from hardware.gpio.safe_state_plan import safe_lines
from hardware.ports import ButtonConfig, LampConfig, PinError, RgbLamp, SingleLamp
from tests.hardware.gpio.kernel_rig import Kernel


@pytest.fixture
def kernel(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Kernel:
    kernel = Kernel()
    kernel.play(monkeypatch, tmp_path / "dev")
    return kernel


class MockLgpio(ModuleType):
    """lgpio's part: what it is told; `refuses` to claim a line."""

    class error(Exception):  # noqa: N801, N818 (lgpio's own name)
        pass

    def __init__(self) -> None:
        super().__init__("lgpio")
        self.said: list[tuple[object, ...]] = []
        self.refuses = False

    def gpiochip_open(self, number: int) -> int:
        self.said.append(("open", number))
        return 1

    def gpiochip_close(self, chip: int) -> None:
        self.said.append(("close",))

    def gpio_claim_output(self, chip: int, line: int, level: bool) -> None:
        if self.refuses:
            raise self.error("'GPIO busy'")
        self.said.append(("claim", line, level))

    def gpio_free(self, chip: int, line: int) -> None:
        self.said.append(("free", line))

    def gpio_write(self, chip: int, line: int, level: bool) -> None:
        self.said.append(("write", line, level))

    def tx_pwm(self, chip: int, line: int, frequency_hz: float, percent: float) -> None:
        self.said.append(("pulse", line, frequency_hz, percent))


PULSES = "hardware.gpio.software_pwm"


@pytest.fixture
def lgpio(monkeypatch: pytest.MonkeyPatch) -> MockLgpio:
    played = MockLgpio()
    monkeypatch.setitem(sys.modules, "lgpio", played)
    monkeypatch.delitem(sys.modules, PULSES, raising=False)  # which is to be imported with this one
    return played


def board(
    kernel: Kernel,
    devices: dict[str, Device],
    lamps: dict[str, LampConfig] | None = None,
    button: ButtonConfig | None = None,
) -> GpioBoard:
    factory = ChipFactory("auto", kernel.dev)
    config = BoardConfig(button=button or ButtonConfig(), lamps=lamps or {}, devices=devices)
    return GpioBoard(config, factory)


def open_descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_every_line_is_asked_for_as_it_shall_be_from_the_first_moment_on(kernel: Kernel) -> None:
    before = open_descriptors()
    devices: dict[str, Device] = {
        "lamp": Relay(pin=22),
        "heater": Relay(pin=24, active_high=False),
        "fan": Relay(pin=25, at_start="on"),
        "door": Contact(pin=20, pull_up=True),
    }
    mine = board(kernel, devices, {"status": RgbLamp(pins=(5, 6, 13))}, ButtonConfig(pin=17))
    outputs = [(line, level) for line, flags, level in kernel.asked if flags == OUTPUT]
    assert outputs == [(22, 0), (24, 1), (25, 1), (5, 0), (6, 0), (13, 0)]
    inputs = [(line, flags) for line, flags, _ in kernel.asked if flags != OUTPUT]
    assert inputs[-1] == (17, INPUT | BOTH_EDGES | PULL["up"])
    assert (20, INPUT | PULL["up"]) in inputs
    assert {line for line, _ in inputs} == {17, 20}, "no output was an input first"
    mine.close()
    assert open_descriptors() == before, "every line is free again, and the chip"


def test_plain_outputs_and_lamps_do_without_lgpio(kernel: Kernel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "lgpio", None)
    monkeypatch.delitem(sys.modules, PULSES, raising=False)
    lamps: dict[str, LampConfig] = {"status": RgbLamp(pins=(5, 6, 13)), "small": SingleLamp(pin=19)}
    mine = board(kernel, {"lamp": Relay(pin=22), "heater": Relay(pin=24, active_high=False)}, lamps)
    mine.write("lamp", 1.0)
    mine.write("heater", 1.0)
    mine.lamp("status", (1.0, 0.0, 1.0))
    mine.lamp("small", (0.0, 1.0, 0.0))
    assert kernel.levels == {22: 1, 24: 0, 5: 1, 6: 0, 13: 1, 19: 1}
    mine.close()
    assert kernel.levels == {22: 0, 24: 1, 5: 0, 6: 0, 13: 0, 19: 0}


def test_a_dimmer_is_lgpios_from_its_first_level_between_on(kernel: Kernel, lgpio: MockLgpio) -> None:
    mine = board(kernel, {"fan": Pwm(pin=18, frequency_hz=200, at_exit="on")})
    idle = open_descriptors()
    mine.write("fan", 1.0)
    assert (kernel.levels[18], lgpio.said) == (1, [])
    mine.write("fan", 0.25)
    mine.write("fan", 0.5)
    pulses = [("pulse", 18, 200, 25.0), ("pulse", 18, 200, 50.0)]
    assert lgpio.said == [("open", 0), ("claim", 18, True), *pulses]
    assert open_descriptors() == idle - 1, "the kernel's line was freed"
    mine.write("fan", 0.0)
    mine.close()
    ends = [("pulse", 18, 0, 0), ("write", 18, False), ("write", 18, True), ("free", 18), ("close",)]
    assert lgpio.said[4:] == ends


def test_a_line_that_lgpio_cannot_have_stays_held(kernel: Kernel, lgpio: MockLgpio) -> None:
    lgpio.refuses = True
    mine = board(kernel, {"fan": Pwm(pin=18, at_start="on", at_exit="off")})
    with pytest.raises(PinError, match="'GPIO busy'"):
        mine.write("fan", 0.5)
    assert kernel.asked[-1] == (18, OUTPUT, 1), "at the level that it had"
    mine.close()
    assert kernel.levels == {18: 0}


def test_nothing_begins_to_pulse_in_order_to_end(kernel: Kernel, lgpio: MockLgpio) -> None:
    devices: dict[str, Device] = {
        "fan": Pwm(pin=18, at_start="on", at_exit=40),
        "mood": Rgb(pins=(5, 6, 13), at_start="#ffffff", at_exit="#ff00fe"),
        "flag": Servo(pin=12),
    }
    mine = board(kernel, {key: devices[key] for key in ("fan", "mood")})
    mine.close()
    assert (kernel.levels, lgpio.said) == ({18: 0, 5: 1, 6: 0, 13: 0}, [])
    mine = board(kernel, {"flag": devices["flag"]})
    lgpio.said.clear()
    mine.close()
    ends = [("pulse", 12, 0, 0), ("write", 12, False), ("free", 12), ("close",)]
    assert lgpio.said == ends, "it is let go"


@pytest.mark.parametrize(
    "device",
    [
        Relay(pin=4),
        Relay(pin=4, active_high=False, at_exit="on"),
        Relay(pin=4, at_exit=30),
        Pwm(pin=4, at_exit=30, active_high=False),
        Pwm(pin=4, at_exit=100),
        Rgb(pins=(4, 5, 6), at_exit="#FF80ff"),
        Rgb(pins=(4, 5, 6), at_start="on", active_high=False),
    ],
)
def test_a_closed_board_is_as_the_plan_of_its_safe_states(
    kernel: Kernel, lgpio: MockLgpio, device: Device
) -> None:
    board(kernel, {"it": device}).close()
    assert kernel.levels == {
        each["line"]: each["level"] for each in safe_lines(BoardConfig(devices={"it": device}))
    }


def test_a_colour_of_full_parts_pulses_nothing(kernel: Kernel, lgpio: MockLgpio) -> None:
    mine = board(kernel, {"mood": Rgb(pins=(5, 6, 13))})
    mine.write("mood", "#ff00ff")
    assert (kernel.levels, lgpio.said) == ({5: 1, 6: 0, 13: 1}, [])
    mine.write("mood", "#ff0033")
    assert lgpio.said == [("open", 0), ("claim", 13, True), ("pulse", 13, 100, 20.0)]
    mine.close()


def test_whatever_fails_while_it_claims_nothing_stays_held(
    kernel: Kernel, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", broken)
    before = open_descriptors()
    with pytest.raises(RuntimeError):
        board(kernel, {"lamp": Relay(pin=22)}, button=ButtonConfig(pin=17))
    assert open_descriptors() == before


def test_a_closed_line_is_no_other_files_descriptor(kernel: Kernel) -> None:
    line = HeldLine(0, 22, OUTPUT)
    line.close()
    line.close()
    for use in (line.level, lambda: line.set(True)):
        with pytest.raises(OSError, match="Bad file descriptor"):
            use()


def test_who_has_a_line_is_named(kernel: Kernel) -> None:
    kernel.taken = {22: "rival", 24: ""}
    before = open_descriptors()
    with pytest.raises(PinError, match=r'devices\.lamp: line 22 is in use by "rival": stop that'):
        board(kernel, {"lamp": Relay(pin=22)})
    with pytest.raises(PinError, match="line 24 is in use by another program"):
        board(kernel, {"lamp": Relay(pin=24)})
    assert open_descriptors() == before
    chip = find_chip("auto", kernel.dev)
    facts = line_facts(chip, 22)
    assert (facts.used, facts.consumer) == (True, "rival")
    assert not line_facts(chip, 23).used


def test_a_button_at_rest_is_looked_at_with_its_pull(kernel: Kernel) -> None:
    kernel.levels[17] = 1
    before = open_descriptors()
    chip = find_chip("auto", kernel.dev)
    assert line_level(chip, 17, pull_up=True)
    assert kernel.asked == [(17, INPUT | PULL["up"], 0)]
    assert open_descriptors() == before
    kernel.taken = {17: "rival"}
    with pytest.raises(PinError, match="Device or resource busy"):
        line_level(chip, 17, pull_up=True)


def test_a_chip_that_has_gone_is_told_by_the_next_write(
    kernel: Kernel, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = board(kernel, {"lamp": Relay(pin=22)})

    def gone(*_: object) -> int:
        raise OSError(19, "No such device")

    monkeypatch.setattr("fcntl.ioctl", gone)
    with pytest.raises(PinError, match=r"devices\.lamp: the pin refuses \(.*No such device"):
        mine.write("lamp", 1.0)
    mine.close()
