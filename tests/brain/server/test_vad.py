"""Speech is what stands out from the noise, however quiet the microphone is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from daemon.audio.pcm import to_pcm16
from daemon.audio.resampler import Resampler
from daemon.brain.asr.viterbi import Floats
from daemon.brain.server.vad import FRAME_BYTES, VoiceDetector
from tests.bench.train_confusions import read_clip

COMMAND = Path(__file__).parents[1] / "clips" / "hibari_cmd00.wav"


def speech_at(peak_db: float) -> Floats:
    """A second of noise, the command in it, another second; 24 kHz. No microphone is quieter than -88 dB."""
    resampler = Resampler(16_000, 24_000)
    spoken = np.concatenate([resampler.process(read_clip(COMMAND)), resampler.flush()])
    padded = np.pad(spoken / np.abs(spoken).max(), 24_000)
    noise_db = max(peak_db - 55, -88)
    noise = np.random.default_rng(3).standard_normal(len(padded)) * 10 ** (noise_db / 20)
    return (padded * 10 ** (peak_db / 20) + noise).astype(np.float32)


def spoken_frames(samples: Floats) -> list[bool]:
    pcm, detector = to_pcm16(samples), VoiceDetector()
    return [detector.feed(pcm[at : at + FRAME_BYTES]) for at in range(0, len(pcm) - FRAME_BYTES, FRAME_BYTES)]


@pytest.mark.parametrize("peak_db", [-30, -45, -52])
def test_speech_is_found_at_any_level(peak_db: float) -> None:
    loud, frames = spoken_frames(speech_at(-1)), spoken_frames(speech_at(peak_db))
    second = 50
    assert not any(frames[:second])
    assert sum(frames) > 0.8 * sum(loud) > second / 2
    assert not frames[-1]


@pytest.mark.parametrize("rms_db", [-90, -80, -60, -30])
@pytest.mark.parametrize("silent_frames", [0, 24_000, 60_000])
def test_noise_is_nobody_even_behind_digital_silence(rms_db: float, silent_frames: int) -> None:
    noise = np.random.default_rng(5).standard_normal(72_000) * 10 ** (rms_db / 20)
    samples = np.concatenate([np.zeros(silent_frames), noise]).astype(np.float32)
    assert not any(spoken_frames(samples))
