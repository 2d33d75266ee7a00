"""The speaker thread on real pyalsaaudio and a virtual card, judged by what the card played."""

from __future__ import annotations

import time
import wave
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from daemon.audio.pcm import from_pcm16
from daemon.commands.demo.virtualcard import VirtualCard
from hardware.ports import Mono, SoundConfig
from hardware.sound.alsa_streams import AlsaSpeaker
from tests.hardware.sound.conftest import Player, wait_until

RATE_HZ = 48_000


@pytest.fixture
def player() -> Player:
    return Player()


@pytest.fixture
def speaker(card: VirtualCard, config: SoundConfig, player: Player) -> Iterator[AlsaSpeaker]:
    speaker = AlsaSpeaker(config, player)
    wait_until(lambda: player.rates_hz, "the speaker is open")
    yield speaker
    speaker.close()


def noise(seconds: float) -> Mono:
    """Of 16 bits, and never zero."""
    values = np.random.default_rng(7).integers(1_000, 9_000, int(seconds * RATE_HZ))
    return (values / 32768).astype(np.float32)


def recorded(path: Path) -> Mono:
    with wave.open(str(path)) as file:
        return from_pcm16(file.readframes(file.getnframes()))


def bursts(samples: Mono) -> list[Mono]:
    """What sounded, cut at pauses of 50 ms and more."""
    loud = np.flatnonzero(samples)
    cuts = np.flatnonzero(np.diff(loud) > RATE_HZ // 20) + 1
    return [samples[part[0] : part[-1] + 1] for part in np.split(loud, cuts)]


def test_items_are_played_sample_by_sample(
    card: VirtualCard, speaker: AlsaSpeaker, player: Player, tmp_path: Path
) -> None:
    """A stall of the machine tears the sound, so at most three tries."""
    sound = noise(0.5)
    for attempt in range(3):
        with card.record("speaker", tmp_path / "played.wav"):
            time.sleep(0.2)
            player.queue("first", sound[:10_000])
            player.queue("second", sound[10_000:])
            speaker.wake()
            wait_until(player.heard, "all was heard")
            time.sleep(0.2)
        played = bursts(recorded(tmp_path / "played.wav"))
        if len(played) == 1 and len(played[0]) == len(sound):
            break
        print(f"attempt {attempt + 1}: the machine stalled")
    np.testing.assert_allclose(played[0], sound, atol=1e-6)
    assert player.playout.take_heard_to_end()[:2] == ["first", "second"]


def test_a_stop_is_silence_and_tells_what_was_heard(
    card: VirtualCard, speaker: AlsaSpeaker, player: Player, tmp_path: Path
) -> None:
    with card.record("speaker", tmp_path / "played.wav"):
        time.sleep(0.2)
        player.queue("cut", noise(3.0))
        player.queue("never", noise(1.0))
        speaker.wake()
        time.sleep(0.7)
        asked = time.monotonic()
        speaker.stop()
        wait_until(lambda: player.cuts, "it is silent")
        print(f"silent after {(player.cut_times[0] - asked) * 1000:.1f} ms")
        time.sleep(0.3)
    (played,) = bursts(recorded(tmp_path / "played.wav"))
    (cut,) = player.cuts
    assert (cut.item_id, cut.whole, cut.unheard) == ("cut", (), ("never",))
    assert cut.heard_ms == pytest.approx(len(played) * 1000 / RATE_HZ, abs=25)


def test_after_a_stop_the_next_turn_plays(speaker: AlsaSpeaker, player: Player) -> None:
    player.queue("cut", noise(1.0))
    speaker.wake()
    wait_until(lambda: player.playout.heard_ms("cut") > 50, "it plays")
    speaker.stop()
    wait_until(lambda: player.cuts, "it is silent")
    player.queue("next", noise(0.1))
    speaker.wake()
    wait_until(player.heard, "the next item was heard")
    assert player.playout.take_heard_to_end() == ["next"]


def test_a_stop_while_idle_is_answered(speaker: AlsaSpeaker, player: Player) -> None:
    speaker.stop()
    wait_until(lambda: player.cuts, "it has answered")
    assert player.cuts[0].item_id is None


def test_a_starved_item_goes_on_when_more_comes(
    card: VirtualCard, speaker: AlsaSpeaker, player: Player, tmp_path: Path
) -> None:
    """The gap of a slow link is silence, and costs no sample of the item."""
    sound = noise(0.4)
    with card.record("speaker", tmp_path / "played.wav"):
        time.sleep(0.2)
        player.queue("item", sound[:9_600], finish=False)
        speaker.wake()
        wait_until(lambda: player.ran_dry, "the card has run dry")
        time.sleep(0.1)
        player.queue("item", sound[9_600:])
        speaker.wake()
        wait_until(player.heard, "all was heard")
        time.sleep(0.2)
    played = recorded(tmp_path / "played.wav")
    played = played[np.flatnonzero(played)]
    np.testing.assert_allclose(played, sound, atol=1e-6)


def test_idle_it_sleeps_and_its_heartbeat_goes_on(speaker: AlsaSpeaker, player: Player) -> None:
    before, pulls = speaker.heartbeats, player.pulls
    time.sleep(2.0)
    assert 1 <= speaker.heartbeats - before <= 3
    assert player.pulls - pulls <= 3
