"""How answers are read, from people and from files."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from daemon.commands.setup import questions
from daemon.commands.setup.asking import AnswerFile, Asker, SetupError
from daemon.commands.setup.questions import NewDevice
from daemon.commands.terminal import Terminal
from daemon.config.draft import Draft


@pytest.mark.parametrize(
    ("text", "device"),
    [
        ("relay lamp 22", NewDevice("relay", "lamp", (22,), active_high=False)),
        ("relay Desk  Lamp 22 high", NewDevice("relay", "desk lamp", (22,))),
        ("led red light 5", NewDevice("led", "red light", (5,))),
        ("led red light 5 low", NewDevice("led", "red light", (5,), active_high=False)),
        ("rgb mood 16 20 21", NewDevice("rgb", "mood", (16, 20, 21))),
        ("distance bin 23 24", NewDevice("distance", "bin", (23, 24))),
        ("cpu_temperature temperature", NewDevice("cpu_temperature", "temperature", ())),
        ("button front door 4", NewDevice("button", "front door", (4,))),
        ("none", None),
        ("", None),
    ],
)
def test_a_device_is_kind_name_and_lines(text: str, device: NewDevice | None) -> None:
    assert questions.device(text) == device
    if device:
        draft = Draft("", "x")
        draft.set_table(f"devices.{device.key}", device.entries())
        (config,) = draft.config.devices.values()
        assert config.__struct_config__.tag == device.kind


@pytest.mark.parametrize(
    ("text", "remedy"),
    [
        ("lamp 22", "kinds: buzzer, led"),
        ("relay 22", "such as relay lamp 22"),
        ("relay lamp", "has 1 lines, not 0"),
        ("rgb mood 1 2", "has 3 lines, not 2"),
        ("button door 4 low", "leave low out"),
        ('relay "lamp" 22', "kind, name and line"),
    ],
)
def test_a_device_that_cannot_be_read_says_how(text: str, remedy: str) -> None:
    with pytest.raises(ValueError, match=remedy):
        questions.device(text)


@pytest.mark.parametrize(("text", "lines"), [("5, 6,13", (5, 6, 13)), ("12", (12,)), ("none", ())])
def test_a_lamp_is_three_lines_one_or_none(text: str, lines: tuple[int, ...]) -> None:
    assert questions.lamp_lines(text) == lines


def test_a_lamp_of_two_lines_is_refused() -> None:
    with pytest.raises(ValueError, match="three lines"):
        questions.lamp_lines("5 6")


def test_keys_are_stable_and_told_apart() -> None:
    assert [question.key for question in questions.ALL] == [
        *("board", "trials", "speaker", "heard", "unmute", "microphone", "chip"),
        *("button_pin", "lamp_pins", "devices", "turn", "provider", "url", "model", "key_file"),
    ]


def person(monkeypatch: pytest.MonkeyPatch, typed: str) -> tuple[Asker, io.StringIO]:
    monkeypatch.setattr("sys.stdin", io.StringIO(typed))
    shown = io.StringIO()
    return Asker(Terminal(file=shown)), shown


def test_enter_is_the_default_and_a_wrong_answer_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    asker, shown = person(monkeypatch, "\nblue\n27\n")
    assert asker.ask(questions.BUTTON, "17") == 17
    assert asker.ask(questions.BUTTON, "17") == 27
    assert "such as 17" in shown.getvalue()


def test_choices_are_taken_by_number_or_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    asker, shown = person(monkeypatch, "2\ncard:a\ncard:c\n1\n")
    choices = {"card:a": "The first", "card:b": "The second"}
    assert asker.ask(questions.SPEAKER, "", choices) == "card:b"
    assert asker.ask(questions.SPEAKER, "", choices) == "card:a"
    assert asker.ask(questions.SPEAKER, "", choices) == "card:a"
    assert "choose one of card:a, card:b" in shown.getvalue()


def test_the_end_of_the_answers_is_an_error_with_a_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SetupError, match="give --answers"):
        person(monkeypatch, "")[0].ask(questions.BUTTON, "17")


def answers(tmp_path: Path, text: str) -> AnswerFile:
    path = tmp_path / "answers.toml"
    path.write_text(text)
    return AnswerFile(path, Terminal(file=io.StringIO()))


def test_a_file_answers_and_what_it_leaves_out_has_its_default(tmp_path: Path) -> None:
    asker = answers(tmp_path, 'button_pin = 27\nlamp_pins = [5, 6, 13]\nheard = true\nspeaker = "card:x"\n')
    assert asker.ask(questions.BUTTON, "17") == 27
    assert asker.assume(questions.LAMP, "none") == (5, 6, 13)
    assert asker.ask(questions.HEARD) is True
    assert asker.assume(questions.SPEAKER, "default") == "card:x"
    assert asker.assume(questions.MICROPHONE, "default") == "default"


@pytest.mark.parametrize("given", ['"relay lamp 22"', '["relay lamp 22"]'])
def test_devices_of_a_file_come_to_an_end(tmp_path: Path, given: str) -> None:
    asker = answers(tmp_path, f"devices = {given}\n")
    assert asker.ask(questions.DEVICES) == NewDevice("relay", "lamp", (22,), active_high=False)
    assert asker.ask(questions.DEVICES) is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("buton_pin = 17", 'there is no question "buton_pin"; did you mean "button_pin"'),
        ("colour = 1", 'there is no question "colour"; choose among board, trials'),
        ("button_pin = ", "cannot be read"),
        ("button_pin = 17\nheard = “yes”", "line 2, column 9: there is a left double quotation mark in it"),
        (".".join("a" * 40_000) + " = 1", "line 1: this key has more than 64 parts"),
        ("button_pin = 17\n" * 20_000, "there are more than 256 KB of it"),
        ("button_pin = " + "[" * 100_000, "cannot be read: somewhere: this is not TOML"),
        ("button_pin = inf", "cannot be read: inf: this is no number"),
        ('button_pin = "seventeen"', "button_pin: Write the number of a line"),
        ('key_file = "/nowhere/key"', "key_file: /nowhere/key cannot be read"),
    ],
)
def test_what_is_wrong_with_a_file_is_said(tmp_path: Path, text: str, words: str) -> None:
    def all_of_it() -> None:
        asker = answers(tmp_path, text)
        asker.ask(questions.BUTTON, "17")
        asker.secret()

    with pytest.raises(SetupError, match=words):
        all_of_it()
