"""A virtual sound card for the tests of this folder, and ports that write down what happens."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
import pytest

from daemon.audio.jitter_buffer import Cut, JitterBuffer
from daemon.commands.demo.virtualcard import VirtualCard
from hardware.ports import Mono, SoundConfig, SoundError

PATIENCE_S = 10.0


@pytest.fixture(scope="session")
def _shared_card() -> Iterator[VirtualCard]:
    with VirtualCard() as card:
        yield card


@pytest.fixture
def card(_shared_card: VirtualCard, monkeypatch: pytest.MonkeyPatch) -> VirtualCard:
    """A card that all tests share: leave it as it was."""
    return visible(_shared_card, monkeypatch)


@pytest.fixture
def own_card(monkeypatch: pytest.MonkeyPatch) -> Iterator[VirtualCard]:
    """A card that the test may pull out."""
    with VirtualCard() as card:
        yield visible(card, monkeypatch)


def visible(card: VirtualCard, monkeypatch: pytest.MonkeyPatch) -> VirtualCard:
    for name, value in card.env.items():
        monkeypatch.setenv(name, value)
    return card


@pytest.fixture
def config() -> SoundConfig:
    return SoundConfig(microphone=VirtualCard.microphone, speaker=VirtualCard.speaker)


def wait_until(holds: Callable[[], object], what: str) -> None:
    limit = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < limit, f"waited in vain until {what}"
        time.sleep(0.005)


@dataclass
class Listener:
    """A Capture."""

    rates_hz: list[int] = field(default_factory=list)
    periods: list[Mono] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    overheard_periods: list[Mono] = field(default_factory=list)
    all_periods: list[Mono] = field(default_factory=list)
    ends: int = 0
    overruns: int = 0
    errors: list[SoundError] = field(default_factory=list)

    def opened(self, rate_hz: int) -> None:
        self.rates_hz.append(rate_hz)

    def overheard(self, samples: Mono) -> None:
        self.overheard_periods.append(samples)
        self.all_periods.append(samples)

    def frames(self, samples: Mono) -> None:
        self.times.append(time.monotonic())
        self.all_periods.append(samples)
        self.periods.append(samples)

    def ended(self) -> None:
        self.ends += 1

    def overrun(self) -> None:
        self.overruns += 1

    def failed(self, error: SoundError) -> None:
        self.errors.append(error)

    def loud(self) -> int:
        """How many samples that are not silent have come."""
        return sum(int(np.count_nonzero(np.abs(period) > 0.02)) for period in self.periods)

    def take(self) -> Mono:
        """All that has come since this was last asked."""
        periods, self.periods, self.times = self.periods, [], []
        return np.concatenate([np.zeros(0, np.float32), *periods])


class Player:
    """A Playback on a real Playout."""

    def __init__(self) -> None:
        self.playout = JitterBuffer(24_000)
        self.rates_hz: list[int] = []
        self.pulls = 0
        self.cuts: list[Cut] = []
        self.cut_times: list[float] = []
        self.underruns = 0
        self.ran_dry = 0
        self.errors: list[SoundError] = []
        self._lock = threading.Lock()

    def queue(self, item_id: str, samples: Mono, *, finish: bool = True) -> None:
        with self._lock:
            self.playout.push(item_id, samples)
            if finish:
                self.playout.finish(item_id)

    def heard_ms(self, item_id: str) -> int:
        with self._lock:
            return self.playout.heard_ms(item_id)

    def heard(self) -> bool:
        with self._lock:
            return self.playout.idle

    def opened(self, rate_hz: int) -> None:
        with self._lock:
            if not self.rates_hz:
                self.playout = JitterBuffer(rate_hz)
            self.rates_hz.append(rate_hz)

    def pull(self, frames: int) -> Mono | None:
        with self._lock:
            self.pulls += 1
            return self.playout.pull(frames)

    def played(self, delay_frames: int) -> None:
        with self._lock:
            self.ran_dry += self.playout.played(delay_frames)

    def stopped(self, delay_frames: int) -> None:
        with self._lock:
            self.cut_times.append(time.monotonic())
            self.cuts.append(self.playout.stopped(delay_frames))

    def underrun(self) -> None:
        self.underruns += 1

    def failed(self, error: SoundError) -> None:
        with self._lock:
            self.playout.lost()
        self.errors.append(error)
