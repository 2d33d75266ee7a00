"""How GpioBoard is wired, on gpiozero's mock pins.

A mock calls back on the caller's thread, never bounces and has no time: it can show which pin gets which
level, and nothing about latency, edges or what the kernel refuses.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from gpiozero.pins.mock import MockFactory, MockPWMPin, MockTriggerPin

from hardware.devices.kind import BoardConfig, Device, Lines, Sensor, SensorDriver
from hardware.devices.kinds.button import Contact
from hardware.devices.kinds.buzzer import Buzzer
from hardware.devices.kinds.cpu_temperature import CpuTemperature, Thermometer
from hardware.devices.kinds.distance import Distance
from hardware.devices.kinds.led import Led
from hardware.devices.kinds.motion import Motion
from hardware.devices.kinds.pwm import Pwm
from hardware.devices.kinds.relay import Relay
from hardware.devices.kinds.rgb import Rgb
from hardware.devices.kinds.servo import Servo
from hardware.gpio.board import GpioBoard
from hardware.ports import ButtonConfig, LampConfig, PinError, Reading, RgbLamp, SingleLamp


@pytest.fixture
def factory() -> Iterator[Any]:
    factory = MockFactory(pin_class=MockPWMPin)
    yield factory
    factory.reset()


def board(factory: Any, devices: dict[str, Device], lamps: dict[str, LampConfig] | None = None) -> GpioBoard:
    config = BoardConfig(button=ButtonConfig(pin=17), lamps=lamps or {}, devices=devices)
    return GpioBoard(config, factory)


def test_outputs_begin_in_their_state_and_follow_writes(factory: Any) -> None:
    devices: dict[str, Device] = {
        "lamp": Led(pin=2, at_start="on"),
        "heater": Relay(pin=3, active_high=False),
        "bell": Buzzer(pin=4),
        "fan": Pwm(pin=5, at_start=30, frequency_hz=200),
        "dimmer": Pwm(pin=6, active_high=False),
        "light": Rgb(pins=(7, 8, 9), at_start="#ff0000"),
        "flag": Servo(pin=10),
    }
    pins = [factory.pin(pin) for pin in range(2, 11)]
    pin_board = board(factory, devices)
    assert [pin.state for pin in pins] == [1, 1, 0, 0.3, 1, 1, 0, 0, pytest.approx(0.05)]
    assert pins[3].frequency == 200
    for device in ("lamp", "heater", "bell", "fan", "dimmer", "flag"):
        pin_board.write(device, 1.0)
    pin_board.write("light", "#003380")
    states = [1, 0, 1, 1, 0, 0, 0.2, pytest.approx(128 / 255), pytest.approx(0.1)]
    assert [pin.state for pin in pins] == states
    pin_board.close()


def test_the_button_gives_raw_edges_by_its_pull(factory: Any) -> None:
    pin_board = board(factory, {})
    edges: list[bool] = []
    pin_board.listen(edges.append, lambda reason: None)
    button = factory.pin(17)
    assert (button.pull, button.bounce) == ("up", None)
    for drive in (button.drive_low, button.drive_high, button.drive_low):
        drive()
    assert edges == [True, False, True]
    pin_board.listen(edges.append, lambda reason: None)
    assert edges == [True, False, True, True], "it is down already"
    pin_board.close()


def test_status_lamps_show_a_colour_or_its_brightest_part(factory: Any) -> None:
    lamps: dict[str, LampConfig] = {"status": RgbLamp(pins=(5, 6, 13)), "small": SingleLamp(pin=19)}
    pin_board = board(factory, {}, lamps)
    for name in ("status", "small", "nowhere"):
        pin_board.lamp(name, (0.0, 1.0, 0.0))
    pins = [factory.pin(pin) for pin in (5, 6, 13, 19)]
    assert [pin.state for pin in pins] == [0, 1, 0, 1]
    pin_board.lamp("status", (1.0, 1.0, 1.0))
    pin_board.close()
    assert [pin.state for pin in pins] == [0, 0, 0, 0]


def test_contacts_and_motion_are_read(factory: Any) -> None:
    pin_board = board(factory, {"door": Contact(pin=20), "motion": Motion(pin=21)})
    assert (pin_board.read("door"), pin_board.read("motion")) == (False, False)
    factory.pin(20).drive_low()
    factory.pin(21).drive_high()
    assert (pin_board.read("door"), pin_board.read("motion")) == (True, True)
    pin_board.close()


def test_a_distance_is_read_from_the_echo() -> None:
    factory = MockFactory()
    echo = factory.pin(24)
    factory.pin(23, pin_class=MockTriggerPin, echo_pin=echo, echo_time=0.001)
    factory.ticks_diff = lambda later, earlier: 0.006  # what a mock measures is the load of the machine
    pin_board = board(factory, {"shelf": Distance(trigger=23, echo=24)})
    assert pin_board.read("shelf") == pytest.approx(1.03, abs=0.01)
    pin_board.close()


def test_a_distance_without_an_echo_is_an_error(factory: Any) -> None:
    pin_board = board(factory, {"shelf": Distance(trigger=23, echo=24)})
    with pytest.raises(PinError, match=r"^devices\.shelf: no echo comes back: check the wiring"):
        pin_board.read("shelf")
    pin_board.close()


class PlantedTemperature(Sensor, tag="planted_temperature", tag_field="kind", frozen=True, kw_only=True):
    """The processor's, by what stands in another folder."""

    folder: str
    simulated: float = 0.0

    def claim(self, lines: Lines) -> SensorDriver:
        assert isinstance(CpuTemperature().claim(lines), Thermometer)
        return Thermometer(Path(self.folder))

    def told(self, name: str, reading: Reading) -> str:
        return ""


