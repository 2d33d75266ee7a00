"""Conditions that come and go: worth a word when a spell of them begins, and one when it is over."""

from __future__ import annotations

from typing import NamedTuple

from msgspec import Struct


class Over(NamedTuple):
    """A spell that has ended: how often the condition came in it, and from its first sign to its last."""

    name: str
    times: int
    lasted_s: float


class _Spell(Struct):
    since: float
    times: int = 0
    gone_at: float | None = None  # None while the condition lasts


class RateLimiter:
    """A spell is over when its condition has been gone for `quiet_s`; until then it only counts."""

    def __init__(self, quiet_s: float) -> None:
        self._quiet_s = quiet_s
        self._spells: dict[str, _Spell] = {}

    @property
    def deadline(self) -> float | None:
        """When `over` wants to be called."""
        gone = [spell.gone_at for spell in self._spells.values() if spell.gone_at is not None]
        return min(gone) + self._quiet_s if gone else None

    def came(self, name: str, now: float) -> bool:
        """The condition is here; True if a spell begins with it."""
        fresh = name not in self._spells
        spell = self._spells.setdefault(name, _Spell(now))
        spell.times += 1
        spell.gone_at = None
        return fresh

    def went(self, name: str, now: float) -> None:
        """The condition is gone, for now."""
        if name in self._spells:
            self._spells[name].gone_at = now

    def over(self, now: float, quiet_s: float | None = None) -> list[Over]:
        """The spells that are over by now; with `quiet_s` = 0 all whose condition is gone."""
        limit_s = self._quiet_s if quiet_s is None else quiet_s
        ended = {
            name: spell.gone_at
            for name, spell in self._spells.items()
            if spell.gone_at is not None and spell.gone_at + limit_s <= now
        }
        return [self._end(name, gone_at) for name, gone_at in ended.items()]

    def _end(self, name: str, gone_at: float) -> Over:
        spell = self._spells.pop(name)
        return Over(name, spell.times, gone_at - spell.since)
