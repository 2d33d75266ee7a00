"""The microphone thread on real pyalsaaudio and a virtual card."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Literal

import numpy as np
import pytest

from daemon.audio.resampler import Resampler
from daemon.commands.demo.virtualcard import VirtualCard
from hardware.ports import Mono, SoundConfig
from hardware.sound.alsa_streams import AlsaMicrophone
from tests.hardware.sound.conftest import Listener, wait_until

Open = Callable[[SoundConfig], tuple[AlsaMicrophone, Listener]]


@pytest.fixture
def opened(card: VirtualCard) -> Iterator[Open]:
    microphones = []

    def open_microphone(config: SoundConfig) -> tuple[AlsaMicrophone, Listener]:
        listener = Listener()
        microphones.append(AlsaMicrophone(config, listener))
        wait_until(lambda: listener.rates_hz, "the microphone is open")
        return microphones[-1], listener

    yield open_microphone
    for microphone in microphones:
        microphone.close()


def tone(seconds: float, frequency_hz: float = 1_000, rate_hz: int = 48_000, level: float = 0.25) -> Mono:
    time = np.arange(int(seconds * rate_hz)) / rate_hz
    return (level * np.sin(2 * np.pi * frequency_hz * time)).astype(np.float32)


def longest_silence(samples: Mono) -> int:
    """In samples, between the first and the last that are not silent."""
    loud = np.flatnonzero(np.abs(samples) > 0.02)
    return int(np.diff(loud).max())


def listen(microphone: AlsaMicrophone, listener: Listener, seconds: float) -> Mono:
    ends = listener.ends
    microphone.start()
    time.sleep(seconds)
    microphone.stop()
    wait_until(lambda: listener.ends > ends, "the tail has come")
    return listener.take()


def test_a_tone_comes_through_whole(card: VirtualCard, config: SoundConfig, opened: Open) -> None:
    """Frequency and level right and no gap. A stall of the machine breaks the feed, so three tries."""
    microphone, listener = opened(config)
    for attempt in range(3):
        feed = card.feed(tone(1.0), 48_000)
        samples = listen(microphone, listener, 1.4)
        feed.wait()
        heard = Resampler(48_000, 24_000).process(samples)
        loud = heard[np.abs(heard) > 0.02]
        if longest_silence(heard) < 24 and listener.overruns == 0:
            break
        print(f"attempt {attempt + 1}: the machine stalled")
    else:
        pytest.fail("the tone had gaps three times")
    assert 23_000 < len(loud) < 24_100
    middle = heard[np.flatnonzero(np.abs(heard) > 0.02)[0] :][4_800:19_200]
    spectrum = np.abs(np.fft.rfft(middle))
    assert np.argmax(spectrum) * 24_000 / len(middle) == pytest.approx(1_000, abs=2)
    assert np.abs(middle).max() == pytest.approx(0.25, abs=0.005)


def test_every_press_gets_its_own_sound_and_its_end(
    card: VirtualCard, config: SoundConfig, opened: Open
) -> None:
    """What sounded between two presses is not heard in the second. The first frame's latency is printed."""
    microphone, listener = opened(config)
    for _ in range(3):
        card.feed(tone(0.2), 48_000).wait()
        time.sleep(0.15)
        pressed = time.monotonic()
        microphone.start()
        wait_until(lambda: listener.times, "the first frame is there")
        print(f"first frame after {(listener.times[0] - pressed) * 1000:.1f} ms")
        assert np.abs(listen(microphone, listener, 0.1)).max() < 0.02
    assert listener.ends == 3


def test_a_press_before_the_end_of_the_last_is_another_press(config: SoundConfig, opened: Open) -> None:
    microphone, listener = opened(config)
    microphone.start()
    microphone.stop()
    microphone.start()
    wait_until(lambda: listener.ends == 1 and len(listener.periods) > 3, "the second press delivers")
    microphone.stop()
    wait_until(lambda: listener.ends == 2, "the second press ends")
    before = len(listener.periods)
    time.sleep(0.1)
    assert len(listener.periods) == before


