"""Engine `espeak`: espeak-ng as a separate process, as it is GPL and must not be loaded; little memory."""

from __future__ import annotations

import io
import shutil
import subprocess
import wave
from typing import Final

from daemon.audio.pcm import from_pcm16
from daemon.audio.resampler import Resampler
from daemon.brain.engine import Engine
from daemon.brain.tts.synthesizer import Mono24k, Synthesizer, SynthesizerError, Trimmed
from daemon.realtime.limits import RATE_HZ

_WORDS_PER_MINUTE = 165  # a little slower than espeak's own 175
_TIMEOUT_S = 30


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
        """Synthesise one sentence, resampled from espeak's own rate."""
        pace = str(round(_WORDS_PER_MINUTE * speed))
        command = [self._program, "-v", "en-us", "-s", pace, "--stdin", "--stdout"]
        try:
            done = subprocess.run(command, input=sentence.encode(), capture_output=True, timeout=_TIMEOUT_S)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise SynthesizerError(f"espeak-ng does not run ({error}): reinstall it with apt.") from error
        if done.returncode:
            raise SynthesizerError(
                f"espeak-ng failed ({done.stderr.decode().strip()}): reinstall it with apt."
            )
        return _at_24k(done.stdout)


def _at_24k(wav: bytes) -> Mono24k:
    # Writing to a pipe, espeak-ng cannot fill in the length, and says 2 GB.
    with wave.open(io.BytesIO(wav)) as file:
        rate_hz = file.getframerate()
        samples = from_pcm16(file.readframes(len(wav) // 2))
    return Resampler(rate_hz, RATE_HZ).whole(samples)


def _load() -> Synthesizer:
    return Trimmed(Espeak())


ENGINE: Final = Engine((), _load)
