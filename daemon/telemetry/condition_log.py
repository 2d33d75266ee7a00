"""Journal records of what comes and goes, or comes often: at its start, and once more when it is over."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol, TypeAlias

from daemon.telemetry.journal import RecordKind, write
from daemon.telemetry.notifications import LossKind
from daemon.telemetry.rate_limiter import EndedEpisode, RateLimiter

FAULT_QUIET_S: Final = 5.0
XRUN_QUIET_S: Final = 10.0
DEVICE_QUIET_S: Final = 2.0
REMARK_QUIET_S: Final = 10.0
LOSS_QUIET_S: Final = 10.0

_LOSSES: Final[dict[LossKind, str]] = {
    "late_audio": "the audio of an answer came too late: there was a pause in it",
    "dropped_audio": "more audio of an answer came than can be kept: the rest of it is not played",
    "undecodable_frame": "the server has sent a frame that is no event",
}


class Timer(Protocol):
    """What `later` gives back."""

    def cancel(self) -> None:
        """Do not call."""


Later: TypeAlias = Callable[[float, Callable[[], None]], Timer]


class ConditionLog:
    """Belongs to the event loop."""

    def __init__(self, later: Later, clock: Callable[[], float]) -> None:
        self._later = later
        self._clock = clock
        self._timer: Timer | None = None
        self._faults: set[str] = set()
        self._values: dict[str, object] = {}
        self._fault_limiter = RateLimiter(FAULT_QUIET_S)
        self._xrun_limiter = RateLimiter(XRUN_QUIET_S)
        self._device_limiter = RateLimiter(DEVICE_QUIET_S)
        self._notices = RateLimiter(REMARK_QUIET_S)
        self._losses = RateLimiter(LOSS_QUIET_S)

    def close(self) -> None:
        """Record what has been counted so far."""
        self._record_ended(0.0)
        if self._timer is not None:
            self._timer.cancel()

    def server_notice(self, message: str) -> None:
        """Something the server says about what we sent; one that says it of every frame is cut short."""
        now = self._clock()
        if self._notices.begin("server", now):
            write(RecordKind.REMARK, message)
        self._notices.end("server", now)
        self._wake()

    def faults(self, faults: Mapping[str, str]) -> None:
        """All that does not work at the moment, by part, and why."""
        now = self._clock()
        for part in self._faults - faults.keys():
            self._fault_limiter.end(part, now)
        for part in faults.keys() - self._faults:
            if self._fault_limiter.begin(part, now):
                write(RecordKind.FAULT, f"{part}: {faults[part]}", part=part)
        self._faults = set(faults)
        self._wake()

    def xrun(self, kind: str) -> None:
        """A sound card lost frames or ran dry."""
        now = self._clock()
        if self._xrun_limiter.begin(kind, now):
            write(RecordKind.XRUN, f"{kind} of the sound card", xrun=kind, count=1)
        self._xrun_limiter.end(kind, now)
        self._wake()

    def loss(self, kind: LossKind) -> None:
        """Something did not arrive whole. Events that are new to us are ordinary, and have no record."""
        if kind not in _LOSSES:
            return
        now = self._clock()
        if self._losses.begin(kind, now):
            write(RecordKind.LOSS, _LOSSES[kind], loss=kind, count=1)
        self._losses.end(kind, now)
        self._wake()

    def device(self, name: str, value: object) -> None:
        """An output is set. Of a blink the first value and the last have records."""
        if self._values.get(name) == value:
            return
        now, self._values[name] = self._clock(), value
        if self._device_limiter.begin(name, now):
            self._record_device(name)
        self._device_limiter.end(name, now)
        self._wake()

    def _record_device(self, name: str, changes: int = 1) -> None:
        value = self._values[name]
        more = f", after {changes} changes" if changes > 1 else ""
        write(RecordKind.DEVICE, f"{name}: {_value(value)}{more}", device=name, value=value, changes=changes)

    # ------------------------------------------------------------ what has ended

    def _wake(self) -> None:
        """Have the next end recorded in time; without one there is no timer."""
        if self._timer is not None:
            self._timer.cancel()
        first = (self._fault_limiter, self._xrun_limiter, self._device_limiter)
        ends = (each.deadline for each in (*first, self._notices, self._losses))
        due = [end for end in ends if end is not None]
        self._timer = self._later(max(0.0, min(due) - self._clock()), self._tick) if due else None

    def _tick(self) -> None:
        self._timer = None
        self._record_ended()
        self._wake()

    def _record_ended(self, quiet_s: float | None = None) -> None:
        now = self._clock()
        for ended in self._fault_limiter.take_ended(now, quiet_s):
            _record_mended(ended)
        for ended in self._xrun_limiter.take_ended(now, quiet_s):
            _record_more_xruns(ended)
        for ended in self._device_limiter.take_ended(now, quiet_s):
            if ended.times > 1:
                self._record_device(ended.name, ended.times - 1)
        for ended in self._losses.take_ended(now, quiet_s):
            if more := ended.times - 1:
                message = f"{ended.name}: {more} more in {ended.lasted_s:.0f} s"
                write(RecordKind.LOSS, message, loss=ended.name, count=more)
        for ended in self._notices.take_ended(now, quiet_s):
            if more := ended.times - 1:
                write(RecordKind.REMARK, f"{more} more remarks of the server in {ended.lasted_s:.0f} s")


def _record_mended(ended: EndedEpisode) -> None:
    times = f", {ended.times} times" if ended.times > 1 else ""
    message = f"{ended.name}: works again; it did not for {ended.lasted_s:.0f} s{times}"
    write(RecordKind.FAULT_OVER, message, part=ended.name, lasted_s=ended.lasted_s, times=ended.times)


def _record_more_xruns(ended: EndedEpisode) -> None:
    if more := ended.times - 1:
        message = f"{ended.name} of the sound card: {more} more in {ended.lasted_s:.0f} s"
        write(RecordKind.XRUN, message, xrun=ended.name, count=more)


def _value(value: Any) -> str:
    if isinstance(value, str):
        return value
    return {0.0: "off", 1.0: "on"}.get(value, f"{value:.0%}")
