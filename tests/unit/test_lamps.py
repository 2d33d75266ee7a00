"""Every mood can be told from the others, on one LED as well as on three."""

from __future__ import annotations

from itertools import combinations
from typing import get_args

import pytest

from daemon.core.lamps import FRAME_S, Mood, animated, frame

MOODS = get_args(Mood)


def shown(mood: Mood) -> list[tuple[float, ...]]:
    """Five seconds of a lamp."""
    return [frame(mood, FRAME_S * n) for n in range(125)]


@pytest.mark.parametrize("mood", MOODS)
def test_brightness_stays_in_its_bounds_and_moves_only_where_it_says_so(mood: Mood) -> None:
    frames = shown(mood)
    assert all(0.0 <= part <= 1.0 for colour in frames for part in colour)
    assert (len(set(frames)) > 1) == animated(mood)


@pytest.mark.parametrize(("one", "other"), list(combinations(MOODS, 2)))
def test_no_two_moods_look_the_same(one: Mood, other: Mood) -> None:
    assert shown(one) != shown(other)
