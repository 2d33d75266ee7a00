"""Named deadlines of a state machine; their names are a `StrEnum` of that machine."""

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
        """The earliest deadline."""
        return min(self._times.values(), default=None)

    def set(self, name: Name, at: float) -> None:
        """Set the deadline of `name`, in place of an earlier one."""
        self._times[name] = at

    def ensure(self, name: Name, at: float) -> None:
        """Set the deadline of `name`, unless it has one."""
        self._times.setdefault(name, at)

    def __contains__(self, name: Name) -> bool:
        return name in self._times

    def __iter__(self) -> Iterator[Name]:
        return iter(self._times)

    def clear(self, *names: Name) -> None:
        """Clear these."""
        for name in names:
            self._times.pop(name, None)

    def pop_due(self, now: float) -> list[Name]:
        """The names that are due, earliest first; they are cleared."""
        due = sorted((at, name) for name, at in self._times.items() if at <= now)
        self.clear(*(name for _, name in due))
        return [name for _, name in due]
