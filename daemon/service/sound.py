"""Sound of the appliance: sources, sinks, and the streams on our side."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping, Sequence
from typing import Protocol

from daemon.audio.echo.path import EchoPath
from daemon.audio.voice_gate import VoiceGate
from daemon.core.events import MicrophoneUnavailable
from daemon.service import watchdog
from daemon.service.audio_streams import CaptureStream, Filter, PlaybackStream, StreamEvents
from daemon.wake.detector import WakeDetector
from daemon.wake.listener import WakeListener
from hardware.ports import Capture, CardStream, Microphone, Playback, SoundConfig, Speaker


class SoundCards(Protocol):
    """Opens the source and the sink of sound."""

    def microphone(self, capture: Capture) -> Microphone:
        """Open a source that delivers to this stream."""

    def speaker(self, playback: Playback) -> Speaker:
        """Open a sink that takes from this stream."""


class AlsaCards:
    """The sound cards of the machine."""

    def __init__(self, config: SoundConfig) -> None:
        self._config = config

    def microphone(self, capture: Capture) -> Microphone:
        """Start the thread of the microphone's card."""
        from hardware.sound.alsa_streams import AlsaMicrophone

        return AlsaMicrophone(self._config, capture)

    def speaker(self, playback: Playback) -> Speaker:
        """Start the thread of the speaker's card."""
        from hardware.sound.alsa_streams import AlsaSpeaker

        return AlsaSpeaker(self._config, playback)


class Sound:
    """The microphone and the speaker with their streams; to be used on the event loop."""

    def __init__(
        self,
        cards: SoundCards,
        events: StreamEvents,
        kind: Filter,
        echo: EchoPath | None = None,
        gate: VoiceGate | None = None,
    ) -> None:
        self.playback = PlaybackStream(events, kind, echo)
        self._capture = CaptureStream(events, kind, echo, gate)
        self.wake_fault = ""
        self._cards = cards
        self._post = events.post
        self._microphone: Microphone | None = None
        self._streams: dict[str, CardStream] = {}

    def open(self) -> Coroutine[None, None, None]:
        """Open the cards. Returns a coroutine that watches their threads for ever."""
        self._microphone = self._cards.microphone(self._capture)
        self.playback.speaker = speaker = self._cards.speaker(self.playback)
        self._streams = {"microphone": self._microphone, "speaker": speaker}
        return watchdog.attend([each for each in self._streams.values() if isinstance(each, watchdog.Thread)])

    def capture(self, on: bool) -> None:
        """Open the microphone or close it."""
        if self._microphone is None:
            return
        if on and self._capture.fault:
            self._post(MicrophoneUnavailable())
        if on:
            self._microphone.start()
        else:
            self._microphone.stop()

    def listen_for(self, words: Sequence[WakeDetector], pre_roll_s: float) -> None:
        """Hear these wake words while the microphone stands by, unless the speaker may have said them."""
        self._capture.wake = WakeListener(words, lambda: self.playback.playing, pre_roll_s)

    def stand_by(self, on: bool) -> None:
        """Let the microphone be heard for the wake word alone while it is closed; or no longer."""
        if self._microphone is None or self._capture.wake is None:
            return
        self._capture.wake.interrupted = True
        self._microphone.stand_by(on)

    @property
    def microphone_peaks(self) -> list[float]:
        """The loudest sample of each of the latest utterances, to check the microphone by."""
        return list(self._capture.peaks)

    def progress(self) -> Mapping[str, watchdog.ProgressCheck]:
        """The progress checks for systemd's watchdog."""
        return {name: _moves(stream) for name, stream in self._streams.items()}

    def faults(self) -> Mapping[str, str]:
        """Present faults, and why."""
        return {
            "microphone": self._capture.fault,
            "speaker": self.playback.fault,
            "wake word": self.wake_fault,
        }

    async def close(self) -> None:
        """Release the cards; waits at most a second for them."""
        await asyncio.gather(*(asyncio.to_thread(stream.close) for stream in self._streams.values()))


def _moves(stream: CardStream) -> watchdog.ProgressCheck:
    return watchdog.moving(lambda: stream.heartbeats)
