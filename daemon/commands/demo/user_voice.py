"""The voice of the person in the demo: sentences made into sound, so that no recording is needed."""

from __future__ import annotations

from pathlib import Path

from daemon.audio.pcm import to_pcm16
from daemon.brain.engine_registry import SYNTHESIZER, open_synthesizer
from daemon.brain.tts.synthesizer import SynthesizerError
from daemon.commands.demo.virtualcard import writing_wav
from daemon.errors import DemoError
from daemon.realtime.events import RATE_HZ

# The same voice answers in the offline brain. Two semitones lower, and as much faster, it is another person.
_LOWER = 0.88


class SimulatedSpeakerError(DemoError):
    """There is nobody to speak; the message is one sentence with the remedy."""


class SimulatedSpeaker:
    """Somebody who speaks, by the best voice there is on this machine. Raises SimulatedSpeakerError."""

    def __init__(self) -> None:
        try:
            self._voice = open_synthesizer(SYNTHESIZER)
        except SynthesizerError as error:
            raise SimulatedSpeakerError(
                "There is no voice to speak with; `pip install 'voiced[offline]'` or `apt install espeak-ng`."
            ) from error

    def say(self, text: str, path: Path) -> None:
        """Speak a sentence into a mono 16 bit WAV file."""
        samples = self._voice.speak(f"{text.capitalize()}.", 1 / _LOWER)
        with writing_wav(path, round(RATE_HZ * _LOWER)) as file:
            file.writeframes(to_pcm16(samples))
