"""Both sound cards: the lanes on the loop's side, and the threads that have the cards."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping

from daemon.core.events import MicrophoneUnavailable
from daemon.service import watchdog
from daemon.service.audio_streams import CaptureStream, Notice, PlaybackStream, Tell
from hardware.ports import Microphone, SoundConfig, Speaker


class Sound:
    """Belongs to the event loop. `tell` and `notice` are called from any thread."""

    def __init__(self, config: SoundConfig, tell: Tell, notice: Notice) -> None:
        self.microphone_lane = CaptureStream(tell, notice, config.filter)
        self.speaker_lane = PlaybackStream(tell, notice, config.filter)
        self._config = config
        self._tell = tell
        self._microphone: Microphone | None = None
        self._speaker: Speaker | None = None

    def use(self, microphone: Microphone, speaker: Speaker) -> None:
        """These serve the lanes."""
        self._microphone = microphone
        self._speaker = self.speaker_lane.speaker = speaker

    def open(self) -> Coroutine[None, None, None]:
        """Open both cards; what is returned sees for ever that neither thread hangs."""
        from hardware.sound.alsa_streams import AlsaMicrophone, AlsaSpeaker

        microphone = AlsaMicrophone(self._config, self.microphone_lane)
        speaker = AlsaSpeaker(self._config, self.speaker_lane)
        self.use(microphone, speaker)
        return watchdog.attend((microphone, speaker))

    def capture(self, on: bool) -> None:
        """Open the microphone or close it."""
        if self._microphone is None:
            return
        if on and self.microphone_lane.fault:
            self._tell(MicrophoneUnavailable())
        if on:
            self._microphone.start()
        else:
            self._microphone.stop()

    def parts(self) -> Mapping[str, watchdog.GetsOn]:
        """What must get on, for systemd's watchdog."""
        streams = {"microphone": self._microphone, "speaker": self._speaker}
        return {name: _moves(stream) for name, stream in streams.items() if stream is not None}

    def faults(self) -> Mapping[str, str]:
        """What does not work at the moment, and why."""
        return {"microphone": self.microphone_lane.fault, "speaker": self.speaker_lane.fault}

    async def close(self) -> None:
        """Let the cards go; waits at most a second for them."""
        streams = [stream for stream in (self._microphone, self._speaker) if stream is not None]
        await asyncio.gather(*(asyncio.to_thread(stream.close) for stream in streams))


def _moves(stream: Microphone | Speaker) -> watchdog.GetsOn:
    return watchdog.moving(lambda: stream.beats)
