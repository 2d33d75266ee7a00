"""The conversation as one stereo file: left the microphone, right the speaker."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np

from daemon.audio.pcm import from_pcm16, to_pcm16
from daemon.audio.resampler import Resampler
from daemon.commands.demo.virtualcard import Side, read_wav, writing_wav
from hardware.ports import Mono

RATE_HZ = 24_000


@dataclass(frozen=True)
class Track:
    """One side of the conversation at RATE_HZ; `start` is when it begins, in time.monotonic() seconds."""

    start: float
    samples: Mono


def read_track(path: Path, started_at: float) -> Track:
    """A mono 16 bit WAV file as a track."""
    samples, rate_hz = read_wav(path)
    resampler = Resampler(rate_hz, RATE_HZ, "linear")
    return Track(started_at - resampler.delay_s, resampler.whole(samples))


def wire_tracks(path: Path) -> dict[Side, Track]:
    """Both sides from a wire log: audio sent, and audio received until it was cancelled."""
    heard, played = _Tape(), _Tape()
    for line in path.read_bytes().splitlines():
        entry = msgspec.json.decode(line)
        at, event = entry["t"], entry["event"]
        match event["type"]:
            case "input_audio_buffer.append":
                pcm = base64.b64decode(event["audio"])
                heard.add(at - len(pcm) / 2 / RATE_HZ, pcm)
            case "response.output_audio.delta":
                played.add(at, base64.b64decode(event["delta"]))
            case "response.cancel":
                played.stop(at)
    return {"microphone": heard.track(), "speaker": played.track()}


class _Tape:
    """Pieces of PCM16 in sequence, with silence for times when nothing came."""

    def __init__(self) -> None:
        self._start = 0.0
        self._pcm = bytearray()

    def add(self, at: float, pcm: bytes) -> None:
        if not self._pcm:
            self._start = at
        gap_frames = round((at - self._start) * RATE_HZ) - len(self._pcm) // 2
        self._pcm += bytes(2 * max(0, gap_frames)) + pcm

    def stop(self, at: float) -> None:
        del self._pcm[2 * max(0, round((at - self._start) * RATE_HZ)) :]

    def track(self) -> Track:
        return Track(self._start, from_pcm16(bytes(self._pcm)))


def cut(track: Track, begin: float, end: float) -> Mono:
    """The part of a track between two times, padded with silence; at RATE_HZ."""
    sounds = np.zeros(max(0, round((end - begin) * RATE_HZ)), np.float32)
    offset = round((track.start - begin) * RATE_HZ)
    first, last = max(0, offset), min(len(sounds), offset + len(track.samples))
    if last > first:
        sounds[first:last] = track.samples[first - offset : last - offset]
    return sounds


def write_conversation(path: Path, tracks: Mapping[Side, Track], begin: float, end: float) -> None:
    """Both tracks, aligned in time, as a 16 bit stereo WAV file."""
    sides = [cut(tracks["microphone"], begin, end), cut(tracks["speaker"], begin, end)]
    with writing_wav(path, RATE_HZ, channels=2) as file:
        file.writeframes(to_pcm16(np.stack(sides, axis=1).ravel()))
