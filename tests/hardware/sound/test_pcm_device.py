"""How a card is opened, on a mock of a PCM: such cards cannot be had without a driver."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import alsaaudio
import pytest

from hardware.ports import SoundConfig, SoundError
from hardware.sound import pcm_device
from tests.hardware.sound.soundtrees import HDMI0, WM8960, Planted, plant


@dataclass
class Model:
    """A kind of sound card: what it offers, and what it rounds to."""

    rates: int | tuple[int, int] | list[int] = field(default_factory=lambda: [44_100, 48_000])
    formats: tuple[str, ...] = ("S16_LE",)
    channels: tuple[int, ...] = (1, 2)
    period_frames: int = 0  # 0: as asked
    card_no: int = 0

    def nearest_hz(self, wish: int) -> int:
        match self.rates:
            case int(only):
                return only
            case (least, most) if isinstance(self.rates, tuple):
                return min(max(wish, least), most)
            case choice:
                return min(choice, key=lambda hz: abs(hz - wish))


class MockPcm:
    """Takes parameters as wishes, as ALSA does."""

    def __init__(self, model: Model, **asked: Any) -> None:
        names = {getattr(alsaaudio, f"PCM_FORMAT_{name}"): name for name in model.formats}
        channels = asked["channels"] if asked["channels"] in model.channels else model.channels[0]
        self.model = model
        self.results: list[int] = []
        self.written: list[bytes] = []
        self.facts = {
            "card_no": model.card_no,
            "device_no": 0,
            "rate": model.nearest_hz(asked["rate"]),
            "format_name": names.get(asked["format"], model.formats[0]),
            "channels": channels,
            "period_size": model.period_frames or asked["periodsize"],
            "buffer_size": asked["periods"] * (model.period_frames or asked["periodsize"]),
        }

    def info(self) -> dict[str, Any]:
        return self.facts

    def getrates(self) -> int | tuple[int, int] | list[int]:
        return self.model.rates

    def getformats(self) -> dict[str, int]:
        return dict.fromkeys(self.model.formats, 0)

    def read(self) -> tuple[int, bytes]:
        return -errno.EPIPE, b""

    def write(self, data: bytes) -> int:
        self.written.append(data)
        return self.results.pop(0)

    def drop(self) -> None: ...

    def close(self) -> None: ...


Opener = Callable[..., pcm_device.Stream]


@pytest.fixture
def opened() -> Opener:
    """Opens a mock microphone; `behind` is the card that a plug layer hides."""

    def open_it(model: Model, behind: Model | None = None, **config: Any) -> pcm_device.Stream:
        def pcm(*, device: str, type: int, **asked: Any) -> Any:
            hidden = behind is not None and device.startswith("hw:")
            return MockPcm(behind if hidden and behind else model, **asked)

        alsa = pcm_device.Alsa(pcm=pcm)
        return alsa.open("microphone", SoundConfig(**{"microphone": "mock", **config}))

    return open_it


@pytest.mark.parametrize(
    ("model", "behind", "rate_hz"),
    [
        (Model([44_100, 48_000, 96_000]), None, 48_000),
        (Model(16_000), None, 16_000),
        (Model([8_000, 11_025, 22_050, 44_100]), None, 44_100),
        (Model((4_000, 192_000), card_no=-1), None, 48_000),
        (Model((4_000, 4_294_967_295)), Model(16_000), 16_000),
        (Model((4_000, 4_294_967_295)), Model([44_100]), 44_100),
    ],
    ids=["many", "one", "no-48k", "sound-server", "plug-over-16k", "plug-over-44k1"],
)
def test_mock_card_is_opened_at_its_native_rate(
    opened: Opener, model: Model, behind: Model | None, rate_hz: int
) -> None:
    assert opened(model, behind).rate_hz == rate_hz


def test_mock_card_that_has_not_the_rate_of_the_configuration_says_what_it_has(
    opened: Opener, caplog: pytest.LogCaptureFixture
) -> None:
    assert opened(Model([48_000]), rate_hz=16_000).rate_hz == 48_000
    assert "it runs at 48000 Hz" in caplog.text


@pytest.mark.parametrize("rate_hz", [5_512, 11_024, 44_056, 47_999, 48_001, 705_600])
def test_mock_card_of_an_odd_rate_is_used_as_it_is(opened: Opener, rate_hz: int) -> None:
    assert opened(Model(rate_hz)).rate_hz == rate_hz


@pytest.mark.parametrize("rate_hz", [1, 100, 3_999, 2_822_400, 2**32 - 1])
def test_mock_card_at_no_rate_for_a_voice_is_refused_with_the_remedy(opened: Opener, rate_hz: int) -> None:
    with pytest.raises(SoundError, match=f"runs at {rate_hz} Hz, which is no rate for a voice: name another"):
        opened(Model(rate_hz))


@pytest.mark.parametrize(
    ("captures", "plays", "running", "rate_hz"),
    [
        ([44_100, 48_000], [44_100, 48_000], {}, 48_000),
        ([16_000, 44_100, 48_000], 44_100, {}, 44_100),
        ([16_000, 48_000], (8_000, 96_000), {"pcm0p": 16_000}, 16_000),
        (16_000, 48_000, {}, 16_000),
        (48_000, 44_100, {"pcm0p": 44_100}, 48_000),
    ],
    ids=["best", "common", "as-the-other-runs", "nothing-common", "other-runs-at-what-this-has-not"],
)
def test_mock_card_runs_at_one_rate_in_both_directions(
    tmp_path: Path,
    captures: Any,
    plays: Any,
    running: dict[str, int],
    rate_hz: int,
) -> None:
    models = {alsaaudio.PCM_CAPTURE: Model(captures, card_no=1), alsaaudio.PCM_PLAYBACK: Model(plays)}

    def pcm(*, device: str, type: int, **asked: Any) -> Any:
        return MockPcm(models[type], **asked)

    root = plant(tmp_path, HDMI0, Planted("x", "x", "x", WM8960.pcms, running=running))
    assert pcm_device.Alsa(root, pcm).open("microphone", SoundConfig(microphone="mock")).rate_hz == rate_hz


@pytest.mark.parametrize("name", ["S16_LE", "S24_3LE", "S24_LE", "S32_LE"])
def test_mock_card_of_any_format_is_used_as_it_is(opened: Opener, name: str) -> None:
    assert opened(Model(formats=("U8", "FLOAT_LE", name))).format.name == name


def test_mock_card_of_no_known_format_is_refused(opened: Opener) -> None:
    with pytest.raises(SoundError, match="offers only U8"):
        opened(Model(formats=("U8",)))


@pytest.mark.parametrize(("offered", "channel", "channels"), [((2,), 0, 2), ((2, 8), 3, 8), ((1, 6), 5, 6)])
def test_mock_card_opens_with_the_channels_that_it_has(
    opened: Opener, offered: tuple[int, ...], channel: int, channels: int
) -> None:
    assert opened(Model(channels=offered), microphone_channel=channel).channels == channels


def test_mock_card_without_the_channel_is_refused(opened: Opener) -> None:
    with pytest.raises(SoundError, match="lower microphone_channel in"):
        opened(Model(channels=(1, 2)), microphone_channel=2)


def test_mock_card_rounds_its_period_and_that_is_used(opened: Opener) -> None:
    stream = opened(Model(period_frames=512), period_ms=10, buffer_ms=80)
    assert (stream.period_frames, stream.buffer_frames) == (512, 4_096)


def test_mock_overrun_is_told(opened: Opener) -> None:
    assert opened(Model()).read(0) is None


def test_mock_underrun_loses_no_samples(opened: Opener) -> None:
    stream = opened(Model(channels=(2,)))
    pcm: Any = stream.pcm
    pcm.results = [-errno.EPIPE, 3]
    assert stream.write(stream.format.decode(b"\1\0\2\0\3\0", 1, 0)) is False
    assert pcm.written == [b"\1\0\1\0\2\0\2\0\3\0\3\0"] * 2


@pytest.mark.parametrize(
    ("code", "remedy"),
    [
        (errno.EBUSY, "fuser -v"),
        (errno.ENOENT, "plug it in, or take a name"),
        (errno.EACCES, "group audio"),
        (errno.EIO, "plug it in again"),
    ],
)
def test_mock_error_names_the_remedy(code: int, remedy: str) -> None:
    def pcm(**_: Any) -> Any:
        raise alsaaudio.ALSAAudioError(f"{os.strerror(code)} [hw:1]")

    with pytest.raises(SoundError, match=remedy):
        pcm_device.Alsa(pcm=pcm).open("speaker", SoundConfig(speaker="hw:1"))
