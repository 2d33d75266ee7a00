"""The motor, from its table in the configuration to its lines and to spoken sentences."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from gpiozero.pins.mock import MockFactory, MockPWMPin

from daemon.audio.resampler import Resampler
from daemon.brain.asr.phoneme_recognizer import PhonemeRecognizer
from daemon.brain.engine_registry import open_synthesizer
from daemon.commands.setup import questions
from daemon.config.draft import Draft
from daemon.config.error_messages import ConfigError
from daemon.config.loader import parse
from daemon.config.model import Config
from daemon.devices import inventory, wiring
from daemon.devices.limiter import Devices
from daemon.devices.requests import ChangeLevel, SetState, SetValue
from daemon.tools.builtin import reserved_names
from hardware.devices.kinds.motor import Motor
from hardware.gpio.board import GpioBoard
from hardware.gpio.safe_state_plan import safe_lines
from tests.devices.home import Home

TOML = """
[devices.blind]
kind = "motor"
speed = 22
direction = 23
max_on_s = 20

[devices.lamp]
kind = "pwm"
pin = 24
"""


def config(text: str = TOML) -> Config:
    return parse(text, "voiced.toml")


@pytest.mark.parametrize(
    ("sentence", "value", "answer"),
    [
        ("run the blind forward", 1.0, "The blind is running forward."),
        ("run the blind backward at 50 percent", -0.5, "The blind is running backward at 50 percent."),
        ("please run the blind backward", -1.0, "The blind is running backward."),
        ("run the blind backward at zero percent", 0.0, "The blind is off."),
        ("turn on the blind", 1.0, "The blind is on."),
        ("set the blind to 30 percent", 0.3, "The blind is at 30 percent."),
        ("is the blind on", 0.0, "The blind is off."),
    ],
)
def test_from_toml_to_a_spoken_sentence_and_to_the_virtual_board(
    sentence: str, value: float, answer: str
) -> None:
    home = Home(config().devices)
    assert home.say(sentence) == answer
    assert home.board.outputs == {"blind": value, "lamp": 0.0}


def test_other_kinds_do_not_take_its_sentences() -> None:
    grammar = Home(config().devices).grammar
    assert grammar.understand("run the lamp forward") is None
    assert "run the blind backward" in grammar.help("blind")


def test_without_a_device_of_the_kind_nothing_is_offered_and_its_name_is_kept_free() -> None:
    home = Home(config('[devices.lamp]\nkind = "pwm"\npin = 24').devices)
    assert "run_motor" not in {schema["name"] for schema in home.box.schemas()}
    assert "run_motor" in reserved_names()


def test_its_tool_tells_the_model_what_it_takes() -> None:
    schemas = {schema["name"]: schema for schema in Home(config().devices).box.schemas()}
    assert schemas["run_motor"]["description"].startswith("Run a motor forward or backward")
    assert schemas["run_motor"]["parameters"]["properties"] == {
        "device": {"type": "string", "enum": ["blind"]},
        "action": {"type": "string", "enum": ["backward", "forward"]},
        "percent": {"type": "integer", "minimum": 0, "maximum": 100, "default": 100},
    }
    assert schemas["run_motor"]["parameters"]["required"] == ["device", "action"]


def test_the_lines_follow_on_gpiozeros_mock_factory() -> None:
    factory: Any = MockFactory(pin_class=MockPWMPin)
    board = GpioBoard(config(), factory)
    lines = [factory.pin(pin) for pin in (22, 23)]
    seen = [[pin.state for pin in lines]]
    for value in (0.5, -1.0, 0.25):
        board.write("blind", value)
        seen.append([pin.state for pin in lines])
    board.close()
    seen.append([pin.state for pin in lines])
    assert seen == [[0, 0], [0.5, 0], [1, 1], [0.25, 0], [0, 0]]
    factory.reset()


class Line:
    """Writes down what it is set to."""

    def __init__(self, name: str, written: list[tuple[str, float]]) -> None:
        self._name = name
        self._written = written

    def set(self, value: float) -> None:
        self._written.append((self._name, float(value)))

    def close(self) -> None:
        pass


class ScriptedLines:
    """`Lines` without a chip."""

    def __init__(self) -> None:
        self.written: list[tuple[str, float]] = []

    def switch(self, pin: int, active_high: bool, on: bool) -> Line:
        return Line("direction", self.written)

    def dimmer(self, pin: int, active_high: bool, level: float, frequency_hz: float) -> Line:
        return Line("speed", self.written)

    def contact(self, pin: int, pull_up: bool) -> Any:
        raise NotImplementedError

    def pulse_timer(self, pin: int) -> Any:
        raise NotImplementedError


def test_it_has_no_power_while_it_changes_its_direction_on_scripted_lines() -> None:
    lines = ScriptedLines()
    driver = Motor(speed=22, direction=23).claim(lines)
    for value in (0.5, -1.0, 1.0):
        driver.set(value)
    assert lines.written == [
        *[("speed", 0.5)],
        *[("speed", 0.0), ("direction", 1.0), ("speed", 1.0)],
        *[("speed", 0.0), ("direction", 0.0), ("speed", 1.0)],
    ]


def test_the_plan_for_a_death_has_both_lines() -> None:
    assert [(line["part"], line["line"], line["level"]) for line in safe_lines(config())] == [
        ("devices.blind", 22, 0),
        ("devices.blind", 23, 0),
        ("devices.lamp", 24, 0),
    ]


def test_its_limits_hold_whatever_the_words() -> None:
    devices = Devices(inventory.limits(config().devices))
    devices.start(0.0)
    assert devices.ask(SetValue("blind", -1.0), 10.0)[0].ok
    early = devices.ask(SetValue("blind", 1.0), 10.2)[0]
    assert early.text == "The blind cannot change again for 0.3 seconds."
    assert devices.deadline == 30.0
    assert [write.value for write in devices.tick(30.0)] == [0.0]
    assert devices.described() == "The blind is off. The lamp is off."
    assert devices.ask(SetState("blind", "toggle"), 40.0)[1][0].value == 1.0


def test_faster_and_slower_leave_its_direction() -> None:
    devices = Devices(inventory.limits(config().devices))
    devices.start(0.0)
    devices.ask(SetValue("blind", -0.5), 10.0)
    answer, (write,) = devices.ask(ChangeLevel("blind", 20), 12.0)
    assert (answer.text, write.value) == ("The blind is at 70 percent.", -0.7)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('kind = "motor"\nspeed = 22', 'devices.it: the key "direction" is missing'),
        ('kind = "motor"\nspeed = 22\ndirektion = 4', 'no key "direktion" here; did you mean "direction"'),
        ('kind = "motor"\nspeed = 22\ndirection = 22', "devices.it.direction: pin 22 is taken by devices.it"),
        ('kind = "motr"\nspeed = 22\ndirection = 23', "'motr' is not possible; did you mean \"motor\""),
        (
            'kind = "motor"\nspeed = 22\ndirection = 23\nat_exit = "#ff0000"',
            "devices.it.at_exit: this kind cannot be '#ff0000'",
        ),
    ],
)
def test_what_is_wrong_with_its_table_is_told(text: str, complaint: str) -> None:
    with pytest.raises(ConfigError, match=f"^voiced.toml: .*{complaint}"):
        config(f"[devices.it]\n{text}\n")


def test_each_of_its_lines_is_known_to_whoever_looks_for_clashes() -> None:
    with pytest.raises(
        ConfigError, match=r"devices\.lamp\.pin: pin 23 is taken by devices\.blind\.direction"
    ):
        config(TOML.replace("pin = 24", "pin = 23"))
    used = wiring.pins(config())
    assert list(used) == [
        ("devices.blind.speed", 22),
        ("devices.blind.direction", 23),
        ("devices.lamp.pin", 24),
    ]


def test_the_setup_asks_for_it_by_its_keys() -> None:
    device = questions.device("motor roller blind 22 23 low")
    assert device is not None
    draft = Draft("", "x")
    draft.set_table(f"devices.{device.key}", device.entries())
    assert draft.config.devices == {"roller_blind": Motor(speed=22, direction=23, active_high=False)}
    with pytest.raises(ValueError, match=r"kind motor has 2 lines \(speed, direction\), not 1"):
        questions.device("motor blind 22")


@pytest.mark.parametrize("sentence", ["run the blind backward at fifty percent", "run the blind forward"])
def test_the_offline_brain_hears_its_sentences_spoken(sentence: str) -> None:
    grammar = Home(config().devices).grammar
    spoken = open_synthesizer("hibari").speak(sentence, 1.0)
    sound = np.pad(Resampler(24_000, 16_000, "linear").process(spoken), 8_000)
    recognition = PhonemeRecognizer.load().recognize(sound, grammar, None)
    assert (recognition.meaning, recognition.certainty) == (grammar.understand(sentence), "sure")
