"""The sounds that the ear is measured with: clips as they are, in a room, over a wire, cut; and noise."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from daemon.audio.resampler import Resampler
from daemon.brain.asr.preprocessing import FRAME, frame_power_db, speech_level_db
from daemon.brain.asr.viterbi import Floats
from tests.bench.train_confusions import in_room, pink_noise, read_clip

CONDITIONS = ("clean", "room", "wire", "cut")
RATE_HZ = 16_000
NOISE_S = 2.5
ONSET_DB = 25.0
LATE_MS = 100


@dataclass(frozen=True)
class Clip:
    """One utterance, or a noise: `text` is empty where nothing was said."""

    name: str
    kind: str
    voice: str
    text: str
    number: int
    path: Path | None = None

    @property
    def family(self) -> str:
        """The synthesiser that spoke it."""
        return self.voice.partition("-")[0]

    @property
    def command(self) -> bool:
        """It asks for something that this home can do."""
        return self.kind.startswith("cmd")


def clips(folder: Path) -> list[Clip]:
    """Every clip of the folder's manifest."""
    rows = json.loads((folder / "manifest.json").read_text("utf-8"))
    return [
        Clip(Path(row["file"]).stem, row["kind"], row["voice"], row["text"], number, folder / row["file"])
        for number, row in enumerate(rows)
    ]


def sound(clip: Clip, condition: str) -> Floats:
    """The samples of a clip as it sounds in this condition, 16 kHz."""
    assert clip.path is not None
    samples = read_clip(clip.path)
    match condition:
        case "room":
            return in_room(samples, seed=1000 + clip.number)
        case "wire":
            return over_wire(samples, seed=clip.number)
        case "cut":
            return too_late(samples)
    return samples


def too_late(samples: Floats) -> Floats:
    """As after a press that comes 100 ms later than the voice."""
    power_db = frame_power_db(samples)
    onset = int(np.flatnonzero(power_db > speech_level_db(power_db) - ONSET_DB)[0]) * FRAME
    return samples[onset + LATE_MS * RATE_HZ // 1000 :]


def over_wire(samples: Floats, seed: int) -> Floats:
    """As through a sound card and the protocol: padded, shifted, quieter, 16 to 24 to 16 kHz, 16 bits."""
    random = np.random.default_rng(seed)
    before, after = random.integers(1600, 12_000, 2)
    padded = np.pad(samples * np.float32(random.uniform(0.3, 0.9)), (int(before), int(after)))
    padded += (random.standard_normal(len(padded)) * 1e-4).astype(np.float32)
    for source, target in ((RATE_HZ, 24_000), (24_000, RATE_HZ)):
        resampler = Resampler(source, target, "linear")
        padded = np.concatenate([resampler.process(padded), resampler.flush()])
        padded = np.round(padded * 32768) / np.float32(32768)
    return padded.astype(np.float32)


def noises(speech: list[Clip]) -> Iterator[tuple[str, Floats]]:
    """Twelve sounds in which nobody speaks to the box: (kind, samples)."""
    random = np.random.default_rng(7)
    frames = int(NOISE_S * RATE_HZ)
    time_s = np.arange(frames) / RATE_HZ
    gate = (np.sin(2 * np.pi * 3 * time_s) > 0).astype(np.float32)
    white = random.standard_normal(frames).astype(np.float32)
    pink = pink_noise(frames, random)
    hum = sum(np.sin(2 * np.pi * 50 * harmonic * time_s) / harmonic for harmonic in range(1, 8))
    yield "silence", np.zeros(frames, np.float32)
    yield "silence", white * np.float32(1e-4)
    for gain in (0.01, 0.1):
        yield "noise", white * np.float32(gain)
        yield "noise", pink * np.float32(gain)
        yield "noise", (hum * gain + 0.001 * white).astype(np.float32)
        yield "noise", white * gate * np.float32(gain) + white * np.float32(1e-3)
    for start in (0, 100):
        yield "noise", babble(speech[start :: len(speech) // 6], frames)


def babble(speech: list[Clip], frames: int) -> Floats:
    """Six voices at once."""
    mixed = np.zeros(frames, np.float32)
    for clip in speech[:6]:
        samples = sound(clip, "clean")[:frames]
        mixed[: len(samples)] += samples
    return mixed / np.float32(6)
