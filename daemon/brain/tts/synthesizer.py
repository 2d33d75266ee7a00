"""The voice: sentences in, samples at 24 kHz out.

`hibari` is a small neural voice on onnxruntime; `espeak` runs espeak-ng as a process (it is GPL, and must
not be loaded into this one) and needs next to no memory.
"""

from __future__ import annotations

import functools
import io
import logging
import re
import shutil
import subprocess
import wave
from typing import Literal, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from daemon.audio.pcm import from_pcm16
from daemon.audio.resampler import Resampler
from daemon.errors import EngineError
from daemon.realtime.events import RATE_HZ

Mono24k: TypeAlias = npt.NDArray[np.float32]
"""Speech, mono, float32, full scale 1.0, 24 kHz, shape (frames,)."""

log = logging.getLogger(__name__)

VoiceName: TypeAlias = Literal["hibari", "espeak"]

_ESPEAK_WORDS_PER_MINUTE = 165
_ESPEAK_TIMEOUT_S = 30
_KEPT_SENTENCES = 24
_KEPT_LENGTH = 60
_SEED = 1
_HIBARI_GAIN = 2.0  # makes it as loud as espeak
_INAUDIBLE = 0.01  # of the peak
_LEAD_MS = 20
_TAIL_MS = 250
_END = re.compile(r"(?<=[.!?])\s+(?=[\"'(]?[A-Z0-9])")
_MOST_CHARACTERS = 80


class SynthesizerError(EngineError, RuntimeError):
    """No voice can be had; the message names the remedy."""


class Synthesizer(Protocol):
    """An engine that speaks. Takes tens of milliseconds or more: call it off the loop."""

    def speak(self, sentence: str, speed: float) -> Mono24k:
        """One sentence aloud; `speed` is 1.0 for its natural pace. Raises SynthesizerError."""


def open_synthesizer(name: VoiceName) -> Synthesizer:
    """Load this voice; espeak in the place of hibari where that is not installed. Raises SynthesizerError."""
    if name == "hibari":
        try:
            return Trimmed(Hibari() if shutil.which("espeak-ng") is None else Relieved(Hibari(), Espeak()))
        except ImportError as missing:
            if shutil.which("espeak-ng") is None:
                raise SynthesizerError(
                    f"The voice 'hibari' lacks the package {missing.name}: pip install 'voiced[offline]', "
                    "or apt install espeak-ng."
                ) from missing
    return Trimmed(Espeak())


def sentences(text: str) -> list[str]:
    """A text in the pieces that are spoken one after the other; long ones are cut behind a comma."""
    return [piece for sentence in _END.split(text.strip()) for piece in _pieces(sentence) if piece]


def _pieces(sentence: str) -> list[str]:
    pieces = [""]
    for part in re.split(r"(?<=[,;:])\s+", sentence):
        if pieces[-1] and len(pieces[-1]) + len(part) > _MOST_CHARACTERS:
            pieces.append(part)
        else:
            pieces[-1] = f"{pieces[-1]} {part}".strip()
    return pieces


class Hibari:
    """The neural voice of the package hibari-tts, which brings its model along. Raises ImportError."""

    def __init__(self) -> None:
        from hibari import Hibari as Engine

        self._engine = Engine(threads=1)
        self._engine("Ready.")

    def speak(self, sentence: str, speed: float) -> Mono24k:
        """One sentence aloud, the same samples every time."""
        spoken: Mono24k = self._engine(sentence, speed=speed, seed=_SEED)
        spoken = spoken * np.float32(_HIBARI_GAIN)
        return spoken.clip(-1.0, 1.0)


class Espeak:
    """espeak-ng as a process for each sentence."""

    def __init__(self) -> None:
        program = shutil.which("espeak-ng")
        if program is None:
            raise SynthesizerError(
                "The voice 'espeak' needs espeak-ng: install it with apt install espeak-ng."
            )
        self._program = program

    def speak(self, sentence: str, speed: float) -> Mono24k:
        """One sentence aloud, resampled from espeak's own rate."""
        pace = str(round(_ESPEAK_WORDS_PER_MINUTE * speed))
        command = [self._program, "-v", "en-us", "-s", pace, "--stdin", "--stdout"]
        try:
            done = subprocess.run(
                command, input=sentence.encode(), capture_output=True, timeout=_ESPEAK_TIMEOUT_S
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise SynthesizerError(f"espeak-ng does not run ({error}): reinstall it with apt.") from error
        if done.returncode:
            raise SynthesizerError(
                f"espeak-ng failed ({done.stderr.decode().strip()}): reinstall it with apt."
            )
        return _at_24k(done.stdout)


class Relieved:
    """A voice, and another one for the sentences at which it fails."""

    def __init__(self, voice: Synthesizer, relief: Synthesizer) -> None:
        self._voice, self._relief = voice, relief

    def speak(self, sentence: str, speed: float) -> Mono24k:
        """One sentence aloud. Raises SynthesizerError where the other one fails too."""
        try:
            return self._voice.speak(sentence, speed)
        except Exception:
            log.exception("The voice failed at a sentence; the other one speaks it.")
            return self._relief.speak(sentence, speed)


def _at_24k(wav: bytes) -> Mono24k:
    # Writing to a pipe, espeak-ng cannot fill in the length, and says 2 GB.
    with wave.open(io.BytesIO(wav)) as file:
        rate_hz = file.getframerate()
        samples = from_pcm16(file.readframes(len(wav) // 2))
    resampler = Resampler(rate_hz, RATE_HZ)
    return np.concatenate([resampler.process(samples), resampler.flush()])


class Trimmed:
    """A voice without its silences, that remembers what it says all day: its last short sentences."""

    def __init__(self, voice: Synthesizer) -> None:
        self._voice = voice
        self._short = functools.lru_cache(_KEPT_SENTENCES)(self._say)

    def speak(self, sentence: str, speed: float) -> Mono24k:
        """One sentence aloud, from its first sound to a breath after its last."""
        return (self._short if len(sentence) <= _KEPT_LENGTH else self._say)(sentence, speed)

    def _say(self, sentence: str, speed: float) -> Mono24k:
        return _trimmed(self._voice.speak(sentence, speed))


def _trimmed(spoken: Mono24k) -> Mono24k:
    """hibari begins with 0.3 s of silence, by which every answer would come later."""
    loudness = np.abs(spoken)
    audible = np.flatnonzero(loudness > _INAUDIBLE * loudness.max(initial=0.0))
    if not len(audible):
        return spoken[:0]
    start = max(0, audible[0] - _LEAD_MS * RATE_HZ // 1000)
    return spoken[start : audible[-1] + _TAIL_MS * RATE_HZ // 1000]