def test_a_stop_without_a_press_is_answered(config: SoundConfig, opened: Open) -> None:
    microphone, listener = opened(config)
    microphone.stop()
    wait_until(lambda: listener.ends == 1, "it has ended")


def test_capture_always_delivers_what_was_said_before_the_press(
    card: VirtualCard, config: SoundConfig, opened: Open
) -> None:
    always = SoundConfig(microphone=config.microphone, capture="always", pre_roll_ms=500)
    microphone, listener = opened(always)
    card.feed(tone(0.2), 48_000).wait()
    heard = listen(microphone, listener, 0.1)
    assert longest_silence(heard) < 48
    assert np.count_nonzero(np.abs(heard) > 0.02) > 0.15 * 48_000
    time.sleep(0.6)
    assert np.abs(listen(microphone, listener, 0.1)).max() < 0.02


@pytest.mark.parametrize("rate_hz", [16_000, 44_100])
def test_a_rate_and_a_channel_can_be_chosen(
    card: VirtualCard, config: SoundConfig, opened: Open, rate_hz: Literal[16_000, 44_100]
) -> None:
    chosen = SoundConfig(microphone=config.microphone, rate_hz=rate_hz, microphone_channel=1)
    microphone, listener = opened(chosen)
    assert listener.rates_hz == [rate_hz]
    feed = card.feed(tone(9.0), 48_000)
    microphone.start()
    wait_until(lambda: listener.loud() > 0.2 * rate_hz, "the tone is heard")
    microphone.stop()
    feed.terminate()
    feed.wait()
    heard = listener.take()
    assert np.abs(heard).max() == pytest.approx(0.25, abs=0.03)
    # A machine that stalls tears gaps into the tone, but no wave of it is longer or shorter than another.
    crossings = np.flatnonzero((heard[:-1] < 0) & (heard[1:] >= 0))
    assert np.median(np.diff(crossings)) == pytest.approx(rate_hz / 1_000, abs=0.5)


def test_idle_it_sleeps_and_its_heartbeat_goes_on(config: SoundConfig, opened: Open) -> None:
    microphone, _ = opened(config)
    before = microphone.heartbeats
    time.sleep(2.0)
    assert 1 <= microphone.heartbeats - before <= 3


def overhears(listener: Listener) -> bool:
    return any(np.abs(period).max() > 0.2 for period in listener.overheard_periods)


def test_a_microphone_that_stands_by_gives_what_it_hears_to_the_wake_word_alone(
    card: VirtualCard, config: SoundConfig, opened: Open
) -> None:
    microphone, listener = opened(config)
    microphone.stand_by(True)
    feed = card.feed(tone(30.0), 48_000)
    wait_until(lambda: overhears(listener), "the tone is overheard")
    microphone.stand_by(False)
    microphone.stop()
    wait_until(lambda: listener.ends == 1, "it has stood down")
    overheard = len(listener.overheard_periods)
    time.sleep(0.2)
    feed.terminate()
    feed.wait()
    assert len(listener.overheard_periods) == overheard
    assert listener.periods == []


def test_from_standing_by_to_an_utterance_and_back_no_sample_is_lost(
    card: VirtualCard, config: SoundConfig, opened: Open
) -> None:
    """The card is opened once and runs on. A stall of the machine breaks the feed, so three tries."""
    microphone, listener = opened(config)
    microphone.stand_by(True)
    for attempt in range(3):
        listener.overheard_periods.clear()
        feed = card.feed(tone(5.0), 48_000)
        wait_until(lambda: overhears(listener), "the tone is overheard")
        utterance = listen(microphone, listener, 0.3)
        listener.overheard_periods.clear()
        wait_until(lambda: overhears(listener), "it stands by again")
        feed.terminate()
        feed.wait()
        whole, overruns = np.concatenate(listener.all_periods), listener.overruns
        listener.all_periods, listener.overruns = [], 0
        if longest_silence(whole) < 48 and overruns == 0:
            break
        print(f"attempt {attempt + 1}: the machine stalled")
    else:
        pytest.fail("the tone had gaps three times")
    assert np.abs(utterance).max() > 0.2
    assert listener.rates_hz == [48_000]
