"""The voice of the person in the demo: sentences made into sound, so that no recording is needed."""

from __future__ import annotations

import shutil
import subprocess
import wave
from pathlib import Path
from typing import Protocol

import numpy as np

from daemon.audio.pcm import to_pcm16
from daemon.errors import DemoError

# The same voice answers in the offline brain. Two semitones lower, and as much faster, it is another person.
_LOWER = 0.88
_HIBARI_HZ = 24_000


class PersonError(DemoError):
    """There is nobody to speak; the message is one sentence with the remedy."""


class SimulatedSpeaker(Protocol):
    """Somebody who speaks."""

    def say(self, text: str, path: Path) -> None:
        """Speak a sentence into a mono 16 bit WAV file."""


def find_person() -> SimulatedSpeaker:
    """The best voice there is on this machine. Raises PersonError."""
    try:
        return _Hibari()
    except ImportError:
        pass
    if shutil.which("espeak-ng"):
        return _Espeak()
    raise PersonError(
        "There is no voice to speak with; `pip install 'voiced[offline]'` or `apt install espeak-ng`."
    )


class _Hibari:
    def __init__(self) -> None:
        from hibari import Hibari

        self._voice = Hibari()

    def say(self, text: str, path: Path) -> None:
        samples = self._voice(f"{text.capitalize()}.", speed=1 / _LOWER, seed=0)
        with wave.open(str(path), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(round(_HIBARI_HZ * _LOWER))
            file.writeframes(to_pcm16(np.asarray(samples, np.float32)))


class _Espeak:
    def say(self, text: str, path: Path) -> None:
        subprocess.run(["espeak-ng", "-v", "en-us", "-w", str(path), text], check=True)
