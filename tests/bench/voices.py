"""`python -m tests.bench.voices TEXTS OUT`: clips of voices that nothing was learned from.

TEXTS is the manifest of a folder of clips: each of its sentences, and of the stories and look-alikes below,
is said by each voice that is installed (apt install espeak-ng flite festival festvox-kallpc16k
festvox-kdlpc16k). OUT gets 16 kHz mono WAV files and a manifest, for `make hearing SPEECH=OUT`.
Festival takes a second a sentence.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import tempfile
import wave
from pathlib import Path
from typing import Final

import numpy as np

from daemon.audio.resampler import Resampler
from daemon.brain.asr.viterbi import Floats
from tests.bench.kept import progress

RATE_HZ: Final = 16_000
ESPEAK: Final = "espeak-ng -v {} -s {} -w {{file}} {{text}}"
FLITE: Final = "flite -voice {} -o {{file}} -t {{text}}"
FESTIVAL: Final = "text2wave -eval (voice_{}_diphone) -o {{file}} {{text_file}}"
VOICES: Final = {
    "espeak-gb-m3": ESPEAK.format("en-gb+m3", 160),
    "espeak-scotland-f2": ESPEAK.format("en-gb-scotland+f2", 150),
    "espeak-rp-m7": ESPEAK.format("en-gb-x-rp+m7", 170),
    "espeak-us-f5": ESPEAK.format("en-us+f5", 185),
    "flite-kal16": FLITE.format("kal16"),
    "flite-awb": FLITE.format("awb"),
    "fest-kal": FESTIVAL.format("kal"),
    "fest-ked": FESTIVAL.format("ked"),
}
"""A command by voice; the first word of the name is the family of the synthesiser."""


MORE: Final = {
    "who turned on the lamp": "story",
    "I turned off the heater": "story",
    "she switched on the red light": "story",
    "we turned the kitchen light off": "story",
    "did you turn off the fan": "story",
    "he set the lamp to fifty percent": "story",
    "never turn on the heater": "story",
    "don't switch off the kitchen light": "story",
    "they turned on the green light": "story",
    "you turned everything off": "story",
    "turn on the phone": "near",
    "turn off the phone": "near",
    "set the phone to fifty percent": "near",
    "open the lamp": "near",
    "close the heater": "near",
    "turn the heater up": "near",
    "turn the fan down": "near",
    "turn up the fan": "near",
}
"""What a command becomes by a word in front, a sound or a particle."""


def speak(command: str, text: str, folder: Path) -> Floats:
    """The samples of a sentence, 16 kHz."""
    file, text_file = folder / "spoken.wav", folder / "text"
    text_file.write_text(text)
    words = [word.format(file=file, text=text, text_file=text_file) for word in command.split()]
    subprocess.run(words, check=True, capture_output=True, timeout=60)
    with wave.open(str(file)) as spoken:
        samples = np.frombuffer(spoken.readframes(spoken.getnframes()), "<i2").astype(
            np.float32
        ) / np.float32(32768)
        resampler = Resampler(spoken.getframerate(), RATE_HZ)
    resampled: Floats = np.concatenate([resampler.process(samples), resampler.flush()]).astype(np.float32)
    return resampled


def save(path: Path, samples: Floats) -> None:
    """Write a clip: 16 bits, mono."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        file.writeframes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())


def main() -> None:
    """Make the clips."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("texts", type=Path)
    parser.add_argument("out", type=Path)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    sentences = {row["text"]: row["kind"] for row in json.loads(options.texts.read_text("utf-8"))} | MORE
    voices = {voice: command for voice, command in VOICES.items() if shutil.which(command.split()[0])}
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for voice, command in progress(list(voices.items()), "voices"):
            for number, (text, kind) in enumerate(sentences.items()):
                name = f"{voice}_{kind}{number:02}.wav"
                save(options.out / name, speak(command, text, Path(folder)))
                rows.append({"file": name, "kind": kind, "voice": voice, "text": text})
    (options.out / "manifest.json").write_text(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()
