"""Named deadlines of a pure machine. The names of one machine's are a `StrEnum` of its own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Generic, TypeVar

Name = TypeVar("Name", bound=str)


def earliest(*times: float | None) -> float | None:
    """The first of these, None where there is none."""
    return min([at for at in times if at is not None], default=None)


class Timers(Generic[Name]):
    """At most one time for each name."""

    def __init__(self) -> None:
        self._times: dict[Name, float] = {}

    @property
    def deadline(self) -> float | None:
        """The earliest of all."""
        return min(self._times.values(), default=None)

    def set(self, name: Name, at: float) -> None:
        """Wake up for `name` at this time, and no longer at the one before."""
        self._times[name] = at

    def ensure(self, name: Name, at: float) -> None:
        """Wake up for `name` at this time, unless it has one already."""
        self._times.setdefault(name, at)

    def __contains__(self, name: Name) -> bool:
        return name in self._times

    def __iter__(self) -> Iterator[Name]:
        return iter(self._times)

    def clear(self, *names: Name) -> None:
        """Do not wake up for these."""
        for name in names:
            self._times.pop(name, None)

    def pop_due(self, now: float) -> list[Name]:
        """The names whose time has come, earliest first; they are cleared."""
        due = sorted((at, name) for name, at in self._times.items() if at <= now)
        self.clear(*(name for _, name in due))
        return [name for _, name in due]
