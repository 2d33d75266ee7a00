"""The microphone and the speaker on ALSA: one thread each, which alone touches its PCM.

A thread takes its orders from a queue, looks at it between periods and sleeps on it while there is nothing
to do. A card that is missing, busy or pulled out is tried again for ever: after growing pauses,
and at once when a card was plugged in or the button asks for the microphone.
"""

from __future__ import annotations

import enum
import logging
import os
import threading
import time
from abc import ABC, abstractmethod
from collections import deque
from contextlib import suppress
from functools import cache
from queue import Empty, SimpleQueue

import alsaaudio

from hardware.alsalib import hush
from hardware.card import Stream, open_stream, sound_error, superseded
from hardware.ports import Capture, Mono, Playback, SoundConfig, SoundError
from hardware.soundcards import Direction, changes

log = logging.getLogger("voiced.sound")

_IDLE_S = 1.0  # the longest sleep: the watchdog wants to see every thread move
_FIRST_PAUSE_S = 0.25
_LONGEST_PAUSE_S = 30.0  # ALSA writes some lines to stderr for each attempt
_HEALTHY_S = 10.0  # a card that worked for so long is worth a quick attempt again
_LEAST_WAIT_S = 0.001
_CLOSE_LIMIT_S = 1.0
_REALTIME_PRIORITY = 20
_NICENESS = -11


class _Order(enum.Enum):
    START = enum.auto()
    STOP = enum.auto()
    WAKE = enum.auto()
    CLOSE = enum.auto()


