"""The microphone and the speaker on ALSA: one thread each, and no other uses its PCM."""

from __future__ import annotations

import logging
import time
from collections import deque
from functools import cache

import numpy as np

from hardware.ports import Capture, Mono, Playback, SoundConfig
from hardware.sound.clock_check import ClockCheck
from hardware.sound.pcm_device import ALSA, Alsa, Stream
from hardware.sound.pcm_thread import IDLE_S, CardThread, StreamRequest

log = logging.getLogger("voiced.sound")

_STANDING = (StreamRequest.STAND_BY, StreamRequest.STAND_DOWN)
_LEAST_WAIT_S = 0.001
_PROOF_LOOKS = 20  # one in a millisecond
_ROUNDS = 8  # a card that still has sound after its buffer was emptied so often has no clock
_SLACK_S = 0.2  # so much a card may take ahead of time, into buffers of its own


class AlsaMicrophone(CardThread):
    """The port `Microphone` on ALSA.

    Idle, the PCM is open but stopped, unless capture is "always" or it stands by.
    """

    def __init__(self, config: SoundConfig, capture: Capture, alsa: Alsa = ALSA) -> None:
        self._capture = capture
        self._always = config.capture == "always"
        self._wanted = self._standing_by = False
        self._pre_roll: deque[Mono] = deque()
        super().__init__("microphone", config, capture, alsa)

    def start(self) -> None:
        """Deliver frames from now on, after the pre-roll if capture is "always"."""
        self.requests.put(StreamRequest.START)

    def stop(self) -> None:
        """Deliver what is already captured, then call `Capture.ended`."""
        self.requests.put(StreamRequest.STOP)

    def stand_by(self, on: bool) -> None:
        """While it is not started, give what it hears to `Capture.overheard`; or no longer."""
        self.requests.put(StreamRequest.STAND_BY if on else StreamRequest.STAND_DOWN)

    @property
    def _idles(self) -> bool:
        """Whether the card captures while nobody has started it."""
        return self._always or self._standing_by

    def _prove(self, stream: Stream) -> None:
        """A kernel driver is trusted at first; any other card must capture a moment, which is dropped."""
        if stream.has_driver and not self._distrusted:
            return
        self._restart(stream)
        looks = 0
        while not self._closing and (not self._captured or looks < _PROOF_LOOKS):
            looks += 1
            if request := self._next_request(_LEAST_WAIT_S):
                self._handle_without_card(request)
            for _ in range(_ROUNDS):
                before = self._captured
                self._follow(self._available(stream))
                if self._captured == before:
                    break

    def _serve(self, stream: Stream) -> None:
        pre_roll_frames = self._config.pre_roll_ms * stream.rate_hz // 1000
        self._pre_roll = deque(maxlen=-(-pre_roll_frames // stream.period_frames))
        stream.drop()  # the plugin of a sound server captures from opening on
        self._restart(stream)
        while True:
            running = self._wanted or self._idles
            request = self._next_request(self._rest(stream) if running else IDLE_S)
            if self._closing:
                return
            if request is StreamRequest.START:
                self._begin(stream)
            elif request is StreamRequest.STOP:
                self._end(stream)
            elif request in _STANDING:
                self._stand(stream, request)
            elif running:
                self._read(stream)
            elif self._superseded(stream):
                return

    def _handle_without_card(self, request: StreamRequest) -> None:
        if request in _STANDING:
            self._standing_by = request is StreamRequest.STAND_BY
            return
        self._wanted = request is StreamRequest.START
        if request is StreamRequest.STOP:
            self._capture.ended()

    def _stand(self, stream: Stream, request: StreamRequest) -> None:
        ran = self._wanted or self._idles
        self._standing_by = request is StreamRequest.STAND_BY
        self._pre_roll.clear()
        if self._standing_by and not ran:
            self._restart(stream)
        elif ran and not (self._wanted or self._idles):
            stream.drop()

    def _begin(self, stream: Stream) -> None:
        self._wanted = True
        if not self._idles:
            self._restart(stream)
        while self._pre_roll:
            self._capture.frames(self._pre_roll.popleft())

    def _end(self, stream: Stream) -> None:
        try:
            if self._wanted and stream.running:
                self._read(stream)
            if self._wanted and not self._idles:
                stream.drop()
        finally:
            self._wanted = False  # a card that fails here must not go on listening when it is back
            self._capture.ended()

    def _rest(self, stream: Stream) -> float:
        """How long to sleep while the card captures: briefly before the first period, then two periods.

        Nobody waits for what it hears while it stands by.
        """
        if not (stream.running and self._captured):
            return _LEAST_WAIT_S
        portion = stream.buffer_frames // 2
        if self._wanted:
            portion = min(2 * stream.period_frames, portion)
        return max((portion - stream.available_frames()) / stream.rate_hz, _LEAST_WAIT_S)

    def _restart(self, stream: Stream) -> None:
        """Begin to measure its sound against the clock."""
        self._captured = 0
        self._pace = ClockCheck(stream.rate_hz, time.monotonic())

    def _read(self, stream: Stream) -> None:
        """Read all that the card has. Raises ClockError."""
        periods = self._available(stream)
        for samples in periods:
            if samples is None:
                self._capture.overrun()
            elif self._wanted and len(samples):
                self._capture.frames(samples)
            elif len(samples) and self._standing_by:
                self._capture.overheard(samples)
            elif len(samples):
                self._pre_roll.append(samples)
        self._follow(periods)

    def _follow(self, periods: list[Mono | None]) -> None:
        frames = sum(len(samples) for samples in periods if samples is not None)
        self._captured += frames
        self._pace.moved(frames, time.monotonic())
        if frames and any(samples is None for samples in periods):
            self._pace.excuse()
        if self._pace.too_fast or self._pace.too_slow:
            raise self._clock_error(fast=self._pace.too_fast)

    def _available(self, stream: Stream) -> list[Mono | None]:
        """The periods that are there by now, never more than the card can hold; None for each overrun."""
        if not stream.running:
            return [stream.read(self._config.microphone_channel)]  # which starts it
        periods = min(stream.available_frames(), stream.buffer_frames) // stream.period_frames
        return [stream.read(self._config.microphone_channel) for _ in range(periods)]


class AlsaSpeaker(CardThread):
    """The port `Speaker` on ALSA. With nothing to play, the PCM is stopped and the thread sleeps."""

    def __init__(self, config: SoundConfig, playback: Playback, alsa: Alsa = ALSA) -> None:
        self._playback = playback
        self._playing = False  # the PCM runs
        self._fed = False  # the last pull gave samples
        self._held = 0  # frames that the card holds, by its own account
        self._delay = 0  # frames written and not heard, when last looked
        super().__init__("speaker", config, playback, alsa)

    def wake(self) -> None:
        """There is something to pull."""
        self.requests.put(StreamRequest.WAKE)

    def stop(self) -> None:
        """Be silent at once, then call `Playback.stopped`."""
        self.requests.put(StreamRequest.STOP)

    def _prove(self, stream: Stream) -> None:
        """A card that stood still is trusted again when it has played some silence."""
        if not self._distrusted:
            return
        silence = np.zeros(stream.period_frames, np.float32)
        self._begin(stream)
        for _ in range(stream.buffer_frames // stream.period_frames):
            self._write(stream, silence)
        while not self._closing and self._held > stream.buffer_frames - 2 * stream.period_frames:
            if request := self._next_request(_LEAST_WAIT_S):
                self._handle_without_card(request)
            self._look(stream)
        self._halt(stream)

    def _serve(self, stream: Stream) -> None:
        self._playing = self._fed = False
        self._held = self._delay = 0
        wait_s = 0.0
        while True:
            request = self._next_request(wait_s)
            if self._closing:
                return
            if request is StreamRequest.STOP:
                self._silence(stream)
            elif not self._playing and self._superseded(stream):
                return
            self._fill(stream)
            wait_s = self._rest(stream)

    def _handle_without_card(self, request: StreamRequest) -> None:
        if request is StreamRequest.STOP:
            self._playback.stopped(self._delay)
            self._delay = 0

    def _silence(self, stream: Stream) -> None:
        if self._playing:
            self._look(stream)
        delay = self._delay
        self._halt(stream)
        self._playback.stopped(delay)

    def _begin(self, stream: Stream) -> None:
        self._playing = True
        self._pace = ClockCheck(stream.rate_hz, time.monotonic())

    def _halt(self, stream: Stream) -> None:
        if self._playing:
            stream.drop()
        self._playing = self._fed = False
        self._held = self._delay = 0

    def _look(self, stream: Stream) -> None:
        """Update the clock; what a card took ahead of time was not heard yet. Raises ClockError."""
        before, self._held = self._held, stream.delay_frames()
        self._pace.moved(before - self._held, time.monotonic())
        if not self._held:
            self._pace.excuse()
        if self._pace.too_slow:
            raise self._clock_error()
        self._delay = self._held + self._pace.ahead_frames

    def _free_frames(self, stream: Stream) -> int:
        """Frames that may be written; for a card without a clock we keep the time."""
        ahead = self._pace.ahead_frames if self._playing else 0
        early = max(0, ahead - int(_SLACK_S * stream.rate_hz))
        if early:
            _tell_no_clock(stream.device)
        return stream.buffer_frames - self._held - early

    def _fill(self, stream: Stream) -> None:
        """Write while there is room and something to play. There being room, no write blocks."""
        if self._playing:
            self._look(stream)
            if self._fed and not self._delay:
                self._playback.underrun()
        while self._free_frames(stream) >= stream.period_frames and self.requests.empty():
            samples = self._playback.pull(stream.period_frames)
            self._fed = samples is not None
            if samples is None:
                return
            if not self._playing:
                self._begin(stream)
            self._write(stream, samples)

    def _write(self, stream: Stream, samples: Mono) -> None:
        if not stream.write(samples):
            self._playback.underrun()
            self._held = 0
        self._held += len(samples)
        self._look(stream)

    def _rest(self, stream: Stream) -> float:
        """Report what was heard, stop the PCM after the last sample; returns the seconds to sleep."""
        if not self._playing:
            return IDLE_S
        self._playback.played(self._delay)
        if not self._fed and not self._delay:
            self._halt(stream)
            return IDLE_S
        # Two periods at a time halve the wake-ups; the rest of the buffer allows for delays.
        portion = min(2 * stream.period_frames, stream.buffer_frames // 2)
        frames = portion - self._free_frames(stream) if self._fed else min(self._delay, portion)
        return max(frames / stream.rate_hz, _LEAST_WAIT_S)


@cache
def _tell_no_clock(device: str) -> None:
    log.warning(
        "the speaker %s takes sound faster than time passes, so nobody hears it: is it the right one?", device
    )
