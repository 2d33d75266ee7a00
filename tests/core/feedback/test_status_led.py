"""Every mood can be told from the others, on one LED as well as on three."""

from __future__ import annotations

from itertools import combinations
from typing import get_args

import pytest

from daemon.core.feedback.status_led import LedPattern, frame, next_frame_s

MOODS = get_args(LedPattern)
FRAME_S = 0.04


def shown(mood: LedPattern) -> list[tuple[float, ...]]:
    """Five seconds of a lamp."""
    return [frame(mood, FRAME_S * n) for n in range(125)]


@pytest.mark.parametrize("mood", MOODS)
def test_no_mood_needs_pulses_and_it_moves_only_where_it_says_so(mood: LedPattern) -> None:
    frames = shown(mood)
    assert {part for colour in frames for part in colour} <= {0.0, 1.0}
    assert (len(set(frames)) > 1) == (next_frame_s(mood, 0.0) is not None)


@pytest.mark.parametrize(("one", "other"), list(combinations(MOODS, 2)))
def test_no_two_moods_look_the_same(one: LedPattern, other: LedPattern) -> None:
    assert shown(one) != shown(other)


@pytest.mark.parametrize("mood", ["idle", "thinking", "fallback", "offline", "trouble", "refused", "fault"])
def test_a_blink_wants_to_be_drawn_when_it_changes_and_not_before(mood: LedPattern) -> None:
    t, drawn = 0.0, 0
    while t < 30.0:
        now, wait_s = frame(mood, t), next_frame_s(mood, t)
        assert wait_s is not None
        assert frame(mood, t + wait_s / 2) == now
        t, drawn = t + wait_s, drawn + 1
        assert frame(mood, t) != now
    assert drawn <= 30 * 8 + 1


GREEN, BLUE, RED = (0.0, 1.0, 0.0), (0.0, 0.0, 1.0), (1.0, 0.0, 0.0)
YELLOW, CYAN, MAGENTA = (1.0, 1.0, 0.0), (0.0, 1.0, 1.0), (1.0, 0.0, 1.0)
LEARNED: dict[LedPattern, tuple[tuple[float, ...], list[float]]] = {
    "idle": (GREEN, [0.04, 3.96]),
    "standby": (BLUE, [0.04, 3.96]),
    "listening": (BLUE, []),
    "thinking": (MAGENTA, [0.3, 0.3]),
    "speaking": (GREEN, []),
    "attending": (CYAN, []),
    "muted": (RED, []),
    "offline": (YELLOW, [0.2, 2.8]),
    "fallback": (YELLOW, [0.04, 0.2, 0.04, 3.72]),
    "trouble": (RED, [0.125, 0.125]),
    "refused": (RED, [0.15, 0.15, 0.15, 1.15]),
    "fault": (YELLOW, [0.15, 0.15, 0.15, 1.15]),
}
"""The colour of each pattern, and for how long it is on, off, on, off, before it begins again."""


@pytest.mark.parametrize("mood", LEARNED)
def test_a_mood_stays_as_people_have_learned_it(mood: LedPattern) -> None:
    colour, parts_s = LEARNED[mood]
    assert frame(mood, 0.0) == colour
    t = 0.0
    for number, part_s in enumerate(2 * parts_s):
        assert frame(mood, t) == ((0.0, 0.0, 0.0) if number % 2 else colour)
        assert next_frame_s(mood, t) == pytest.approx(part_s, abs=1e-4)
        t += next_frame_s(mood, t) or 0.0
