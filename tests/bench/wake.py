"""`python -m tests.bench.wake`: how well the wake words are heard, and how often where nobody said them.

Voices of four synthesisers call the box, near and in a room with noise 15 dB below. Then it listens for hours
to sentences that come once each (what Python's own modules say of themselves), to sentences that sound like
the words, to noise and to tones in the place of music. All at one sensitivity, which is the default.
"""

from __future__ import annotations

import argparse
import ast
import itertools
import random
import re
import subprocess
import sysconfig
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

import numpy as np

from daemon.brain.asr.viterbi import Floats
from daemon.config.model import WakeConfig
from daemon.wake.detector import RATE_HZ, WakeDetector
from daemon.wake.registry import WORDS, open_detectors
from tests.bench.train_confusions import in_room, pink_noise
from tests.bench.voices import ESPEAK, FLITE, VOICES, speak

CALLERS: Final = VOICES | {
    "espeak-us": ESPEAK.format("en-us", 160),
    "espeak-us-f3": ESPEAK.format("en-us+f3", 160),
    "espeak-us-m2": ESPEAK.format("en-us+m2", 150),
    "espeak-us-m5": ESPEAK.format("en-us+m5", 150),
    "espeak-gb-f4": ESPEAK.format("en-gb+f4", 165),
    "flite-rms": FLITE.format("rms"),
    "flite-slt": FLITE.format("slt"),
}
"""The voices that call; "hibari" calls besides."""
READERS: Final = [command for name, command in CALLERS.items() if not name.startswith("fest")]
CONDITIONS: Final = ("near", "room")
PEAK: Final = 0.3
PIECE: Final = 640  # samples, as a microphone hands over 40 ms
TAKE_S: Final = 60.0
_ALIKE: Final = (
    "a lexer; electra; alas, a; the text of it; I let a saw; Alec said; a letter, sir",
    "hey travis; they starve us; hey, this jar is; hey service; a carver is; hey harvest",
    "hey, my craft; hey minecraft; a microphone; hey, my croft is; they might drift; hey Michael",
    "okay now; okay, nobody; okay, a bus; okay, no boots; a cane, a boot; okay, number; okay, new",
)


def silence(seconds: float, seed: int) -> Floats:
    """A quiet room."""
    return np.random.default_rng(seed).normal(0, 3e-4, int(seconds * RATE_HZ)).astype(np.float32)


def levelled(samples: Floats) -> Floats:
    """At the level at which people call."""
    return (samples * (PEAK / max(float(np.abs(samples).max()), 1e-6))).astype(np.float32)


def detections(detectors: list[WakeDetector], sound: Floats) -> list[str]:
    """The words that are heard in this sound, piece by piece."""
    pieces = (sound[at : at + PIECE] for at in range(0, len(sound), PIECE))
    found = (detector.detect(piece) for piece in pieces for detector in detectors)
    return [each.word for each in found if each]


def calls(folder: Path) -> dict[str, dict[str, Floats]]:
    """Each word by each voice."""
    spelled = {word: word.replace("_", " ") for word in WORDS}
    said = {
        voice: {word: speak(command, text, folder) for word, text in spelled.items()}
        for voice, command in CALLERS.items()
    }
    try:
        from daemon.audio.resampler import Resampler
        from daemon.brain.tts.engines.hibari import ENGINE

        voice = ENGINE.load()
    except ImportError:
        return said
    said["hibari"] = {
        word: Resampler(24_000, RATE_HZ).whole(voice.speak(f"{text}.", 1.0)) for word, text in spelled.items()
    }
    return said


def heard_by_voice(sensitivity: int) -> None:
    """Print who is heard."""
    counts: Counter[tuple[str, str]] = Counter()
    missed: dict[tuple[str, str], list[str]] = {}
    with tempfile.TemporaryDirectory() as folder:
        said = calls(Path(folder))
    for voice, word, condition in itertools.product(said, WORDS, CONDITIONS):
        seed = len(voice) + 10 * WORDS.index(word)
        sound = np.concatenate([silence(2.0, seed), levelled(said[voice][word]), silence(1.5, seed + 1)])
        if condition == "room":
            sound = in_room(sound, seed)
        if word in detections(open_detectors([word], sensitivity), sound):
            counts[word, condition] += 1
        else:
            missed.setdefault((word, condition), []).append(voice)
    print(f"\nheard, of {len(said)} voices, at a sensitivity of {sensitivity}")
    for word in WORDS:
        print(f"  {word:12}" + "".join(f"{name:>6} {counts[word, name]:3}" for name in CONDITIONS), end="   ")
        print(
            "; ".join(
                f"{name}: {', '.join(missed[word, name])}" for name in CONDITIONS if (word, name) in missed
            )
        )


