"""Cards whose sound does not keep up with the clock: too much at once, or none at all."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from daemon.commands.demo.virtualcard import VirtualCard
from hardware.ports import SoundConfig
from hardware.sound.alsa_streams import AlsaMicrophone, AlsaSpeaker
from hardware.sound.card_discovery import Direction
from hardware.sound.pcm_device import Alsa, Stream
from tests.hardware.sound.conftest import Listener, Player, wait_until
from tests.hardware.sound.sound_server import pactl, standing_still

FILES = """\
</usr/share/alsa/alsa.conf>
pcm.from_file { type file slave.pcm null file /dev/null infile /dev/zero format raw }
pcm.plugged { type plug slave.pcm null }
pcm.into_file { type file slave.pcm null file "%s" format raw }
"""
CLOCKLESS = ["null", "from_file", "plugged"]


@pytest.fixture
def clockless(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Plugins of ALSA that are no cards. What is written into `into_file` is in the file that this gives."""
    path = tmp_path / "asound.conf"
    path.write_text(FILES % (tmp_path / "played.raw"))
    monkeypatch.setenv("ALSA_CONFIG_PATH", str(path))
    return tmp_path / "played.raw"


def tone(seconds: float) -> np.ndarray:
    return np.full(int(seconds * 48_000), 0.1, np.float32)


# ---------------------------------------------------------------- without a clock


@pytest.mark.parametrize("device", CLOCKLESS)
def test_a_microphone_without_a_clock_is_a_fault_before_anybody_presses(clockless: Path, device: str) -> None:
    listener = Listener()
    microphone = AlsaMicrophone(SoundConfig(microphone=device), listener)
    wait_until(lambda: listener.errors, "it is told")
    assert "faster than time passes" in str(listener.errors[0])
    assert "arecord -L" in str(listener.errors[0])
    microphone.start()
    time.sleep(1.0)
    microphone.stop()
    wait_until(lambda: listener.ends == 1, "the press has ended")
    assert not listener.rates_hz
    assert not listener.periods
    assert len(listener.errors) == 1
    microphone.close()


class PosingAlsa(Alsa):
    """What has no clock poses as a driver of the kernel."""

    def open(self, direction: Direction, config: SoundConfig, *, waits: bool = True) -> Stream:
        return replace(super().open(direction, config, waits=waits), has_driver=True)


def test_a_microphone_that_loses_its_clock_delivers_little_and_is_a_fault(clockless: Path) -> None:
    """A driver of the kernel is believed until it is heard."""
    listener = Listener()
    microphone = AlsaMicrophone(SoundConfig(microphone="null"), listener, PosingAlsa())
    wait_until(lambda: listener.rates_hz, "it is open")
    microphone.start()
    wait_until(lambda: listener.errors, "it is told")
    microphone.close()
    assert sum(map(len, listener.periods)) < 2 * 48_000


@pytest.mark.parametrize("device", [*CLOCKLESS, "into_file"])
def test_a_speaker_without_a_clock_is_heard_no_faster_than_time_passes(clockless: Path, device: str) -> None:
    player = Player()
    speaker = AlsaSpeaker(SoundConfig(speaker=device), player)
    wait_until(lambda: player.rates_hz, "it is open")
    player.queue("item", tone(1.0))
    begun = time.monotonic()
    speaker.wake()
    heard: list[tuple[float, int]] = []
    while not player.heard():
        heard.append((time.monotonic() - begun, player.heard_ms("item")))
        time.sleep(0.02)
    assert time.monotonic() - begun > 0.9
    assert all(heard_ms <= 1000 * 1.1 * at + 50 for at, heard_ms in heard)
    assert player.underruns == 0
    speaker.close()
    if device == "into_file":
        played = np.frombuffer(clockless.read_bytes(), "<i2")
        assert np.count_nonzero(played) == 48_000


def test_a_cut_on_a_speaker_without_a_clock_tells_what_there_was_time_for(clockless: Path) -> None:
    player = Player()
    speaker = AlsaSpeaker(SoundConfig(speaker="null"), player)
    wait_until(lambda: player.rates_hz, "it is open")
    player.queue("item", tone(60.0))
    begun = time.monotonic()
    speaker.wake()
    time.sleep(0.5)
    speaker.stop()
    wait_until(lambda: player.cuts, "it is silent")
    (cut,) = player.cuts
    assert cut.item_id == "item"
    assert cut.heard_ms < 1.1 * 1000 * (player.cut_times[0] - begun) + 50
    speaker.close()


# ---------------------------------------------------------------- standing still


def test_a_speaker_that_is_suspended_while_it_plays_is_a_fault_until_it_takes_sound_again(
    own_card: VirtualCard, config: SoundConfig
) -> None:
    player = Player()
    speaker = AlsaSpeaker(config, player)
    wait_until(lambda: player.rates_hz, "it is open")
    player.queue("item", tone(30.0))
    speaker.wake()
    wait_until(lambda: player.heard_ms("item"), "it plays")
    pactl(own_card, "suspend-sink", "speaker", "1")
    wait_until(lambda: player.errors, "it is told")
    assert "stands still" in str(player.errors[0])
    time.sleep(3.0)
    assert len(player.rates_hz) == len(player.errors) == 1  # opened anew, and not believed
    pactl(own_card, "suspend-sink", "speaker", "0")
    wait_until(lambda: len(player.rates_hz) == 2, "it is back")
    player.queue("next", tone(0.1))
    speaker.wake()
    wait_until(lambda: "next" in player.playout.take_heard_to_end(), "it plays")
    speaker.close()


def test_a_microphone_whose_server_gives_nothing_is_a_fault_while_the_button_is_down(
    own_card: VirtualCard, config: SoundConfig
) -> None:
    listener = Listener()
    microphone = AlsaMicrophone(config, listener)
    wait_until(lambda: listener.rates_hz, "it is open")
    microphone.start()
    wait_until(lambda: listener.periods, "it delivers")
    pactl(own_card, "suspend-sink", "micfeed", "1")
    wait_until(lambda: listener.errors, "it is told")
    assert "stands still" in str(listener.errors[0])
    before = microphone.heartbeats
    wait_until(lambda: microphone.heartbeats > before + 2, "the thread hangs in no call")
    pactl(own_card, "suspend-sink", "micfeed", "0")
    wait_until(lambda: len(listener.rates_hz) == 2, "it is back")
    listener.take()
    wait_until(lambda: listener.periods, "the press goes on")
    microphone.close()


def test_a_thread_that_hangs_in_its_server_is_given_up_and_comes_back(
    own_card: VirtualCard, config: SoundConfig
) -> None:
    player = Player()
    speaker = AlsaSpeaker(config, player)
    wait_until(lambda: player.rates_hz, "it is open")
    player.queue("item", tone(30.0))
    speaker.wake()
    wait_until(lambda: player.heard_ms("item"), "it plays")
    with standing_still(own_card):
        speaker.stop()
        time.sleep(0.5)
        before = speaker.heartbeats
        time.sleep(1.5)
        assert speaker.heartbeats == before
        speaker.give_up()
        assert "stands still" in str(player.errors[0])
    wait_until(lambda: len(player.rates_hz) == 2, "it is opened anew")
    assert len(player.errors) == 1
    player.queue("next", tone(0.1))
    speaker.wake()
    wait_until(lambda: "next" in player.playout.take_heard_to_end(), "it plays")
    speaker.close()
