"""The plan for the lines when the service has died: what it says of each kind of output."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count, islice
from typing import Any

import pytest
from gpiozero.pins.mock import MockFactory, MockPWMPin

from hardware.devices.kind import BoardConfig, Device, Output
from hardware.devices.kinds.button import Contact
from hardware.devices.kinds.led import Led
from hardware.devices.kinds.pwm import Pwm
from hardware.devices.kinds.relay import Relay
from hardware.devices.kinds.rgb import Rgb
from hardware.devices.kinds.servo import Servo
from hardware.devices.registry import KINDS
from hardware.gpio.board import GpioBoard
from hardware.gpio.safe_state_plan import safe_lines
from hardware.ports import LampConfig, RgbLamp, SingleLamp, pin_keys


def levels(device: Device) -> dict[int, int]:
    return {each["line"]: each["level"] for each in safe_lines(BoardConfig(devices={"it": device}))}


@pytest.mark.parametrize(
    ("device", "expected"),
    [
        (Relay(pin=4), {4: 0}),
        (Relay(pin=4, active_high=False), {4: 1}),
        (Led(pin=4, at_exit="on"), {4: 1}),
        (Led(pin=4, at_exit="on", active_high=False), {4: 0}),
        (Pwm(pin=4, at_exit=100), {4: 1}),
        (Pwm(pin=4, at_exit=30), {4: 0}),  # nobody pulses it any more
        (Pwm(pin=4, at_exit=30, active_high=False), {4: 1}),
        (Rgb(pins=(1, 2, 3), at_exit="#ff80ff"), {1: 1, 2: 0, 3: 1}),
        (Rgb(pins=(1, 2, 3), active_high=False), {1: 1, 2: 1, 3: 1}),
        (Servo(pin=4, at_exit=100), {4: 0}),  # no pulses: the servo is let go
        (Contact(pin=4), {}),
    ],
)
def test_each_kind_ends_in_the_state_that_closing_the_board_leaves(
    device: Device, expected: dict[int, int]
) -> None:
    assert levels(device) == expected


@pytest.mark.parametrize(
    ("lamp", "expected"),
    [
        (SingleLamp(pin=5), [(5, 0)]),
        (SingleLamp(pin=5, active_high=False), [(5, 1)]),
        (RgbLamp(pins=(5, 6, 13)), [(5, 0), (6, 0), (13, 0)]),
    ],
)
def test_status_lamps_are_dark(lamp: LampConfig, expected: list[tuple[int, int]]) -> None:
    assert [
        (each["line"], each["level"]) for each in safe_lines(BoardConfig(lamps={"status": lamp}))
    ] == expected


@pytest.mark.parametrize(
    ("lamp", "expected"),
    [
        (SingleLamp(pin=5, active_high=False), {5: 0}),
        (RgbLamp(pins=(5, 6, 13)), {5: 1}),
    ],
)
def test_a_status_lamp_is_lit_where_the_service_has_failed(
    lamp: LampConfig, expected: dict[int, int]
) -> None:
    lines = safe_lines(BoardConfig(lamps={"status": lamp}, devices={"pump": Relay(pin=1)}))
    assert {each["line"]: each["failed"] for each in lines if "failed" in each} == expected


def test_what_goes_off_goes_first() -> None:
    pump, valve = Relay(pin=1, at_exit="on"), Relay(pin=2, active_high=False)
    lines = safe_lines(
        BoardConfig(lamps={"status": SingleLamp(pin=5)}, devices={"pump": pump, "valve": valve})
    )
    assert [each["part"] for each in lines] == ["devices.valve", "lamps.status", "devices.pump"]


@pytest.mark.parametrize("at_exit", ["off", "on"])
@pytest.mark.parametrize("active_high", [True, False])
@pytest.mark.parametrize("kind", KINDS.outputs())
def test_a_death_leaves_every_kind_as_closing_the_board_does_on_mock_pins(
    kind: Callable[..., Output], active_high: bool, at_exit: str
) -> None:
    left: dict[int, float] = {}

    class Pin(MockPWMPin):  # type: ignore[misc]  # gpiozero has no types
        def close(self) -> None:
            left.setdefault(int(self.info.name.removeprefix("GPIO")), self.state)
            super().close()

    factory: Any = MockFactory(pin_class=Pin)
    numbers = count(4)  # 2 and 3 have a pull of their own
    pins = {
        key: next(numbers) if many == 1 else tuple(islice(numbers, many))
        for key, many in pin_keys(kind).items()
    }
    device = kind(**pins, active_high=active_high, at_start="on", at_exit=at_exit)
    GpioBoard(BoardConfig(devices={"it": device}), factory).close()
    assert levels(device) == left
    factory.reset()
