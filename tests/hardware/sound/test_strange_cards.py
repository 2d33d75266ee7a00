"""The microphone thread on mock cards that do what no real one here can be made to do."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import alsaaudio
import numpy as np
import pytest

from hardware.ports import Mono, SoundConfig
from hardware.sound.alsa_streams import AlsaMicrophone
from hardware.sound.pcm_device import Alsa, Stream
from hardware.sound.sample_formats import FORMATS
from tests.hardware.sound.conftest import Listener, wait_until

RATE_HZ = 48_000
PERIOD = 480
BUFFER = 8 * PERIOD


class MockCard(Stream):
    """Captures at the clock's pace; what differs is written over in each kind."""

    def __init__(self) -> None:
        shape = {"rate_hz": RATE_HZ, "channels": 1, "period_frames": PERIOD, "buffer_frames": BUFFER}
        super().__init__(None, "mock", FORMATS[0], has_driver=True, **shape)  # type: ignore[arg-type]
        self.started_at: float | None = None
        self.taken = self.reads = 0

    @property
    def running(self) -> bool:
        return self.started_at is not None

    def captured(self) -> int:
        return 0 if self.started_at is None else int((time.monotonic() - self.started_at) * RATE_HZ)

    def available_frames(self) -> int:
        return min(BUFFER, self.captured() - self.taken)

    def read(self, channel: int) -> Mono | None:
        self.reads += 1
        if self.started_at is None:
            self.started_at, self.taken = time.monotonic(), 0
        if self.available_frames() < PERIOD:
            return np.zeros(0, np.float32)
        self.taken += PERIOD
        return np.ones(PERIOD, np.float32)

    def drop(self) -> None:
        self.started_at = None

    def check(self) -> None: ...

    def close(self) -> None: ...


class LateCard(MockCard):
    """Shows what it has once a second, all of it."""

    def captured(self) -> int:
        return super().captured() // RATE_HZ * RATE_HZ

    def available_frames(self) -> int:
        return min(BUFFER, self.captured() - self.taken)


class HalfSpeedCard(MockCard):
    """Its clock runs at half of what it says."""

    def captured(self) -> int:
        return super().captured() // 2


class EmptyCard(MockCard):
    """Says that there is something, and gives nothing."""

    def available_frames(self) -> int:
        return BUFFER

    def read(self, channel: int) -> Mono | None:
        super().read(channel)
        return np.zeros(0, np.float32)


class OverrunningCard(MockCard):
    """Every read is an overrun."""

    def read(self, channel: int) -> Mono | None:
        self.reads += 1
        return None


class CardThatFailsToStop(MockCard):
    """Goes away in the moment in which it is stopped."""

    def drop(self) -> None:
        if self.running:
            self.started_at = None
            raise alsaaudio.ALSAAudioError("No such device [mock]")


Plugged = Callable[[type[MockCard]], tuple[AlsaMicrophone, Listener, list[MockCard]]]


@pytest.fixture
def plugged() -> Iterator[Plugged]:
    microphones: list[AlsaMicrophone] = []

    def plug(kind: type[MockCard]) -> tuple[AlsaMicrophone, Listener, list[MockCard]]:
        cards: list[MockCard] = []

        class MockAlsa(Alsa):
            def open(self, *_: object, **__: object) -> Any:
                cards.append(kind())
                return cards[-1]

        listener = Listener()
        microphones.append(AlsaMicrophone(SoundConfig(microphone="mock"), listener, MockAlsa()))
        wait_until(lambda: listener.rates_hz, "the card is open")
        return microphones[-1], listener, cards

    yield plug
    for microphone in microphones:
        microphone.close()


def test_a_mock_card_that_keeps_its_pace_is_no_fault(plugged: Plugged) -> None:
    microphone, listener, _ = plugged(MockCard)
    microphone.start()
    time.sleep(3.0)
    microphone.stop()
    wait_until(lambda: listener.ends, "the press has ended")
    assert not listener.errors
    assert sum(map(len, listener.periods)) > RATE_HZ


def test_whole_seconds_that_come_late_are_sound_all_the_same(plugged: Plugged) -> None:
    microphone, listener, _ = plugged(LateCard)
    microphone.start()
    wait_until(lambda: sum(map(len, listener.periods)) > 2 * RATE_HZ, "two seconds have come")
    assert not listener.errors


@pytest.mark.parametrize("kind", [HalfSpeedCard, EmptyCard, OverrunningCard])
def test_a_mock_card_that_gives_too_little_is_a_fault_and_costs_no_processor(
    plugged: Plugged, kind: type[MockCard]
) -> None:
    microphone, listener, cards = plugged(kind)
    microphone.start()
    wait_until(lambda: listener.errors, "it is told")
    assert "stands still" in str(listener.errors[0])
    assert cards[0].reads < 50_000
    before = microphone.heartbeats
    wait_until(lambda: microphone.heartbeats > before, "it goes on trying")


def test_a_mock_card_that_fails_while_it_is_stopped_does_not_listen_on_when_it_is_back(
    plugged: Plugged,
) -> None:
    microphone, listener, cards = plugged(CardThatFailsToStop)
    microphone.start()
    wait_until(lambda: listener.periods, "it delivers")
    microphone.stop()
    wait_until(lambda: listener.errors and listener.ends, "the press has ended all the same")
    wait_until(lambda: len(listener.rates_hz) == 2, "it is back")
    before = len(listener.periods)
    time.sleep(0.5)
    assert len(listener.periods) == before
    assert not cards[-1].running
