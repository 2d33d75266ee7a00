"""The board without a kernel: the same port, pressed by calls and seen through an observer."""

from __future__ import annotations

import pytest

from hardware.devices.kind import BoardConfig, Device
from hardware.devices.kinds.button import Contact
from hardware.devices.kinds.cpu_temperature import CpuTemperature
from hardware.devices.kinds.distance import Distance
from hardware.devices.kinds.pwm import Pwm
from hardware.devices.kinds.relay import Relay
from hardware.devices.kinds.rgb import Rgb
from hardware.gpio.virtual_board import VirtualBoard
from hardware.ports import Board, LampConfig, PinError, RgbLamp

DEVICES: dict[str, Device] = {
    "heater": Relay(pin=1, at_start="on"),
    "fan": Pwm(pin=2, at_exit=30),
    "light": Rgb(pins=(3, 4, 5)),
    "door": Contact(pin=6, simulated=True),
    "room": CpuTemperature(),
    "distance": Distance(trigger=7, echo=8),
}
LAMPS: dict[str, LampConfig] = {"status": RgbLamp(pins=(9, 10, 11))}


def board(seen: list[tuple[str, object]]) -> VirtualBoard:
    return VirtualBoard(BoardConfig(lamps=LAMPS, devices=DEVICES), lambda *change: seen.append(change))


def test_outputs_begin_and_end_as_configured_and_every_change_is_seen() -> None:
    seen: list[tuple[str, object]] = []
    virtual = board(seen)
    port: Board = virtual
    assert virtual.outputs == {"heater": 1.0, "fan": 0.0, "light": "#000000"}
    port.write("light", "#ff0000")
    port.write("light", "#ff0000")
    port.lamp("status", (0.0, 0.5, 0.0))
    port.lamp("nowhere", (1.0, 1.0, 1.0))
    assert seen == [("devices.light", "#ff0000"), ("lamps.status", (0.0, 0.5, 0.0))]
    port.close()
    assert virtual.outputs == {"heater": 0.0, "fan": 0.3, "light": "#000000"}
    assert virtual.lamps == {"status": (0.0, 0.0, 0.0)}


def test_the_button_makes_an_edge_for_every_move() -> None:
    virtual = board([])
    virtual.press()  # nobody listens yet
    virtual.release()
    edges: list[bool] = []
    virtual.listen(edges.append, lambda reason: None)
    for move in (virtual.press, virtual.press, virtual.release, virtual.release, virtual.press):
        move()
    assert edges == [True, False, True]


def test_a_button_that_is_down_at_the_start_is_a_press() -> None:
    virtual = board([])
    virtual.press()
    edges: list[bool] = []
    virtual.listen(edges.append, lambda reason: None)
    assert edges == [True]


def test_sensors_read_what_is_simulated() -> None:
    virtual = board([])
    assert (virtual.read("door"), virtual.read("room"), virtual.read("distance")) == (True, 21.5, 1.0)
    virtual.simulate("door", False)
    assert virtual.read("door") is False


def test_what_is_not_declared_is_an_error() -> None:
    virtual = board([])
    with pytest.raises(PinError, match=r"devices\.door is not an output"):
        virtual.write("door", 1.0)
    with pytest.raises(PinError, match=r"devices\.fan is not a sensor"):
        virtual.read("fan")
    with pytest.raises(PinError, match=r"devices\.attic is not a sensor"):
        virtual.simulate("attic", True)
