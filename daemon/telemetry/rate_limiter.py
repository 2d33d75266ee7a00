"""Groups recurring conditions into episodes: one record at the beginning, one at the end."""

from __future__ import annotations

from typing import NamedTuple

from msgspec import Struct


class EndedEpisode(NamedTuple):
    """An episode that has ended: how often the condition came, and when first and last."""

    name: str
    times: int
    lasted_s: float


class _Episode(Struct):
    since: float
    times: int = 0
    gone_at: float | None = None  # None while the condition lasts


class RateLimiter:
    """An episode is over when its condition has been gone for `quiet_s`; until then it only counts."""

    def __init__(self, quiet_s: float) -> None:
        self._quiet_s = quiet_s
        self._episodes: dict[str, _Episode] = {}

    @property
    def deadline(self) -> float | None:
        """When the next `take_ended` is due."""
        gone = [episode.gone_at for episode in self._episodes.values() if episode.gone_at is not None]
        return min(gone) + self._quiet_s if gone else None

    def begin(self, name: str, now: float) -> bool:
        """The condition begins; True if an episode begins with it."""
        fresh = name not in self._episodes
        episode = self._episodes.setdefault(name, _Episode(now))
        episode.times += 1
        episode.gone_at = None
        return fresh

    def end(self, name: str, now: float) -> None:
        """The condition ends, for now."""
        if name in self._episodes:
            self._episodes[name].gone_at = now

    def take_ended(self, now: float, quiet_s: float | None = None) -> list[EndedEpisode]:
        """The episodes that are over by now; with `quiet_s` = 0 all whose condition is gone."""
        limit_s = self._quiet_s if quiet_s is None else quiet_s
        ended = {
            name: episode.gone_at
            for name, episode in self._episodes.items()
            if episode.gone_at is not None and episode.gone_at + limit_s <= now
        }
        return [self._end(name, gone_at) for name, gone_at in ended.items()]

    def _end(self, name: str, gone_at: float) -> EndedEpisode:
        episode = self._episodes.pop(name)
        return EndedEpisode(name, episode.times, gone_at - episode.since)
