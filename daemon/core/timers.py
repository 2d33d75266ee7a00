"""Named deadlines of a pure machine."""

from __future__ import annotations


class Timers:
    """At most one time for each name."""

    def __init__(self) -> None:
        self._times: dict[str, float] = {}

    @property
    def deadline(self) -> float | None:
        """The earliest of all."""
        return min(self._times.values(), default=None)

    def set(self, name: str, at: float) -> None:
        """Wake up for `name` at this time, and no longer at the one before."""
        self._times[name] = at

    def ensure(self, name: str, at: float) -> None:
        """Wake up for `name` at this time, unless it has one already."""
        self._times.setdefault(name, at)

    def __contains__(self, name: str) -> bool:
        return name in self._times

    def clear(self, *names: str) -> None:
        """Do not wake up for these."""
        for name in names:
            self._times.pop(name, None)

    def pop_due(self, now: float) -> list[str]:
        """The names whose time has come, earliest first; they are cleared."""
        due = sorted((at, name) for name, at in self._times.items() if at <= now)
        self.clear(*(name for _, name in due))
        return [name for _, name in due]
