"""Which card a name means, on the trees of boards that people have."""

from __future__ import annotations

from pathlib import Path

import pytest

from hardware.ports import SoundError
from hardware.sound.card_discovery import Direction, cards, resolve, running_rate_hz
from tests.hardware.sound import soundtrees as boards
from tests.hardware.sound.soundtrees import Planted, plant


@pytest.fixture(autouse=True)
def _no_own_alsa(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ALSA_CONFIG_PATH", raising=False)
    monkeypatch.setenv("HOME", "/home/pi")


def test_a_card_is_described(tmp_path: Path) -> None:
    headset = cards(plant(tmp_path, *boards.PI4_HEADSET))[3]
    assert (headset.index, headset.id, headset.name, headset.driver, headset.usb_path) == (
        *(3, "Headset", "Logitech USB Headset"),
        *("USB-Audio", "1-1.3"),
    )
    assert str(headset) == "card:Headset (Logitech USB Headset, captures and plays)"


@pytest.mark.parametrize(
    ("card", "captures", "plays", "hdmi"),
    [
        (boards.HDMI0, (), (0,), True),
        (boards.GRAPHICS, (), (3, 7), True),
        (boards.HEADSET, (0,), (0,), False),
        (boards.WM8960, (0,), (0,), False),
        (boards.MAX98357, (), (0,), False),
        (boards.I2S_MICROPHONE, (0,), (), False),
        (boards.LOOPBACK, (0, 1), (0, 1), False),
    ],
    ids=lambda value: value.id if isinstance(value, Planted) else "",
)
def test_its_sides_are_seen(
    tmp_path: Path, card: Planted, captures: tuple[int, ...], plays: tuple[int, ...], hdmi: bool
) -> None:
    (seen,) = cards(plant(tmp_path, card))
    assert (seen.captures, seen.plays, seen.hdmi) == (captures, plays, hdmi)


@pytest.mark.parametrize(
    ("board", "microphone", "speaker"),
    [
        (boards.PI4_HEADSET, "hw:CARD=Headset,DEV=0", "hw:CARD=Headset,DEV=0"),
        (boards.PI_WM8960, "hw:CARD=wm8960soundcard,DEV=0", "hw:CARD=wm8960soundcard,DEV=0"),
        (boards.PI_RESPEAKER, "hw:CARD=seeed2micvoicec,DEV=0", "hw:CARD=seeed2micvoicec,DEV=0"),
        (boards.PI_VOICEHAT, "hw:CARD=sndrpigooglevoi,DEV=0", "hw:CARD=sndrpigooglevoi,DEV=0"),
        (boards.PI_I2S_APART, "hw:CARD=sndrpii2scard,DEV=0", "hw:CARD=MAX98357A,DEV=0"),
        (boards.PI_JACK_AND_USB_MICROPHONE, "hw:CARD=Device,DEV=0", "hw:CARD=Headphones,DEV=0"),
        ((*boards.PI5_BARE, boards.USB_MICROPHONE), "hw:CARD=Device,DEV=0", "sysdefault:CARD=vc4hdmi0"),
        ((boards.LOOPBACK,), "hw:CARD=Loopback,DEV=0", "hw:CARD=Loopback,DEV=0"),
    ],
    ids=["pi4-headset", "wm8960", "respeaker", "voicehat", "i2s-apart", "jack", "hdmi-only", "loopback"],
)
def test_default_is_the_most_likely_card(
    tmp_path: Path, board: tuple[Planted, ...], microphone: str, speaker: str
) -> None:
    root = plant(tmp_path, *board)
    assert resolve("default", "microphone", root) == microphone
    assert resolve("default", "speaker", root) == speaker


@pytest.mark.parametrize(
    ("path", "text", "own"),
    [
        ("etc/asound.conf", "pcm.!default { type hw card 0 }", True),
        ("etc/asound.conf", "defaults.pcm.card 1", True),
        ("home/pi/.asoundrc", 'pcm.!default "sysdefault:CARD=vc4hdmi0"', True),
        ("etc/asound.conf", "# pcm.!default is what I want some day\npcm.jack { type hw card 0 }", False),
    ],
)
def test_the_owners_own_default_goes_first(tmp_path: Path, path: str, text: str, own: bool) -> None:
    root = plant(tmp_path, *boards.PI4_HEADSET)
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_text(text)
    assert (resolve("default", "speaker", root) == "default") is own


def test_default_is_alsas_where_the_environment_says_so_or_no_kernel_could_be_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert resolve("default", "microphone", tmp_path) == "default"
    plant(tmp_path, *boards.PI4_HEADSET)
    monkeypatch.setenv("ALSA_CONFIG_PATH", "/tmp/asound.conf")
    assert resolve("default", "microphone", tmp_path) == "default"


@pytest.mark.parametrize(
    ("name", "alsa"),
    [
        ("card:Headset", "hw:CARD=Headset,DEV=0"),
        ("card:vc4hdmi1", "sysdefault:CARD=vc4hdmi1"),
        ("usb:1-1.3", "hw:CARD=Headset,DEV=0"),
        ("plughw:2,0", "plughw:2,0"),
        ("sysdefault:CARD=Headphones", "sysdefault:CARD=Headphones"),
    ],
)
def test_a_name_means_the_same_card_wherever_it_is_in_the_list(tmp_path: Path, name: str, alsa: str) -> None:
    for number, board in enumerate([boards.PI4_HEADSET, boards.PI4_HEADSET[::-1]]):
        assert resolve(name, "speaker", plant(tmp_path / str(number), *board)) == alsa


@pytest.mark.parametrize(
    ("board", "name", "direction", "words"),
    [
        (boards.PI4_HEADSET, "card:Headst", "speaker", "card:Headst is not there: take one of card:vc4hdmi0"),
        (
            boards.PI4_HEADSET,
            "usb:1-1.2",
            "microphone",
            "is not there: take one of card:Headset .*microphone",
        ),
        (
            boards.PI4_HEADSET,
            "card:vc4hdmi0",
            "microphone",
            r"has no microphone: take one of card:Headset \(",
        ),
        (
            boards.PI5_BARE,
            "default",
            "microphone",
            "There is no microphone: plug one in.*here is only card:vc4",
        ),
        ((), "default", "speaker", r"There is no speaker: plug one in, or enable its dtoverlay.*\(\[sound\]"),
    ],
)
def test_what_is_not_there_is_said_with_what_is(
    tmp_path: Path, board: tuple[Planted, ...], name: str, direction: Direction, words: str
) -> None:
    with pytest.raises(SoundError, match=words):
        resolve(name, direction, plant(tmp_path, *board))


def test_a_card_that_comes_later_is_found(tmp_path: Path) -> None:
    plant(tmp_path / "before", boards.HDMI0)
    with pytest.raises(SoundError):
        resolve("usb:1-1.3", "microphone", tmp_path / "before")
    plant(tmp_path / "after", boards.HDMI0, boards.HEADSET)
    assert resolve("usb:1-1.3", "microphone", tmp_path / "after") == "hw:CARD=Headset,DEV=0"


def test_the_rate_of_a_side_that_is_open_is_read(tmp_path: Path) -> None:
    playing = Planted("x", "x", "x", boards.WM8960.pcms, running={"pcm0p": 44_100})
    (card,) = cards(plant(tmp_path, playing))
    assert running_rate_hz(card, "speaker", tmp_path) == 44_100
    assert running_rate_hz(card, "microphone", tmp_path) is None
