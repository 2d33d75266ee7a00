"""Whether our own voice is taken out of the microphone's sound, and how much of it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np

from daemon.audio.echo.canceller import EchoCanceller
from daemon.audio.echo.engine import EchoError
from daemon.audio.echo.engine_registry import ENGINES, open_filter
from daemon.audio.echo.reference import PlayedReference
from daemon.audio.resampler import Resampler
from daemon.commands.doctor.finding import Told, split, warning
from daemon.commands.doctor.machine import InspectedMachine
from daemon.realtime.events import RATE_HZ
from hardware.ports import Mono, SoundConfig
from hardware.sound.listen import listen
from hardware.sound.pcm_device import Stream

_PLAYED_S: Final = 8.0
_JUDGED_S: Final = 2.0
"""The end of it: a canceller learns for some seconds."""
_PEAK: Final = 0.25
_LEAST_DB: Final = 6.0
_APART: Final = "turn the speaker or Capture down, or move them apart"


class CardReport(NamedTuple):
    """What a card has played or heard by now; `held` are the speaker's frames still to be heard."""

    now: float
    samples: Mono
    held: int | None = None


def installed(machine: InspectedMachine) -> Iterator[Told]:
    """Load the cancellers; without them nobody listens while we speak."""
    for name in ENGINES if machine.config.sound.echo == "auto" else ():
        try:
            open_filter(name, RATE_HZ)
        except EchoError as said:
            yield warning("V322", *split(str(said), ": "))


def cancelled(microphone: Stream, speaker: Stream, config: SoundConfig) -> Iterator[Told]:
    """Play a murmur, and see what each canceller leaves of it."""
    reports: list[CardReport] = []
    player = threading.Thread(target=_play, args=(speaker, reports), name="murmur", daemon=True)
    player.start()
    heard = listen(microphone, config, _PLAYED_S)
    reports.extend(CardReport(time.monotonic(), period) for period in heard if period is not None)
    player.join(_PLAYED_S)
    yield from judged(reports, speaker.rate_hz, microphone.rate_hz)


def judged(reports: list[CardReport], speaker_hz: int, microphone_hz: int) -> Iterator[Told]:
    """What each canceller that is installed makes of it."""
    for name in ENGINES:
        try:
            canceller = EchoCanceller(
                open_filter(name, RATE_HZ), reference := PlayedReference(RATE_HZ), RATE_HZ
            )
        except EchoError:
            continue  # `installed` has told that
        reference.opened(speaker_hz)
        before, after = _through(canceller, reference, reports, microphone_hz)
        if canceller.trust.overdriven:
            sentence = "the speaker drives the microphone to full scale: voiced is deaf while it speaks"
            yield warning("V324", sentence, _APART)
            return
        taken_db = 10 * np.log10((np.mean(before**2) + 1e-12) / (np.mean(after**2) + 1e-12))
        if taken_db < _LEAST_DB:
            sentence = f"the echo canceller {name} takes only {taken_db:.0f} dB of the speaker out"
            yield warning("V323", sentence, f'{_APART}; else write echo = "off" in [sound]')
        else:
            late_ms = canceller.alignment.delay_s * 1000
            yield f"{name} takes {taken_db:.0f} dB of the echo out, which is {late_ms:.0f} ms behind the card"


def _through(
    canceller: EchoCanceller, reference: PlayedReference, reports: list[CardReport], microphone_hz: int
) -> tuple[Mono, Mono]:
    """The end of what the microphone heard, before and after."""
    resampler = Resampler(microphone_hz, RATE_HZ)
    before, after = [], []
    for now, samples, held in sorted(reports, key=lambda report: report.now):
        if held is None:
            before.append(resampler.process(samples))
            after.append(canceller.process(before[-1], now))
        else:
            reference.wrote(samples)
            reference.held(held, now)
    judged_frames = int(_JUDGED_S * RATE_HZ)
    return np.concatenate(before)[-judged_frames:], np.concatenate(after)[-judged_frames:]


def _play(stream: Stream, reports: list[CardReport]) -> None:
    sound = murmur(stream.rate_hz, _PLAYED_S)
    for at in range(0, len(sound) - stream.period_frames, stream.period_frames):
        samples = sound[at : at + stream.period_frames]
        stream.write(samples)
        reports.append(CardReport(time.monotonic(), samples, stream.delay_frames()))


def murmur(rate_hz: int, seconds: float) -> Mono:
    """As loud and as broad as a voice, in syllables, and no word of it."""
    frames = int(rate_hz * seconds)
    frequencies = np.fft.rfftfreq(frames, 1 / rate_hz)
    colour = np.where((frequencies > 150) & (frequencies < 6_000), 1 / np.sqrt(frequencies + 1), 0)
    sound = np.fft.irfft(np.fft.rfft(np.random.default_rng(1).standard_normal(frames)) * colour, frames)
    syllables = np.abs(np.sin(2 * np.pi * 2 * np.arange(frames) / rate_hz))
    sound *= syllables * _PEAK / np.abs(sound).max()
    return sound.astype(np.float32)
