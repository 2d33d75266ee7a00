"""Changing a configuration without touching what its owner wrote."""

from __future__ import annotations

from pathlib import Path

import pytest

from daemon.config.draft import Draft, DraftError
from daemon.config.error_messages import ConfigError
from daemon.config.loader import parse

DEPLOY = Path(__file__).parents[2] / "deploy"
FILES = [DEPLOY / "voiced.toml", DEPLOY / "demo.toml", *sorted((DEPLOY / "boards").glob("*.toml"))]

TEXT = """\
# mine
[sound]
speaker = "default"         # a name
# rate_hz = 0               # 0: its own

[button]
pin = 17

# The lamp on the lid.
[lamps.status]              # what it does
kind = "rgb"
pins = [5, 6, 13]           # red, green, blue
# active_high = true

# Devices follow.

# [devices.fan]
# kind = "pwm"
# pin = 23

[brain]                     # below
engine = "small"
"""


def draft(text: str = TEXT) -> Draft:
    return Draft(text, "voiced.toml")


def test_nothing_changed_is_nothing_changed() -> None:
    assert draft().text == TEXT


def test_a_value_changes_and_its_comment_stays() -> None:
    changed = draft()
    changed.set("sound", "speaker", '"card:Headset"')
    assert changed.text == TEXT.replace('"default"         #', '"card:Headset"    #')


def test_a_long_value_pushes_its_comment_aside() -> None:
    changed = draft()
    changed.set("sound", "speaker", '"usb:1-1.3.4.2 or so"')
    assert 'speaker = "usb:1-1.3.4.2 or so" # a name' in changed.text


def test_a_key_that_is_commented_out_comes_to_life() -> None:
    changed = draft()
    changed.set("sound", "rate_hz", "48000")
    assert "rate_hz = 48000             # 0: its own\n" in changed.text
    assert changed.config.sound.rate_hz == 48_000


def test_a_key_that_is_not_there_is_added() -> None:
    changed = draft()
    changed.set("brain", "voice", '"espeak"')
    changed.set("log", "transcripts", "true")
    assert changed.config.brain.voice == "espeak"
    assert changed.config.log.transcripts


def test_a_key_of_a_table_that_is_commented_out_is_not_taken_for_this_tables() -> None:
    changed = draft(TEXT.replace("# active_high = true\n", ""))
    changed.set("lamps.status", "pin", "23")
    assert "# pin = 23" in changed.text


def test_a_table_is_replaced_and_what_is_around_it_stays() -> None:
    changed = draft()
    changed.set_table("lamps.status", ['kind = "led"', "pin = 5"])
    before, rest = TEXT.split('kind = "rgb"\n')
    assert changed.text == before + 'kind = "led"\npin = 5\n' + rest.split("red, green, blue\n")[1]


def test_a_new_table_comes_before_the_brain() -> None:
    changed = draft()
    changed.set_table("devices.lamp", ['kind = "relay"', "pin = 22"])
    changed.set_table("devices.fan", ['kind = "pwm"', "pin = 23"])
    assert list(changed.config.devices) == ["lamp", "fan"]
    assert changed.text.endswith('pin = 23\n\n[brain]                     # below\nengine = "small"\n')


def test_a_new_table_comes_last_where_there_is_no_brain() -> None:
    changed = draft("[button]\npin = 17\n")
    changed.set_table("devices.lamp", ['kind = "relay"', "pin = 22"])
    assert changed.text == '[button]\npin = 17\n\n[devices.lamp]\nkind = "relay"\npin = 22\n'


def test_a_table_is_removed_with_its_header_and_the_next_ones_comment_stays() -> None:
    changed = draft()
    changed.remove_table("lamps.status")
    changed.remove_table("lamps.status")
    assert not changed.config.lamps
    assert "# Devices follow." in changed.text


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('[button]\npin = 4\n[sound]\nspeaker = "#1"  # not "#2"\n', "#1"),
        ("[sound]\nspeaker = 'a # b'\n", "a # b"),
        ('[ sound ]\nspeaker="x"#y\n', "x"),
    ],
)
def test_values_with_a_hash_are_values(text: str, value: str) -> None:
    changed = draft(text)
    assert changed.config.sound.speaker == value
    changed.set("sound", "speaker", '"new"')
    assert changed.config.sound.speaker == "new"


def test_what_cannot_be_adapted_is_refused_with_the_line() -> None:
    with pytest.raises(DraftError, match=r"voiced.toml, line 2: write speaker on one line"):
        draft('[sound]\nspeaker = """\nx"""\n').set("sound", "speaker", '"y"')


def test_a_table_written_inline_is_noticed() -> None:
    changed = draft("sound = { speaker = 'x' }\n")
    changed.set("sound", "speaker", '"y"')
    with pytest.raises(ConfigError):
        _ = changed.config


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_our_own_files_are_valid_and_can_be_adapted(path: Path) -> None:
    changed = Draft(path.read_text(), path.name)
    before = changed.config
    changed.set("realtime", "provider", '"custom"')
    changed.set("realtime", "url", '"wss://box/v1/realtime"')
    changed.set("realtime", "key_file", '""')
    changed.set("sound", "microphone", '"usb:1-1.3"')
    changed.set("gpio", "backend", '"virtual"')
    changed.set("button", "pin", "9")
    changed.remove_table("devices.lamp")
    changed.set_table("lamps.status", ['kind = "led"', "pin = 7"])
    changed.set_table("devices.new_one", ['kind = "cpu_temperature"'])
    after = changed.config
    assert (after.realtime.provider, after.sound.microphone, after.button.pin) == ("custom", "usb:1-1.3", 9)
    assert set(after.devices) == (set(before.devices) - {"lamp"}) | {"new_one"}
    assert after.brain == before.brain
    assert after.log == before.log


@pytest.mark.parametrize("path", FILES[2:], ids=lambda path: path.stem)
def test_a_boards_example_has_what_it_needs(path: Path) -> None:
    config = parse(path.read_text(), path.name)
    assert config.gpio.backend == "lgpio"
    assert config.button.pin == 17
    assert config.brain.address == "unix:/run/voiced-brain.sock"
    assert "config.txt" in path.read_text()
