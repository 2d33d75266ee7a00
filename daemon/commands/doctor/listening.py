"""`--sound`: whether the microphone and the speaker work, and the latency from one to the other."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Final

import alsaaudio
import numpy as np

from daemon.commands.doctor.echo import cancelled
from daemon.commands.doctor.finding import Told, error, split, warning
from daemon.commands.doctor.machine import InspectedMachine
from daemon.commands.doctor.mixer import quiet
from hardware.ports import Mono, SoundConfig, SoundError
from hardware.sound.card_discovery import Direction
from hardware.sound.listen import listen
from hardware.sound.pcm_device import ALSA, ClockError, Stream, sound_error

_AMBIENT_S: Final = 1.0
_LOOP_S: Final = 1.5
_CHIRP_S: Final = 0.25
_CHIRP_HZ: Final = (500.0, 4000.0)
_CHIRP_PEAK: Final = 0.5

DEAD: Final = 1.5 / 2**15
"""The peak of an input without a microphone: zeros, or one stray bit of 16."""
DEAD_REMEDY: Final = "check its plug and switch, Capture in `alsamixer`, and microphone_channel in [sound]"
_DC: Final = 0.05
_FULL_SCALE: Final = 0.99
_CLIPPED_SHARE: Final = 0.001
_CLEAR: Final = 8.0
"""A chirp stands out from the noise of the correlation by much more than this, noise by less."""
_SLOW_MS: Final = 300.0


@dataclass
class TestRecording:
    """What a microphone gave, and when its first sample was taken (time.monotonic())."""

    samples: Mono
    rate_hz: int
    since: float


def listening(machine: InspectedMachine) -> Iterator[Told]:
    """Record a second of silence, then play a short rising tone."""
    if machine.serves:
        yield "the running service has the cards; `systemctl stop voiced` first to have them tried"
        return
    config = machine.config.sound
    with ExitStack() as stack:
        try:
            microphone = stack.enter_context(opened("microphone", config))
            speaker = stack.enter_context(opened("speaker", config))
        except SoundError:
            yield "the sound was not tried: the cards cannot be opened"
            return
        try:
            yield from level(hear(microphone, config, _AMBIENT_S).samples)
            yield from _loop(microphone, speaker, config)
        except ClockError as said:
            yield error("V301", *split(str(said), ": "))


@contextmanager
def opened(direction: Direction, config: SoundConfig) -> Iterator[Stream]:
    """One side of a card for the time of this block; the microphone does not wait. Raises SoundError."""
    with quiet():
        stream = ALSA.open(direction, config, waits=direction == "speaker")
    try:
        yield stream
    except alsaaudio.ALSAAudioError as said:
        raise sound_error(direction, config, said) from said
    finally:
        stream.close()


def level(samples: Mono) -> Iterator[Told]:
    """Check the level of a microphone that nobody speaks into."""
    offset = float(np.mean(samples))
    moving = samples - offset
    peak = float(np.max(np.abs(moving)))
    clipped = float(np.mean(np.abs(samples) >= _FULL_SCALE))
    if clipped > _CLIPPED_SHARE:
        remedy = "lower Capture with `alsamixer`, and switch a boost off"
        yield error("V312", f"the microphone is overdriven ({clipped:.1%} at full scale)", remedy)
    elif peak < DEAD:
        yield warning("V311", "the microphone gives nothing but silence", DEAD_REMEDY)
    else:
        yield f"the microphone gives {decibels(peak)}"
    if abs(offset) > _DC and clipped <= _CLIPPED_SHARE:
        remedy = "try another input or port; this one has a fault, or no capacitor"
        yield warning("V313", f"the microphone has a constant offset of {offset:.0%}", remedy)


def decibels(peak: float) -> str:
    """The peak in words; 1.0 is full scale."""
    return f"{20 * np.log10(peak):.0f} dB of full scale at most" if peak >= DEAD else "nothing but silence"


def _loop(microphone: Stream, speaker: Stream, config: SoundConfig) -> Iterator[Told]:
    tone = chirp(speaker.rate_hz)
    begun: list[float] = []
    player = threading.Thread(target=_play, args=(speaker, tone, begun), name="chirp", daemon=True)
    player.start()
    try:
        heard = hear(microphone, config, _LOOP_S)
    finally:
        player.join(2 * _LOOP_S)  # the thread may hang in a speaker that stands still
    delay_s = find_chirp(heard.samples, heard.rate_hz)
    if delay_s is None:
        remedy = "turn it up, check its plug and `alsamixer`, and put the microphone within reach"
        yield warning("V314", "the tone of the speaker was not heard by the microphone", remedy)
        return
    latency_ms = (heard.since + delay_s - begun[0]) * 1000
    if latency_ms > _SLOW_MS:
        remedy = "lower buffer_ms in [sound], or name the card itself and no sound server"
        yield warning("V315", f"sound takes {latency_ms:.0f} ms from speaker to microphone", remedy)
    else:
        yield f"the tone was heard, {latency_ms:.0f} ms after it was written"
    if config.echo == "auto":
        yield from cancelled(microphone, speaker, config)


def chirp(rate_hz: int) -> Mono:
    """A linear chirp over `_CHIRP_HZ`, faded in and out."""
    t = np.arange(round(_CHIRP_S * rate_hz)) / rate_hz
    low_hz, high_hz = _CHIRP_HZ
    phase = 2 * np.pi * (low_hz * t + (high_hz - low_hz) / (2 * _CHIRP_S) * t**2)
    return (_CHIRP_PEAK * np.sin(phase) * np.hanning(len(t))).astype(np.float32)


def find_chirp(samples: Mono, rate_hz: int) -> float | None:
    """The start of the chirp in seconds, by a matched filter; None if there is none."""
    tone = chirp(rate_hz)
    if len(samples) < len(tone):
        return None
    size = 1 << (len(samples) + len(tone)).bit_length()
    spectrum = np.fft.rfft(samples - np.mean(samples), size) * np.conj(np.fft.rfft(tone, size))
    match = np.abs(np.fft.irfft(spectrum, size)[: len(samples) - len(tone) + 1])
    peak = int(np.argmax(match))
    floor = float(np.sqrt(np.mean(match**2)))
    clear = floor > 0 and match[peak] > _CLEAR * floor
    return peak / rate_hz if clear else None


def hear(stream: Stream, config: SoundConfig, seconds: float) -> TestRecording:
    """Record from the microphone without a gap. Raises ClockError."""
    periods: list[Mono] = []
    frames, since = 0, float("inf")
    for period in listen(stream, config, seconds):
        if period is None:
            periods, frames, since = [], 0, float("inf")
            continue
        periods.append(period)
        frames += len(period)
        # The period with the least delay tells best when the first sample was taken.
        since = min(since, time.monotonic() - frames / stream.rate_hz)
    return TestRecording(np.concatenate([np.zeros(0, np.float32), *periods]), stream.rate_hz, since)


def _play(stream: Stream, tone: Mono, begun: list[float]) -> None:
    time.sleep(_LOOP_S / 5)
    begun.append(time.monotonic())
    play(stream, np.pad(tone, (0, stream.buffer_frames)))


def play(stream: Stream, samples: Mono) -> None:
    """Play it, in whole periods."""
    for at in range(0, len(samples), stream.period_frames):
        period = samples[at : at + stream.period_frames]
        stream.write(np.pad(period, (0, stream.period_frames - len(period))))
