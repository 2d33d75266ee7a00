"""A kind of device is one file: what is declared of one that the product does not have works everywhere."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from typing import Any, ClassVar, final

import pytest
from gpiozero.pins.mock import MockFactory

from daemon.commands.setup import questions
from daemon.config.error_messages import ConfigError
from daemon.config.loader import parse
from daemon.config.model import Config
from hardware.devices.kind import Output, SafeLine, Sensor, Switch, Takes
from hardware.devices.registry import KINDS, KindError, Registry
from hardware.gpio.board import GpioBoard
from hardware.gpio.safe_state_plan import safe_lines
from tests.devices.home import Home
from tests.devices.moisture import Moisture
from tests.devices.valve import Valve

TOML = """
[devices.water]
kind = "valve"
pin = 5
at_start = "on"
active_high = false

[devices.soil_moisture]
kind = "moisture"
pin = 6
simulated = true
"""


@pytest.fixture(autouse=True)
def _new_kinds() -> Iterator[None]:
    for kind in (Valve, Moisture):
        KINDS.add(kind)
    yield
    for kind in (Valve, Moisture):
        KINDS.remove(kind)


def config(text: str = TOML) -> Config:
    return parse(text, "voiced.toml")


@pytest.mark.parametrize(
    ("sentence", "value", "answer"),
    [
        ("close the water", 0.0, "The water is closed."),
        ("open the water", 1.0, "The water is open."),
        ("is the water on", 1.0, "The water is open."),
        ("what is the soil moisture", 1.0, "The soil is dry."),
    ],
)
def test_from_toml_to_a_spoken_sentence_and_to_the_virtual_board(
    sentence: str, value: float, answer: str
) -> None:
    home = Home(config().devices)
    assert home.say(sentence) == answer
    assert home.board.outputs == {"water": value}


def test_what_can_be_said_is_listened_for() -> None:
    heard = Home(config().devices).grammar.text
    assert "what is the <device soil moisture" in heard
    assert "<action close | open >" in heard


def test_the_lines_follow_on_gpiozeros_mock_factory() -> None:
    factory: Any = MockFactory()
    board = GpioBoard(config(), factory)
    assert factory.pin(5).state == 0
    board.write("water", 0.0)
    assert factory.pin(5).state == 1
    factory.pin(6).drive_high()
    assert board.read("soil_moisture") is True
    board.close()
    factory.reset()


def test_the_plan_for_a_death_has_its_line() -> None:
    (line,) = safe_lines(config())
    assert (line["part"], line["line"], line["level"]) == ("devices.water", 5, 1)


def test_messages_and_questions_know_it() -> None:
    with pytest.raises(ConfigError, match="'valv' is not possible; did you mean \"valve\""):
        config('[devices.it]\nkind = "valv"\npin = 4')
    device = questions.device("valve garden water 5 low")
    assert device is not None
    assert device.entries()[:2] == ['kind = "valve"', "pin = 5"]


# ---------------------------------------------------------------- what a kind lacks


class NoSafeState(Output, tag="unsafe", tag_field="kind", frozen=True, kw_only=True):
    takes: ClassVar[Takes] = "switch"
    pulses: ClassVar[bool] = False

    @abstractmethod
    def claim(self, lines: object) -> Any: ...


@final
class NoValues(Output, tag="vague", tag_field="kind", frozen=True, kw_only=True):
    def claim(self, lines: object) -> Any: ...

    def safe_lines(self) -> tuple[SafeLine, ...]:
        return ()


class Mute(Sensor, tag="mute", tag_field="kind", frozen=True, kw_only=True):
    simulated: float = 0.0

    def claim(self, lines: object) -> Any: ...


@final
class Nameless(Switch, frozen=True, kw_only=True):
    pass


@final
class SecondLed(Switch, tag="led", tag_field="kind", frozen=True, kw_only=True):
    pass


@pytest.mark.parametrize(
    ("kind", "complaint"),
    [
        (NoSafeState, "NoSafeState lacks @final, claim, safe_lines"),
        (NoValues, "NoValues lacks pulses, takes"),
        (Mute, "Mute lacks @final, told"),
        (Nameless, 'Nameless lacks tag="NAME", tag_field="kind"'),
        (SecondLed, r"led is the kind of hardware\.devices\.kinds\.led"),
    ],
)
def test_what_a_kind_lacks_is_told_when_it_is_found(kind: Any, complaint: str) -> None:
    with pytest.raises(KindError, match=complaint):
        Registry([*KINDS.values(), kind])
