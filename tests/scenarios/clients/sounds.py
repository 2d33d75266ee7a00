"""The sentence that every client says, in each format of the wire."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np

from daemon.audio.pcm import from_pcm16
from daemon.audio.resampler import Resampler
from daemon.brain.server.formats import PCM16, PCMA, PCMU, in_whole_ms

CLIP = Path(__file__).parents[2] / "brain" / "clips" / "flite-slt_cmd00.wav"
BEFORE_S, AFTER_S = 0.3, 1.5
_NOISE = 0.0005


def write(folder: Path) -> None:
    """Write `lamp_on.pcm`, `.ulaw` and `.alaw` into this folder."""
    folder.mkdir(parents=True, exist_ok=True)
    with wave.open(str(CLIP)) as file:
        rate_hz, clip = file.getframerate(), from_pcm16(file.readframes(file.getnframes()))
    silence = [np.zeros(int(seconds * rate_hz), np.float32) for seconds in (BEFORE_S, AFTER_S)]
    sentence = np.concatenate([silence[0], clip, silence[1]])
    sentence += np.random.default_rng(1).normal(0, _NOISE, len(sentence)).astype(np.float32)
    for format, name in ((PCM16, "pcm"), (PCMU, "ulaw"), (PCMA, "alaw")):
        sound = Resampler(rate_hz, format.rate_hz).process(sentence)
        (folder / f"lamp_on.{name}").write_bytes(in_whole_ms(sound, format))
