"""A simulated loop: a speaker that is written to by periods, a room, a microphone, each with its clock."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from daemon.audio.echo.canceller import EchoCanceller
from daemon.audio.echo.engine import AdaptiveFilter
from daemon.audio.echo.reference import PlayedReference
from hardware.ports import Mono

Sound: TypeAlias = npt.NDArray[np.floating[Any]]
Precise: TypeAlias = npt.NDArray[np.float64]

RATE_HZ = 24_000
_START_S = 1_000.0  # of the clock: no part may take the zero for the beginning
_TICK_S = 0.01
_BUFFER_S = 0.08
_PIECE = RATE_HZ // 25
_TAPS = 32


@dataclass(frozen=True)
class Room:
    """How sound comes from the speaker to the microphone."""

    delay_ms: float = 20.0
    coupling_db: float = -6.0
    echo_s: float = 0.25
    """Until the reverberation has fallen by 60 dB."""
    seed: int = 1

    def response(self) -> Precise:
        """The impulse response behind the delay: the direct way, then noise that decays."""
        chance = np.random.default_rng(self.seed)
        time = np.arange(int(self.echo_s * RATE_HZ)) / RATE_HZ
        tail = chance.standard_normal(len(time)) * 10 ** (-3 * time / self.echo_s)
        tail[: RATE_HZ // 500] = 0.0
        tail *= 0.7 / np.sqrt(np.sum(tail**2))
        tail[0] = 0.7
        scaled: Precise = tail * 10 ** (self.coupling_db / 20)
        return scaled


@dataclass
class Loop:
    """Plays `far`, and hears it in the room with `near` on top.

    `drift_ppm` is how much faster the speaker's clock is; `late_s` gives how late each report comes; while
    `stalled` holds for a time nobody writes.
    """

    far: Mono
    room: Room = Room()
    drift_ppm: float = 0.0
    late_s: Callable[[], float] = lambda: 0.0
    stalled: Callable[[float], bool] = lambda time: False
    gain: Callable[[float], float] = lambda time: 1.0
    """Of an amplifier behind the card, which the reference does not know of."""
    starts_s: float = 0.0
    near: Mono = field(default_factory=lambda: np.zeros(0, np.float32))
    noise_db: float = -70.0

    def __post_init__(self) -> None:
        self._speed = RATE_HZ * (1 + self.drift_ppm / 1e6)
        self.seconds = self.starts_s + len(self.far) / RATE_HZ
        self._events = list(self._play())
        self.echo = self._echo()
        chance = np.random.default_rng(7)
        noise = 10 ** (self.noise_db / 20) * chance.standard_normal(len(self.echo))
        self.microphone: Mono = (self.echo + noise).astype(np.float32)
        self.microphone[: len(self.near)] += self.near[: len(self.microphone)]

    @classmethod
    def recorded(cls, far: Mono, microphone: Mono) -> Loop:
        """A recording of both ends, of one clock."""
        loop = cls(far)
        loop.microphone = microphone
        return loop

    def through(self, adaptive_filter: AdaptiveFilter) -> Mono:
        """What the canceller makes of it, as long as the microphone's sound."""
        reference = PlayedReference(RATE_HZ)
        self.canceller = EchoCanceller(adaptive_filter, reference, RATE_HZ)
        events = iter(self._events)
        event = next(events, None)
        cleaned = []
        for at in range(0, len(self.microphone), _PIECE):
            piece = self.microphone[at : at + _PIECE]
            now = (at + len(piece)) / RATE_HZ
            while event and event[0] <= now:
                event[1](reference)
                event = next(events, None)
            cleaned.append(self.canceller.process(piece, _START_S + now + self.late_s()))
        cleaned.append(self.canceller.flush())
        return np.concatenate(cleaned)

    def _play(self) -> Iterator[tuple[float, Callable[[PlayedReference], None]]]:
        """What the speaker's thread does, and when; puts what is heard where it is heard."""
        period = int(RATE_HZ * _TICK_S)
        self._heard = np.zeros(int((self.seconds + 1) * self._speed), np.float32)
        written = end = 0
        for tick in range(int(self.seconds / _TICK_S)):
            time = tick * _TICK_S
            now = int(time * self._speed)
            fed: list[Mono] = []
            end = max(end, now)
            while (
                time >= self.starts_s
                and written < len(self.far)
                and not self.stalled(time)
                and end + period - now <= _BUFFER_S * RATE_HZ
            ):
                fed.append(self.far[written : written + period])
                self._heard[end : end + len(fed[-1])] = fed[-1]
                written += len(fed[-1])
                end += len(fed[-1])
            yield time, self._reported(fed, end - now, _START_S + time + self.late_s())

    @staticmethod
    def _reported(fed: list[Mono], delay: int, now: float) -> Callable[[PlayedReference], None]:
        def report(reference: PlayedReference) -> None:
            for samples in fed:
                reference.wrote(samples)
            reference.held(delay, now)

        return report

    def _echo(self) -> Precise:
        """What of it reaches the microphone."""
        response = self.room.response()
        size = 1 << (len(self._heard) + len(response)).bit_length()
        wet = np.fft.irfft(np.fft.rfft(self._heard, size) * np.fft.rfft(response, size), size)
        time = np.arange(int(self.seconds * RATE_HZ)) / RATE_HZ
        gains = np.array([self.gain(each) for each in np.arange(0, self.seconds, _TICK_S)])
        loud = np.repeat(gains, int(RATE_HZ * _TICK_S))[: len(time)]
        echo: Precise = _sampled(wet, (time - self.room.delay_ms / 1000) * self._speed) * loud
        return echo