def sentences() -> Iterator[str]:
    """Of the docstrings of Python's own modules, each sentence once."""
    files = sorted(Path(sysconfig.get_paths()["stdlib"]).rglob("*.py"))
    random.Random(5).shuffle(files)
    seen: set[str] = set()
    for file in files:
        for text in _docstrings(file):
            for sentence in re.split(r"(?<=[.?!])\s+", " ".join(text.split())):
                words = re.findall(r"[A-Za-z']+", sentence)
                plain = sum(map(len, words)) > 0.7 * len(sentence.replace(" ", ""))
                if 6 <= len(words) <= 40 and plain and sentence not in seen:
                    seen.add(sentence)
                    yield " ".join(words)


def _docstrings(file: Path) -> list[str]:
    try:
        nodes = ast.walk(ast.parse(file.read_text("utf-8")))
    except (SyntaxError, ValueError, UnicodeDecodeError):
        return []
    kinds = (ast.FunctionDef, ast.ClassDef, ast.Module)
    return [text for node in nodes if isinstance(node, kinds) and (text := ast.get_docstring(node))]


def read_aloud(hours: float, folder: Path) -> Iterator[Floats]:
    """So many hours of sentences that come once each, six to a voice in turn."""
    once, spoken = sentences(), 0
    for command in itertools.cycle(READERS):
        if spoken >= hours * 3600 * RATE_HZ:
            return
        text = ". ".join(itertools.islice(once, 6))
        if not text:
            return
        with suppress(subprocess.TimeoutExpired):  # as on a busy machine
            sound = levelled(speak(command, text, folder))
            spoken += len(sound)
            yield sound


def alike(folder: Path) -> Iterator[Floats]:
    """What sounds like the words, by each voice."""
    for command in READERS:
        for text in _ALIKE:
            yield np.concatenate([levelled(speak(command, text, folder)), silence(1.0, 3)])


def noise_and_music(hours: float) -> Iterator[Floats]:
    """Noise of several colours and levels, and chords with a beat, a minute each."""
    chance = np.random.default_rng(11)
    frames = int(TAKE_S * RATE_HZ)
    t = np.arange(frames) / RATE_HZ
    for number in range(int(hours * 3600 / TAKE_S)):
        level = 10 ** (-chance.uniform(10, 40) / 20)
        sound = pink_noise(frames, chance) if number % 2 else chance.standard_normal(frames)
        if number % 3 == 2:
            chords = chance.choice(220 * 2 ** (np.arange(36) / 12), (frames // RATE_HZ * 2, 3))
            pitch = np.repeat(chords, RATE_HZ // 2, axis=0)[:frames]
            sound = np.sin(2 * np.pi * pitch * t[:, None]).sum(axis=1) * np.exp(-6 * (t * 2 % 1))
        yield (sound * (level / np.abs(sound).max())).astype(np.float32)


def alarms(title: str, sounds: Iterator[Floats], sensitivity: int) -> None:
    """Print, hour by hour, how often each word was heard where nobody said it, and what that cost."""
    detectors = open_detectors(WORDS, sensitivity)
    counts: Counter[str] = Counter()
    heard_s = spent_s = told_s = 0.0
    for sound in sounds:
        began = time.process_time()
        counts.update(detections(detectors, sound))
        spent_s += time.process_time() - began
        heard_s += len(sound) / RATE_HZ
        if heard_s - told_s >= 3600:
            told_s = heard_s
            _tell(title, heard_s, spent_s, counts)
    _tell(title, heard_s, spent_s, counts)


def _tell(title: str, heard_s: float, spent_s: float, counts: Counter[str]) -> None:
    words = ", ".join(f"{word} {counts[word]}" for word in WORDS)
    cost = f"{spent_s / heard_s * 1000:.1f} ms of a core a second, {_anonymous_kb() / 1024:.1f} MB anonymous"
    print(f"  {title:18}{heard_s / 3600:6.2f} h   {words}   {cost}", flush=True)


def cost(sensitivity: int) -> None:
    """Print what one word costs."""
    before = _anonymous_kb()
    detectors = open_detectors(["okay_nabu"], sensitivity)
    sound = silence(TAKE_S, 4)
    detections(detectors, sound)
    began = time.process_time()
    detections(detectors, sound)
    spent_ms = (time.process_time() - began) / TAKE_S * 1000
    taken_mb = (_anonymous_kb() - before) / 1024
    print(f"\none word: {spent_ms:.1f} ms of a core a second, {taken_mb:.1f} MB anonymous")


def _anonymous_kb() -> int:
    status = Path("/proc/self/status").read_text()
    return int(re.findall(r"RssAnon:\s+(\d+)", status)[0])


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--hours", type=float, default=6.0, help="of speech")
    parser.add_argument("--noise-hours", type=float, default=1.0)
    parser.add_argument("--sensitivity", type=int, default=WakeConfig().sensitivity)
    options = parser.parse_args()
    cost(options.sensitivity)
    heard_by_voice(options.sensitivity)
    print("\nheard where nobody said it", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        alarms("sounds like it", alike(Path(folder)), options.sensitivity)
        alarms("noise and music", noise_and_music(options.noise_hours), options.sensitivity)
        alarms("speech", read_aloud(options.hours, Path(folder)), options.sensitivity)


if __name__ == "__main__":
    main()
