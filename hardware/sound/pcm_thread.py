"""A thread that owns a sound card: opens it, checks its clock, serves it, opens it again when it has gone.

Requests come by a queue: it looks there between periods, and sleeps there while there is nothing to do. A
card that is missing, busy, pulled out or without a clock is tried again for ever: after growing pauses, and
at once when a card was plugged in or the microphone is asked for.
"""

from __future__ import annotations

import enum
import logging
import os
import threading
import time
from abc import ABC, abstractmethod
from contextlib import suppress
from functools import cache
from queue import Empty, SimpleQueue

import alsaaudio

from hardware.ports import CardEvents, SoundConfig, SoundError
from hardware.sound.alsa_errors import silence_messages
from hardware.sound.card_discovery import Direction
from hardware.sound.pcm_device import Alsa, ClockError, Stream, clock_error, sound_error

log = logging.getLogger("voiced.sound")

IDLE_S = 1.0  # the longest sleep: the watchdog needs a heartbeat of every thread
_FIRST_PAUSE_S = 0.25
_LONGEST_PAUSE_S = 30.0  # ALSA writes some lines to stderr for each attempt
_LONGEST_STILL_S = 5.0  # no card comes or goes when a sound server recovers
_HEALTHY_S = 10.0  # a card that worked for so long is worth a quick attempt again
_CLOSE_LIMIT_S = 1.0
_REALTIME_PRIORITY = 20
_NICENESS = -11


class StreamRequest(enum.Enum):
    """What a thread is asked for."""

    START = enum.auto()
    STOP = enum.auto()
    STAND_BY = enum.auto()
    STAND_DOWN = enum.auto()
    WAKE = enum.auto()
    CLOSE = enum.auto()


class CardThread(ABC):
    """The only thread that uses its PCM. `heartbeats` grows while it works; `give_up` says that it hangs."""

    def __init__(self, direction: Direction, config: SoundConfig, port: CardEvents, alsa: Alsa) -> None:
        self.heartbeats = 0
        self.requests: SimpleQueue[StreamRequest] = SimpleQueue()
        self._direction: Direction = direction
        self._config = config
        self._port = port
        self._alsa = alsa
        self._closing = False
        self._given_up = False
        self._distrusted = False
        self._told = ""
        self._changes = 0
        silence_messages()
        self._thread = threading.Thread(target=self._run, name=direction, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End the thread and release the card; waits at most a second."""
        self.requests.put(StreamRequest.CLOSE)
        self._thread.join(_CLOSE_LIMIT_S)

    def give_up(self) -> None:
        """Report, from any thread, that it hangs in ALSA; when that call returns it opens the card again."""
        error = self._clock_error()
        self._given_up, self._told = True, str(error)
        self._port.failed(error)

    @abstractmethod
    def _serve(self, stream: Stream) -> None:
        """Use the open card until closing or a better card. Raises ALSAAudioError and ClockError."""

    @abstractmethod
    def _prove(self, stream: Stream) -> None:
        """Check that its clock runs, as far as possible before use. Raises like `_serve`."""

    @abstractmethod
    def _handle_without_card(self, request: StreamRequest) -> None:
        """Handle a request while there is no card."""

    # ------------------------------------------------------------ the thread

    def _run(self) -> None:
        pause_s = _FIRST_PAUSE_S
        while not self._closing:
            self._changes = self._alsa.changes()
            if self._use_card() > _HEALTHY_S:
                pause_s = _FIRST_PAUSE_S
            pause_s = self._wait_without_card(pause_s)

    def _use_card(self) -> float:
        """Open the card and serve it while it works; returns for how many seconds it did."""
        try:
            stream = self._alsa.open(self._direction, self._config, waits=self._direction == "speaker")
        except SoundError as error:
            self._failed(error)
            return 0.0
        since = time.monotonic()
        try:
            self._attend(stream)
        except alsaaudio.ALSAAudioError as error:
            self._failed(sound_error(self._direction, self._config, error))
        except ClockError as error:
            self._distrusted = True
            self._failed(error)
        finally:
            stream.close()
        return time.monotonic() - since

    def _attend(self, stream: Stream) -> None:
        _ask_for_priority(stream)
        self._distrusted |= self._given_up
        self._given_up = False
        self._prove(stream)
        if self._closing:
            return
        self._told, self._distrusted = "", False
        self._port.opened(stream.rate_hz)
        self._serve(stream)

    def _failed(self, error: SoundError) -> None:
        """Report a failure once, however often opening is tried; a card without a clock once more."""
        if not self._told or (isinstance(error, ClockError) and str(error) != self._told):
            self._told = str(error)
            self._port.failed(error)

    def _wait_without_card(self, pause_s: float) -> float:
        """Wait until it is worth trying again; returns how long to wait the next time, in seconds."""
        until = time.monotonic() + pause_s
        cards = alsaaudio.cards()
        while not self._closing and (left_s := until - time.monotonic()) > 0:
            if request := self._take_request(min(left_s, IDLE_S)):
                self._handle_without_card(request)
            if request is StreamRequest.START or alsaaudio.cards() != cards:
                return _FIRST_PAUSE_S
        return min(2 * pause_s, _LONGEST_STILL_S if self._distrusted else _LONGEST_PAUSE_S)

    # ------------------------------------------------------------ for `_serve`

    def _next_request(self, timeout_s: float) -> StreamRequest | None:
        """The oldest request, None if none comes in time; 0 does not wait. Raises ClockError if given up."""
        if self._given_up:
            raise self._clock_error()
        return self._take_request(timeout_s)

    def _take_request(self, timeout_s: float) -> StreamRequest | None:
        self.heartbeats += 1
        with suppress(Empty):
            request = self.requests.get(block=timeout_s > 0, timeout=timeout_s)
            self._closing |= request is StreamRequest.CLOSE
            return request
        return None

    def _clock_error(self, *, fast: bool = False) -> ClockError:
        return clock_error(self._direction, self._config, fast=fast)

    def _superseded(self, stream: Stream) -> bool:
        """Whether another card than this idle one should be used by now. Raises ALSAAudioError."""
        stream.check()
        if self._changes == (now := self._alsa.changes()):
            return False
        self._changes = now
        return self._alsa.superseded(stream, self._direction, self._config)


def _ask_for_priority(stream: Stream) -> None:
    """Real-time priority for this thread, else a lower nice value, else log once that there is neither."""
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