def test_the_thermometer_is_the_one_of_the_processor(factory: Any, tmp_path: Path) -> None:
    pin_board = board(factory, {"chip": PlantedTemperature(folder=str(tmp_path))})
    with pytest.raises(PinError, match=r"^devices\.chip: this board has no thermometer"):
        pin_board.read("chip")
    for zone, (kind, milli) in enumerate([("wifi", 60000), ("cpu-thermal", 48250)]):
        folder = tmp_path / f"thermal_zone{zone}"
        folder.mkdir()
        (folder / "type").write_text(f"{kind}\n")
        (folder / "temp").write_text(f"{milli}\n")
    assert pin_board.read("chip") == 48.25
    pin_board.close()


def test_close_goes_to_the_exit_state_and_lets_every_pin_go() -> None:
    written: list[tuple[str, bool]] = []

    class WrittenPin(MockPWMPin):  # type: ignore[misc]  # gpiozero has no types
        def _set_state(self, value: bool) -> None:
            written.append((self.info.name, value))

    factory: Any = MockFactory(pin_class=WrittenPin)
    devices: dict[str, Device] = {
        "vent": Led(pin=2, at_exit="on"),
        "heater": Relay(pin=3, active_high=False),
    }
    pin_board = board(factory, devices)
    pin_board.write("heater", 1.0)
    written.clear()
    pin_board.close()
    assert written == [("GPIO3", True), ("GPIO2", True)]  # what goes off goes first
    with pytest.raises(PinError, match=r"^devices\.vent: this is not an output"):
        pin_board.write("vent", 0.0)
    board(factory, devices).close()  # every pin is free again


@pytest.mark.parametrize(
    ("devices", "message"),
    [
        ({"fan": Pwm(pin=5), "lamp": Led(pin=5)}, r"devices\.lamp: its pin is taken by another part"),
        ({"fan": Pwm(pin=300)}, r"devices\.fan: 300 is not a valid pin name: choose a line"),
        ({"lamp": Led(pin=17)}, r"button: its pin is taken by another part"),
    ],
)
def test_pins_that_cannot_be_had_are_explained(
    factory: Any, devices: dict[str, Device], message: str
) -> None:
    with pytest.raises(PinError, match="^" + message):
        board(factory, devices)
