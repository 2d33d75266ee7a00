"""What the speaker's thread writes is taken out of what the microphone's thread sends."""

from __future__ import annotations

import logging
import sys

import numpy as np
import pytest

from daemon.audio.echo.engine_registry import ENGINES
from daemon.audio.echo.path import EchoPath
from daemon.audio.pcm import from_pcm16, to_pcm16
from daemon.config import loader
from daemon.core import events as ev
from daemon.service import composition
from daemon.service.audio_streams import CaptureStream, PlaybackStream, StreamEvents
from hardware.ports import Mono
from tests.audio.echo.room import RATE_HZ, babble

CARD_HZ = 48_000
PERIOD = CARD_HZ // 100
HELD_PERIODS = 8
WAY_FRAMES = CARD_HZ // 20  # 50 ms through the air and what else there is


class SimulatedCard:
    """Both threads of one card, a period at a time: the microphone hears what the speaker plays."""

    def __init__(self, engine: str) -> None:
        self.sent: list[Mono] = []
        self.now = 70.0
        events = StreamEvents(self._posted, lambda: None, lambda: None, lambda kind: None, lambda: self.now)
        echo = EchoPath(engine, RATE_HZ, lambda: self.now)
        self.playback = PlaybackStream(events, "minimum", echo)
        self.capture = CaptureStream(events, "minimum", echo)
        self.playback.opened(CARD_HZ)
        self.capture.opened(CARD_HZ)
        self._air = np.zeros(WAY_FRAMES, np.float32)
        self._held: list[Mono] = []
        self.coupling = 0.4
        self.voice: Mono = np.zeros(0, np.float32)

    def run(self, seconds: float) -> Mono:
        """So much time passes; what was sent meanwhile."""
        before = len(self.sent)
        for _ in range(int(seconds * 100)):
            self._play()
            self._hear()
        return np.concatenate(self.sent[before:])

    def cut(self) -> None:
        """Barge-in: the speaker is silent at once."""
        held, self._held = len(self._held), []
        self.playback.stopped(held * PERIOD)

    def overrun(self, seconds: float) -> None:
        """Nobody reads the microphone for so long."""
        for _ in range(int(seconds * 100)):
            self._play()
            self._air = self._air[PERIOD:]
        self.capture.overrun()

    def _play(self) -> None:
        while len(self._held) < HELD_PERIODS and (samples := self.playback.pull(PERIOD)) is not None:
            self._held.append(samples)
        if self._held:
            self.playback.played(len(self._held) * PERIOD)
        self.now += PERIOD / CARD_HZ
        heard = self._held.pop(0) if self._held else np.zeros(PERIOD, np.float32)
        self._air = np.concatenate([self._air, heard])

    def _hear(self) -> None:
        spoken, self.voice = np.repeat(self.voice[: PERIOD // 2], 2), self.voice[PERIOD // 2 :]
        heard = self.coupling * self._air[:PERIOD]
        heard[: len(spoken)] += spoken
        self.capture.frames(np.clip(heard, -1, 1).astype(np.float32))
        self._air = self._air[PERIOD:]

    def _posted(self, event: ev.Input) -> None:
        if isinstance(event, ev.Captured):
            self.sent.append(from_pcm16(event.pcm))


@pytest.fixture(params=ENGINES)
def card(request: pytest.FixtureRequest) -> SimulatedCard:
    """A card with each of the cancellers."""
    return SimulatedCard(request.param)


def loudness(samples: Mono) -> float:
    return float(np.sqrt(np.mean(samples**2)))


def test_our_own_voice_is_not_sent_whatever_the_volume(card: SimulatedCard) -> None:
    voice = babble(9.0)
    card.playback.play("item", to_pcm16(voice))
    card.run(5.0)
    left = loudness(card.run(1.5))
    card.playback.set_gain(0.3)
    left_at_another_volume = loudness(card.run(1.5))
    assert left < 0.4 * loudness(voice) / 4
    assert left_at_another_volume < 0.4 * 0.3 * loudness(voice) / 4


def test_what_cannot_be_taken_out_is_not_sent_while_we_speak_and_what_follows_is(
    card: SimulatedCard,
) -> None:
    card.coupling = 20.0  # the speaker drives the microphone to full scale
    card.playback.play("item", to_pcm16(babble(4.0)))
    card.playback.end("item")
    card.run(1.0)
    assert not card.run(2.0).any()
    card.run(2.0)
    card.voice = babble(1.0, seed=5)
    assert loudness(card.run(1.0)) > 0.5 * loudness(babble(1.0, seed=5))


def test_nothing_of_our_own_voice_is_sent_before_it_can_be_told_apart(card: SimulatedCard) -> None:
    voice = babble(6.0)
    card.playback.play("item", to_pcm16(voice))
    loudest = max(loudness(card.run(0.04)) for _ in range(140))
    assert loudest < 0.4 * np.abs(voice).max() / 2


def test_nothing_is_left_of_the_next_answer_either_after_one_was_cut(card: SimulatedCard) -> None:
    voice = babble(9.0)
    card.playback.play("first", to_pcm16(voice))
    card.run(5.0)
    card.cut()
    card.playback.play("second", to_pcm16(babble(6.0, seed=8)))
    card.run(1.0)
    assert loudness(card.run(2.0)) < 0.4 * loudness(voice) / 4


def test_every_utterance_is_sent_to_its_end(card: SimulatedCard) -> None:
    for seconds in (0.33, 0.5):
        before = len(card.sent)
        card.run(seconds)
        card.capture.ended()
        assert sum(map(len, card.sent[before:])) >= seconds * RATE_HZ


def test_what_was_lost_of_the_microphones_sound_does_not_bring_the_echo_back(card: SimulatedCard) -> None:
    voice = babble(9.0)
    card.playback.play("item", to_pcm16(voice))
    card.run(4.0)
    card.overrun(0.1)
    card.run(1.0)
    assert loudness(card.run(2.0)) < 0.4 * loudness(voice) / 4


def test_nothing_is_done_to_the_sound_unless_it_is_configured() -> None:
    config = loader.parse("", "voiced.toml")
    assert composition.echo_path(config, lambda: 0.0) == (config, None)
    by_the_card = loader.parse('[sound]\necho = "card"', "voiced.toml")
    assert composition.echo_path(by_the_card, lambda: 0.0) == (by_the_card, None)


def test_without_a_canceller_nobody_listens_while_we_speak_and_the_remedy_is_told(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(sys.modules, "pywebrtc_audio", None)
    config = loader.parse(
        '[sound]\necho = "auto"\n[realtime]\nprovider = "openai"\nfallback = "none"', "voiced.toml"
    )
    with caplog.at_level(logging.ERROR):
        half_duplex, path = composition.echo_path(config, lambda: 0.0)
    assert path is None
    assert config.sound.full_duplex
    assert not half_duplex.sound.full_duplex
    assert "apt install voiced-handsfree" in caplog.text