def _sampled(sound: Precise, at: Precise) -> Precise:
    """The sound between its samples, by a windowed sinc."""
    first = np.floor(at).astype(int)
    result = np.zeros(len(at))
    for tap in range(-_TAPS // 2 + 1, _TAPS // 2 + 1):
        distance = first + tap - at
        weight = np.sinc(distance) * np.cos(np.pi * distance / (_TAPS + 2)) ** 2
        result += weight * sound[np.clip(first + tap, 0, len(sound) - 1)] * (first + tap >= 0)
    return result


def babble(seconds: float, seed: int = 3) -> Mono:
    """As a voice: noise coloured by two formants that move, in syllables, with pauses."""
    chance = np.random.default_rng(seed)
    parts: list[Mono] = []
    while sum(map(len, parts)) < seconds * RATE_HZ:
        frames = int(chance.uniform(0.1, 0.3) * RATE_HZ)
        frequencies = np.fft.rfftfreq(frames, 1 / RATE_HZ)
        colour = sum(
            np.exp(-(((frequencies - chance.uniform(low, high)) / width) ** 2)) * weight
            for low, high, width, weight in (
                (250, 800, 200, 1.0),
                (900, 2500, 400, 0.5),
                (2500, 7000, 2500, 0.1),
            )
        )
        sound = np.fft.irfft(np.fft.rfft(chance.standard_normal(frames)) * colour, frames)
        parts.append((sound * np.hanning(frames) / np.sqrt(np.mean(sound**2) + 1e-12)).astype(np.float32))
        if chance.random() < 0.15:
            parts.append(np.zeros(int(0.25 * RATE_HZ), np.float32))
    return 0.1 * np.concatenate(parts)[: int(seconds * RATE_HZ)]


def reduction_db(before: Sound, after: Sound, since_s: float = 0.0, until_s: float = 1e6) -> float:
    """By how much the echo was lowered in this time (ERLE)."""
    span = slice(int(since_s * RATE_HZ), int(until_s * RATE_HZ))
    return float(10 * np.log10(np.mean(before[span] ** 2) / np.mean(after[span] ** 2)))
