"""Bouncing contacts to gestures, on the first edge."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.core.input.button import Gestures

PRESS, RELEASE, TAP, DOUBLE = "press", "release", "tap", "double_tap"


def test_a_button_that_nobody_can_mean_is_stuck_until_it_is_let_go() -> None:
    button = Gestures(0.03, stuck_s=60.0)
    button.edge(True, 5.0)
    button.tick(5.03)
    assert (button.stuck, button.deadline) == (False, 65.0)
    assert button.tick(65.0) == []
    assert (button.stuck, button.deadline) == (True, None)
    assert button.edge(False, 700.0) == [RELEASE]
    assert not button.stuck


def play(edges: list[tuple[float, bool]]) -> list[tuple[float, str]]:
    """Feed edges (time, level), serving deadlines between them."""
    button = Gestures(0.03)
    heard: list[tuple[float, str]] = []
    for at, pressed in [*edges, (edges[-1][0] + 9, edges[-1][1])]:
        while (deadline := button.deadline) is not None and deadline <= at:
            heard += [(deadline, gesture) for gesture in button.tick(deadline)]
        heard += [(at, gesture) for gesture in button.edge(pressed, at)]
    return heard


@pytest.mark.parametrize(
    ("edges", "gestures"),
    [
        ([(0.0, True), (1.0, False)], [(0.0, PRESS), (1.0, RELEASE)]),
        ([(0.0, True), (0.1, False)], [(0.0, PRESS), (0.1, RELEASE), (0.1, TAP)]),
        (
            [(0.0, True), (0.1, False), (0.3, True), (0.4, False)],
            [
                (0.0, PRESS),
                (0.1, RELEASE),
                (0.1, TAP),
                (0.3, PRESS),
                (0.4, RELEASE),
                (0.4, TAP),
                (0.4, DOUBLE),
            ],
        ),
        (
            [(0.0, True), (0.1, False), (0.3, True), (1.4, False)],
            [(0.0, PRESS), (0.1, RELEASE), (0.1, TAP), (0.3, PRESS), (1.4, RELEASE)],
        ),
        (
            [(0.0, True), (0.1, False), (0.9, True), (1.0, False)],
            [(0.0, PRESS), (0.1, RELEASE), (0.1, TAP), (0.9, PRESS), (1.0, RELEASE), (1.0, TAP)],
        ),
    ],
    ids=["hold", "tap", "double tap", "tap and hold", "two taps, slowly"],
)
def test_gestures(edges: list[tuple[float, bool]], gestures: list[tuple[float, str]]) -> None:
    assert play(edges) == gestures


def test_bounces_at_both_ends_cost_no_latency_and_no_gesture() -> None:
    bounces = [(0.003 * n, n % 2 == 0) for n in range(7)]
    edges = bounces + [(1.0 + at, not pressed) for at, pressed in bounces]
    assert play(edges) == [(0.0, PRESS), (1.0, RELEASE)]


def test_a_contact_that_comes_to_rest_released_is_released() -> None:
    assert [gesture for _, gesture in play([(0.0, True), (0.01, False)])] == [PRESS, RELEASE, TAP]


@given(st.lists(st.tuples(st.floats(0.0, 0.2), st.booleans()), min_size=1, max_size=60))
def test_presses_and_releases_alternate_and_end_at_the_true_level(steps: list[tuple[float, bool]]) -> None:
    at, edges = 0.0, []
    for gap, pressed in steps:
        at += gap
        edges.append((at, pressed))
    heard = [gesture for _, gesture in play(edges) if gesture in (PRESS, RELEASE)]
    assert heard == [PRESS, RELEASE] * (len(heard) // 2) + [PRESS] * (len(heard) % 2)
    assert (len(heard) % 2 == 1) == edges[-1][1]
