"""A brain on loopback that keeps what it hears, and answers for twenty seconds, half of it late."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import numpy as np

from daemon.brain.asr.recognizer import Recognition
from daemon.brain.server.engine_pool import Engines
from daemon.brain.server.server import Brain, serve
from daemon.brain.tts.synthesizer import Mono24k
from daemon.realtime.events import RATE_HZ
from tests.brain.scripted import ScriptedEar

PIECES_S = (12.0, 8.0)
"""The answer: the second piece comes when most of the first has been heard."""
LATE_S = 9.0


def noise(seconds: float, seed: int, rate_hz: int = RATE_HZ) -> Mono24k:
    """Noise below 8 kHz: every stretch of it is like no other."""
    rng = np.random.default_rng(seed)
    spectrum = np.fft.rfft(rng.standard_normal(round(seconds * rate_hz)))
    spectrum[round(8000 * seconds) :] = 0.0
    samples = np.fft.irfft(spectrum, round(seconds * rate_hz))
    found: Mono24k = (0.3 * samples / np.abs(samples).max()).astype(np.float32)
    return found


class NoiseVoice:
    """Says noise; `said` is all of it."""

    def __init__(self, pieces_s: tuple[float, ...] = PIECES_S, late_s: float = LATE_S) -> None:
        self.said: list[Mono24k] = []
        self._pieces_s = pieces_s
        self._late_s = late_s

    def speak(self, sentence: str, speed: float) -> Mono24k:
        number = len(self.said)
        if number and number < len(self._pieces_s):
            time.sleep(self._late_s)
        piece = noise(self._pieces_s[number], number) if number < len(self._pieces_s) else noise(0.1, number)
        self.said.append(piece)
        return piece


class _Keeping(Engines):
    """Keeps what it is to hear."""

    heard: list[bytes]

    async def recognize(self, sound: bytes, *args: Any) -> Recognition:
        self.heard.append(bytes(sound))
        return await super().recognize(sound, *args)


class Peer:
    """The brain's side: `heard` is every utterance, PCM16 mono 24 kHz."""

    def __init__(self, script: list[str], voice: NoiseVoice) -> None:
        self.heard: list[bytes] = []
        self.voice = voice
        self._ear = ScriptedEar(script)

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[str]:
        """The address while it listens."""
        engines = _Keeping(lambda: self._ear, lambda: self.voice)
        engines.heard = self.heard
        async with serve("127.0.0.1:0", Brain(engines)) as url:
            yield url
