"""The sound path: microphone thread -> wire format, and wire format -> jitter buffer -> speaker thread.

The methods that the ports name are called on the audio threads, the others on the event loop. They report by
the calls of `StreamEvents`, which may be made from any thread.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from daemon.audio.echo.path import EchoPath
from daemon.audio.jitter_buffer import JitterBuffer
from daemon.audio.pcm import from_pcm16, to_pcm16
from daemon.audio.resampler import Resampler
from daemon.audio.speech_end import SpeechEnd, SpeechVerdict
from daemon.audio.voice_gate import VoiceGate
from daemon.core import events as ev
from daemon.core.feedback.earcon_kinds import EARCONS
from daemon.realtime.events import RATE_HZ
from daemon.telemetry.notifications import LossKind
from daemon.wake.listener import Beginning, WakeListener
from hardware.ports import Mono, SoundError, Speaker

Filter: TypeAlias = Literal["minimum", "linear"]

CHUNKS_PER_S = 25
KEPT_PEAKS = 3


@dataclass(frozen=True)
class StreamEvents:
    """How a stream reports what happens; each may be called from any thread."""

    post: Callable[[ev.Input], None]
    drained: Callable[[], None]
    """The queue may have been heard to its end: ask `drained` on the event loop."""
    fault_changed: Callable[[], None]
    lost: Callable[[LossKind], None]
    clock: Callable[[], float]


class CaptureStream:
    """The Capture port. The first piece of an utterance is one period, sent at once; all others are 40 ms.

    `wake` hears everything, and what the microphone hears while it stands by goes nowhere else.
    """

    wake: WakeListener | None = None

    def __init__(
        self,
        events: StreamEvents,
        kind: Filter,
        echo: EchoPath | None = None,
        gate: VoiceGate | None = None,
    ) -> None:
        self.fault = ""
        self.peaks: deque[float] = deque(maxlen=KEPT_PEAKS)
        """The loudest sample of each of the latest utterances, 1.0 is full scale."""
        self._peak = 0.0
        self._events = events
        self._kind: Filter = kind
        self._echo = echo
        self._gate = gate
        self._rate_hz = RATE_HZ
        self._resampler = Resampler(RATE_HZ, RATE_HZ)
        self._periods: list[Mono] = []
        self._frames = 0
        self._wanted_frames = 0
        self._end: SpeechEnd | None = None

    def opened(self, rate_hz: int) -> None:
        """The card is open, at this rate."""
        self.fault = ""
        self._events.fault_changed()
        self._rate_hz = rate_hz
        if self.wake:
            self.wake.interrupted = True
        self._begin()

    def overheard(self, samples: Mono) -> None:
        """One period while nobody has asked for it."""
        if self.wake and self.wake.hear(samples, self._rate_hz):
            self._events.post(ev.Opened("wake", self._events.clock()))

    def frames(self, samples: Mono) -> None:
        """One period."""
        if self.wake:
            if not self._wanted_frames:
                self._begin_behind(self.wake.take())
            self.wake.hear(samples, self._rate_hz, deaf=True)
        self._add(samples)

    def _begin_behind(self, beginning: Beginning) -> None:
        """Begin with what was said before the microphone was asked for."""
        if beginning.by_word:
            self._end = SpeechEnd(beginning.before, self._rate_hz)
        if len(beginning.belongs):
            self._add(beginning.belongs)

    def _add(self, samples: Mono) -> None:
        self._periods.append(samples)
        self._frames += len(samples)
        if self._frames >= self._wanted_frames:
            self._hand_over(self._resampler.process(np.concatenate(self._periods)))
            self._periods, self._frames = [], 0
            self._wanted_frames = self._rate_hz // CHUNKS_PER_S
        if self._end and (verdict := self._end.heard(samples)) is not SpeechVerdict.GOES_ON:
            self._end = None
            self._events.post(ev.SpeechEnded(verdict is SpeechVerdict.SPOKEN))

    def ended(self) -> None:
        """The tail has been delivered."""
        rest = np.concatenate([*self._periods, np.zeros(0, np.float32)])
        self._hand_over(np.concatenate([self._resampler.process(rest), self._resampler.flush()]))
        if self._echo:
            self._say(self._echo.flush())
        if self._gate:
            self._post(self._gate.flush())
        self.peaks.append(self._peak)
        self._peak = 0.0
        if self.wake:
            self.wake.take()  # what was said belongs to no other utterance
        self._begin()
        self._events.post(ev.CaptureEnded())

    def overrun(self) -> None:
        """Frames were lost."""
        if self._echo:
            self._echo.lost()
        self._events.post(ev.Xrun("overrun"))

    def failed(self, error: SoundError) -> None:
        """The card has failed; it is opened again later."""
        self.fault = str(error)
        self._events.fault_changed()

    def _begin(self) -> None:
        """Begin a new utterance: drop the rest of the one before, and send the first period at once."""
        self._resampler = Resampler(self._rate_hz, RATE_HZ, self._kind)
        self._periods, self._frames, self._wanted_frames = [], 0, 0
        self._end = None
        if self._gate:
            self._gate.begin()

    def _hand_over(self, samples: Mono) -> None:
        self._say(self._echo.cancel(samples) if self._echo else samples)

    def _say(self, samples: Mono) -> None:
        if len(samples):
            self._peak = max(self._peak, float(np.abs(samples).max()))
            self._post(self._gate.process(samples) if self._gate else samples)

    def _post(self, samples: Mono) -> None:
        if len(samples):
            self._events.post(ev.Captured(to_pcm16(samples)))


class PlaybackStream:
    """The Playback port, and the event loop's end of the same queue. One lock, never held for long."""

    def __init__(self, events: StreamEvents, kind: Filter, echo: EchoPath | None = None) -> None:
        self.speaker: Speaker | None = None
        self.fault = ""
        self._events = events
        self._kind: Filter = kind
        self._echo = echo
        self._lock = threading.Lock()
        self._rate_hz = RATE_HZ
        self._gain = 1.0
        self._buffer = JitterBuffer(RATE_HZ)
        self._resamplers: dict[str, Resampler] = {}

    @property
    def playing(self) -> bool:
        """Whether something is played, or is still to be heard; from any thread."""
        with self._lock:
            return not self._buffer.idle

    # ------------------------------------------------------------ on the event loop

    def play(self, item_id: str, pcm: bytes) -> None:
        """Queue audio of an item: PCM16 mono 24 kHz. Without a card it is dropped at once, unheard."""
        if self.fault:
            self._events.post(ev.Unplayed(item_id))
            return
        resampler = self._resamplers.get(item_id)
        if resampler is None:
            resampler = self._resamplers[item_id] = Resampler(RATE_HZ, self._rate_hz, self._kind)
        samples = resampler.process(from_pcm16(pcm))
        with self._lock:
            dropped = self._buffer.push(item_id, samples)
        if dropped:
            self._events.lost("dropped_audio")
        self._wake()

    def end(self, item_id: str) -> None:
        """No more audio will come for this item."""
        resampler = self._resamplers.pop(item_id, None)
        with self._lock:
            if resampler is not None:
                self._buffer.push(item_id, resampler.flush())
            self._buffer.finish(item_id)
            idle = self._buffer.idle
        if idle:
            self._events.drained()
        self._wake()

    def stop(self) -> None:
        """Stop at once; PlaybackStopped follows when the card is silent, without a card at once."""
        self._resamplers.clear()
        if self.speaker is None or self.fault:
            self.stopped(0)
        else:
            self.speaker.stop()

    def play_earcon(self, kind: str) -> None:
        """Play an earcon while there is nothing else to play."""
        if self.fault:
            return
        with self._lock:
            self._buffer.play_earcon(EARCONS[kind].samples(self._rate_hz))
        self._wake()

    def stop_earcon(self) -> None:
        """Stop an earcon, including what the card holds of it."""
        with self._lock:
            sounding = self._buffer.stop_earcon()
        if sounding:
            self.stop()

    def set_gain(self, gain: float) -> None:
        """Volume: 0.0 to 1.0."""
        with self._lock:
            self._gain = self._buffer.gain.level = gain

    def drained(self) -> ev.PlaybackDrained | None:
        """If everything has been heard: the items heard to their ends since the last call."""
        with self._lock:
            if not self._buffer.idle:
                return None
            return ev.PlaybackDrained(tuple(self._buffer.take_heard_to_end()))

    def _wake(self) -> None:
        if self.speaker is not None:
            self.speaker.wake()

    # ------------------------------------------------------------ on the speaker thread

    def opened(self, rate_hz: int) -> None:
        """The card is open, at this rate. Audio queued for another rate is dropped."""
        self.fault = ""
        self._events.fault_changed()
        if self._echo:
            self._echo.opened(rate_hz)
        with self._lock:
            if rate_hz != self._rate_hz:
                self._rate_hz, self._resamplers = rate_hz, {}
                self._buffer = JitterBuffer(rate_hz)
                self._buffer.gain.level = self._gain
        self._events.drained()

    def pull(self, frames: int) -> Mono | None:
        """Samples to write now."""
        with self._lock:
            samples = self._buffer.pull(frames)
            begun = self._buffer.take_begun()
        if self._echo and samples is not None:
            self._echo.wrote(samples)
        for item_id in begun:
            self._events.post(ev.PlaybackStarted(item_id, self._events.clock()))
        return samples

    def played(self, delay_frames: int) -> None:
        """So many frames are written and not heard."""
        if self._echo:
            self._echo.held(delay_frames)
        with self._lock:
            playing = not self._buffer.idle
            dry = self._buffer.played(delay_frames)
            drained = playing and self._buffer.idle
        if dry:
            self._events.lost("late_audio")
        if drained:
            self._events.drained()

    def stopped(self, delay_frames: int) -> None:
        """The card is silent; so many frames were written and never heard."""
        if self._echo:
            self._echo.stopped(delay_frames)
        with self._lock:
            cut = self._buffer.stopped(delay_frames)
        self._events.post(ev.PlaybackStopped(cut))

    def underrun(self) -> None:
        """The card ran dry."""
        self._events.post(ev.Xrun("underrun"))

    def failed(self, error: SoundError) -> None:
        """The card has failed; it is opened again later. Queued audio is dropped: it would come too late."""
        self.fault = str(error)
        self._events.fault_changed()
        with self._lock:
            cut = self._buffer.lost()
        self._events.post(ev.SpeakerLost(cut))
