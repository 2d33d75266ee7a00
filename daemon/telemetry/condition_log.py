"""Journal records of lasting or frequent conditions: one at the start, one at the end."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol, TypeAlias

from daemon.telemetry.journal import RecordKind, write
from daemon.telemetry.notifications import LossKind
from daemon.telemetry.rate_limiter import EndedEpisode, RateLimiter

_QUIET_S: Final = {
    RecordKind.FAULT: 5.0,
    RecordKind.XRUN: 10.0,
    RecordKind.DEVICE: 2.0,
    RecordKind.LOSS: 10.0,
    RecordKind.REMARK: 10.0,
}
"""For how long a condition must be absent to count as ended."""
_LOSSES: Final[dict[LossKind, str]] = {
    "late_audio": "the audio of an answer came too late: there was a pause in it",
    "dropped_audio": "more audio of an answer came than can be kept: the rest of it is not played",
    "undecodable_frame": "the server has sent a frame that is no event",
}


class Timer(Protocol):
    """The result of `later`."""

    def cancel(self) -> None:
        """Do not make the call."""


Later: TypeAlias = Callable[[float, Callable[[], None]], Timer]


class ConditionLog:
    """Belongs to the event loop."""

    def __init__(self, later: Later, clock: Callable[[], float]) -> None:
        self._later = later
        self._clock = clock
        self._timer: Timer | None = None
        self._faults: set[str] = set()
        self._values: dict[str, object] = {}
        self._limiters = {kind: RateLimiter(quiet_s) for kind, quiet_s in _QUIET_S.items()}

    def close(self) -> None:
        """Record what has been counted so far."""
        self._record_ended(0.0)
        if self._timer is not None:
            self._timer.cancel()

    def server_notice(self, message: str) -> None:
        """A notice of the server about what we sent; if it comes for every frame, most are left out."""
        if self._comes(RecordKind.REMARK, "server"):
            write(RecordKind.REMARK, message)

    def faults(self, faults: Mapping[str, str]) -> None:
        """All present faults: the reason for each part."""
        now, limiter = self._clock(), self._limiters[RecordKind.FAULT]
        for part in self._faults - faults.keys():
            limiter.end(part, now)
        for part in faults.keys() - self._faults:
            if limiter.begin(part, now):
                write(RecordKind.FAULT, f"{part}: {faults[part]}", part=part)
        self._faults = set(faults)
        self._wake()

    def xrun(self, kind: str) -> None:
        """A sound card lost frames or ran dry."""
        if self._comes(RecordKind.XRUN, kind):
            write(RecordKind.XRUN, f"{kind} of the sound card", xrun=kind, count=1)

    def loss(self, kind: LossKind) -> None:
        """Count a loss. Unknown events are ordinary, and have no record."""
        if kind in _LOSSES and self._comes(RecordKind.LOSS, kind):
            write(RecordKind.LOSS, _LOSSES[kind], loss=kind, count=1)

    def device(self, name: str, value: object) -> None:
        """An output was set. Of a blink only the first and the last value are recorded."""
        if self._values.get(name) == value:
            return
        self._values[name] = value
        if self._comes(RecordKind.DEVICE, name):
            self._record_device(name)

    def _comes(self, kind: RecordKind, name: str) -> bool:
        """A condition occurs once; True if an episode begins with it."""
        now, limiter = self._clock(), self._limiters[kind]
        fresh = limiter.begin(name, now)
        limiter.end(name, now)
        self._wake()
        return fresh

    def _record_device(self, name: str, changes: int = 1) -> None:
        value = self._values[name]
        more = f", after {changes} changes" if changes > 1 else ""
        write(RecordKind.DEVICE, f"{name}: {_value(value)}{more}", device=name, value=value, changes=changes)

    # ------------------------------------------------------------ ends

    def _wake(self) -> None:
        """Set the timer for the next end, if there is one."""
        if self._timer is not None:
            self._timer.cancel()
        due = [each.deadline for each in self._limiters.values() if each.deadline is not None]
        self._timer = self._later(max(0.0, min(due) - self._clock()), self._tick) if due else None

    def _tick(self) -> None:
        self._timer = None
        self._record_ended()
        self._wake()

    def _record_ended(self, quiet_s: float | None = None) -> None:
        now = self._clock()
        for kind, limiter in self._limiters.items():
            for ended in limiter.take_ended(now, quiet_s):
                if kind is RecordKind.FAULT:
                    _record_mended(ended)
                elif ended.times > 1:
                    self._record_more(kind, ended.name, ended.times - 1, f"in {ended.lasted_s:.0f} s")

    def _record_more(self, kind: RecordKind, name: str, more: int, span: str) -> None:
        match kind:
            case RecordKind.XRUN:
                write(kind, f"{name} of the sound card: {more} more {span}", xrun=name, count=more)
            case RecordKind.DEVICE:
                self._record_device(name, more)
            case RecordKind.LOSS:
                write(kind, f"{name}: {more} more {span}", loss=name, count=more)
            case RecordKind.REMARK:
                write(kind, f"{more} more remarks of the server {span}")


def _record_mended(ended: EndedEpisode) -> None:
    times = f", {ended.times} times" if ended.times > 1 else ""
    message = f"{ended.name}: works again; it did not for {ended.lasted_s:.0f} s{times}"
    write(RecordKind.FAULT_OVER, message, part=ended.name, lasted_s=ended.lasted_s, times=ended.times)


def _value(value: Any) -> str:
    if isinstance(value, str):
        return value
    return {0.0: "off", 1.0: "on"}.get(value, f"{value:.0%}")