class _CardThread(ABC):
    """Opens a card, serves it, and opens it again when it has gone."""

    def __init__(self, direction: Direction, config: SoundConfig, port: Capture | Playback) -> None:
        self.beats = 0
        self._direction: Direction = direction
        self._config = config
        self._port = port
        self._orders: SimpleQueue[_Order] = SimpleQueue()
        self._closing = False
        self._changes = 0
        hush()
        self._thread = threading.Thread(target=self._run, name=direction, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End the thread and release the card; waits at most a second."""
        self._orders.put(_Order.CLOSE)
        self._thread.join(_CLOSE_LIMIT_S)

    @abstractmethod
    def _serve(self, stream: Stream) -> None:
        """Work on the open card until closing or a better one. Raises ALSAAudioError when it goes."""

    @abstractmethod
    def _obey_without_card(self, order: _Order) -> None:
        """Carry out what makes sense while there is no card."""

    def _run(self) -> None:
        pause_s, told = _FIRST_PAUSE_S, False
        while not self._closing:
            self._changes = changes()
            try:
                stream = open_stream(self._direction, self._config)
            except SoundError as error:
                if not told:
                    self._port.failed(error)
            else:
                if self._attend(stream) > _HEALTHY_S:
                    pause_s = _FIRST_PAUSE_S
            told = True
            pause_s = self._wait_without_card(pause_s)

    def _attend(self, stream: Stream) -> float:
        """Serve the card while it is there; for how many seconds it was."""
        since = time.monotonic()
        _ask_for_priority(stream)
        try:
            self._port.opened(stream.rate_hz)
            self._serve(stream)
        except alsaaudio.ALSAAudioError as error:
            self._port.failed(sound_error(self._direction, self._config, error))
        finally:
            stream.close()
        return time.monotonic() - since

    def _wait_without_card(self, pause_s: float) -> float:
        """Until it is worth trying again; how long to wait the next time, in seconds."""
        until = time.monotonic() + pause_s
        cards = alsaaudio.cards()
        while not self._closing and (left_s := until - time.monotonic()) > 0:
            if order := self._next_order(min(left_s, _IDLE_S)):
                self._obey_without_card(order)
            if order is _Order.START or alsaaudio.cards() != cards:
                return _FIRST_PAUSE_S
        return min(2 * pause_s, _LONGEST_PAUSE_S)

    def _superseded(self, stream: Stream) -> bool:
        """Look at an idle card: is there another by now that should be used? Raises ALSAAudioError."""
        stream.check()
        if self._changes == (now := changes()):
            return False
        self._changes = now
        return superseded(stream, self._direction, self._config)

    def _next_order(self, timeout_s: float) -> _Order | None:
        """The oldest order, or None if none comes in time; 0 only looks."""
        self.beats += 1
        with suppress(Empty):
            order = self._orders.get(block=timeout_s > 0, timeout=timeout_s)
            self._closing |= order is _Order.CLOSE
            return order
        return None


class AlsaMicrophone(_CardThread):
    """Fits the port `Microphone`. Between presses the PCM is open but stopped, unless capture is "always"."""

    def __init__(self, config: SoundConfig, capture: Capture) -> None:
        self._capture = capture
        self._always = config.capture == "always"
        self._wanted = False
        self._pre_roll: deque[Mono] = deque()
        super().__init__("microphone", config, capture)

    def start(self) -> None:
        """Deliver frames from now on, after the pre-roll if capture is "always"."""
        self._orders.put(_Order.START)

    def stop(self) -> None:
        """Deliver what is already captured, then call `Capture.ended`."""
        self._orders.put(_Order.STOP)

    def _serve(self, stream: Stream) -> None:
        pre_roll_frames = self._config.pre_roll_ms * stream.rate_hz // 1000
        self._pre_roll = deque(maxlen=-(-pre_roll_frames // stream.period_frames))
        stream.drop()  # the plugin of a sound server captures from opening on
        while True:
            running = self._wanted or self._always
            order = self._next_order(self._rest(stream) if running else _IDLE_S)
            if self._closing:
                return
            if order is _Order.START:
                self._begin()
            elif order is _Order.STOP:
                self._end(stream)
            elif running:
                self._read(stream)
                self._read_available(stream)
            elif self._superseded(stream):
                return

    def _obey_without_card(self, order: _Order) -> None:
        self._wanted = order is _Order.START
        if order is _Order.STOP:
            self._capture.ended()

    def _begin(self) -> None:
        self._wanted = True
        while self._pre_roll:
            self._capture.frames(self._pre_roll.popleft())

    def _end(self, stream: Stream) -> None:
        if self._wanted:
            while stream.running and stream.available_frames() >= stream.period_frames:
                self._read(stream)
            if not self._always:
                stream.drop()
        self._wanted = False
        self._capture.ended()

    def _rest(self, stream: Stream) -> float:
        """How long to sleep while the card captures: not before the first period, then for two at a time."""
        if not stream.running:
            return 0.0
        portion = min(2 * stream.period_frames, stream.buffer_frames // 2)
        return max(portion - stream.available_frames(), 0) / stream.rate_hz

    def _read_available(self, stream: Stream) -> None:
        for _ in range(stream.available_frames() // stream.period_frames):
            self._read(stream)

    def _read(self, stream: Stream) -> None:
        samples = stream.read(self._config.microphone_channel)
        if samples is None:
            self._capture.overrun()
        elif self._wanted:
            self._capture.frames(samples)
        else:
            self._pre_roll.append(samples)


class AlsaSpeaker(_CardThread):
    """Fits the port `Speaker`. Silent, the PCM is stopped and the thread asleep."""

    def __init__(self, config: SoundConfig, playback: Playback) -> None:
        self._playback = playback
        self._playing = False  # the PCM runs
        self._fed = False  # the last pull gave samples
        self._delay = 0  # frames written and not heard, when last looked
        super().__init__("speaker", config, playback)

    def wake(self) -> None:
        """There is something to pull."""
        self._orders.put(_Order.WAKE)

    def stop(self) -> None:
        """Be silent at once, then call `Playback.stopped`."""
        self._orders.put(_Order.STOP)

    def _serve(self, stream: Stream) -> None:
        self._playing, self._delay = False, 0
        wait_s = 0.0
        while True:
            order = self._next_order(wait_s)
            if self._closing:
                return
            if order is _Order.STOP:
                self._silence(stream)
            elif not self._playing and self._superseded(stream):
                return
            self._fill(stream)
            wait_s = self._rest(stream)

    def _obey_without_card(self, order: _Order) -> None:
        if order is _Order.STOP:
            self._playback.stopped(self._delay)
            self._delay = 0

    def _silence(self, stream: Stream) -> None:
        delay = stream.delay_frames() if self._playing else 0
        self._halt(stream)
        self._playback.stopped(delay)

    def _halt(self, stream: Stream) -> None:
        if self._playing:
            stream.drop()
        self._playing = self._fed = False
        self._delay = 0

    def _fill(self, stream: Stream) -> None:
        """Write while there is room and something to play. There being room, no write blocks."""
        if self._playing:
            self._delay = stream.delay_frames()
            if self._fed and not self._delay:
                self._playback.underrun()
        while self._delay + stream.period_frames <= stream.buffer_frames and self._orders.empty():
            samples = self._playback.pull(stream.period_frames)
            self._fed = samples is not None
            if samples is None:
                return
            if not stream.write(samples):
                self._playback.underrun()
            self._playing = True
            self._delay = stream.delay_frames()

    def _rest(self, stream: Stream) -> float:
        """Tell what was heard, stop the PCM after the last sample; how long to sleep then, in seconds."""
        if not self._playing:
            return _IDLE_S
        self._playback.played(self._delay)
        if not self._fed and not self._delay:
            self._halt(stream)
            return _IDLE_S
        # Two periods at a time halve the wake-ups; the rest of the buffer is there to be late.
        portion = min(2 * stream.period_frames, stream.buffer_frames // 2)
        frames = self._delay + portion - stream.buffer_frames if self._fed else min(self._delay, portion)
        return max(frames / stream.rate_hz, _LEAST_WAIT_S)


def _ask_for_priority(stream: Stream) -> None:
    """Real time for this thread, else a better place in the queue, else go on as it is and say so once."""
    # The plugin of a sound server spins until the server has answered: real time would starve the server.
    if stream.has_driver:
        with suppress(OSError):
            policy = os.SCHED_FIFO | os.SCHED_RESET_ON_FORK
            os.sched_setscheduler(0, policy, os.sched_param(_REALTIME_PRIORITY))
            return
    with suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICENESS)
        return
    _tell_no_priority()


@cache
def _tell_no_priority() -> None:
    log.info("sound runs at normal priority: set LimitRTPRIO=20 and LimitNICE=-11 in its unit")
