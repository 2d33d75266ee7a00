"""The rule by which two recognisers act, ask or refuse, as a table."""

from __future__ import annotations

import math

import numpy as np
import pytest

from daemon.brain.asr.confidence import Certainty, Confidence
from daemon.brain.asr.joint_decision import Levels, Proposal, Support, decide
from daemon.brain.nlu.grammar import Intent, Meaning

LAMP, FAN = (Meaning("calls", (Intent("set_device", {"device": name}),)) for name in ("lamp", "fan"))
LEVELS = Levels(
    agreed=Confidence(weights=(1.0, 0.0), bias=0.0, sure=2.0, ask=-1.0, least_margin=0.5),
    written=1.0,
    alone=Confidence(weights=(1.0, -1.0), bias=1.0, sure=math.inf, ask=0.0),
    read=0.5,
)
"""The second figure, the gap, is 1 below: what one engine finds has the same odds as what both find."""


def proposal(
    meaning: Meaning, odds: float, margin: float = 3.0, support: Support = Support.ONE, gap: float = 1.0
) -> Proposal:
    return Proposal("", meaning, np.array([odds, gap], np.float32), margin, support)


@pytest.mark.parametrize(
    ("odds", "margin", "certainty"),
    [(2.0, 3.0, "sure"), (2.0, 0.4, "ask"), (1.9, 3.0, "ask"), (-1.0, 3.0, "ask"), (-1.1, 3.0, "refuse")],
)
def test_what_both_engines_found_is_acted_on_by_its_odds_and_margin(
    odds: float, margin: float, certainty: Certainty
) -> None:
    found = proposal(LAMP, odds, margin, Support.BOTH)
    assert decide([found], False, LEVELS) == (None if certainty == "refuse" else found, certainty)


@pytest.mark.parametrize(
    ("odds", "margin", "certainty"),
    [(1.0, 3.0, "sure"), (0.9, 3.0, "ask"), (1.0, 0.4, "ask"), (-1.1, 3.0, "refuse")],
)
def test_less_is_needed_where_the_writer_writes_the_same_unasked(
    odds: float, margin: float, certainty: Certainty
) -> None:
    assert decide([proposal(LAMP, odds, margin, Support.WRITTEN)], False, LEVELS)[1] == certainty
    assert decide([proposal(LAMP, odds, margin, Support.BOTH)], False, LEVELS)[1] != "sure"


@pytest.mark.parametrize(("odds", "certainty"), [(9.0, "ask"), (0.0, "ask"), (-0.1, "refuse")])
def test_what_one_engine_found_is_never_acted_on(odds: float, certainty: Certainty) -> None:
    assert decide([proposal(LAMP, odds)], False, LEVELS)[1] == certainty


@pytest.mark.parametrize(("odds", "certainty"), [(99.0, "ask"), (0.5, "ask"), (0.4, "refuse")])
def test_what_the_free_text_alone_says_is_never_acted_on(odds: float, certainty: Certainty) -> None:
    assert decide([proposal(LAMP, odds, support=Support.READ)], False, LEVELS)[1] == certainty


def test_the_free_text_is_asked_where_nothing_is_acted_on() -> None:
    read, unlike = (proposal(FAN, odds, support=Support.READ) for odds in (0.5, 0.4))
    sure, asked = proposal(LAMP, 2.0, support=Support.BOTH), proposal(LAMP, 9.0)
    assert decide([sure, read], False, LEVELS) == (sure, "sure")
    assert decide([asked, read], False, LEVELS) == (read, "ask")
    assert decide([asked, unlike], False, LEVELS) == (asked, "ask")
    assert decide([proposal(LAMP, -0.1), unlike], False, LEVELS) == (None, "refuse")


def test_of_two_proposals_the_likelier_is_asked() -> None:
    lamp, fan = proposal(LAMP, 0.5), proposal(FAN, 1.5, margin=-2.0)
    assert decide([lamp, fan], False, LEVELS) == (fan, "ask")
    assert decide([fan, lamp], False, LEVELS) == (fan, "ask")


def test_of_two_that_do_not_agree_the_one_that_is_nearer_to_the_free_text_is_asked() -> None:
    heard, written = proposal(LAMP, 1.0, gap=2.0), proposal(FAN, 0.5, gap=0.2)
    assert decide([heard, written], False, LEVELS) == (written, "ask")


@pytest.mark.parametrize("support", Support)
def test_after_a_question_both_engines_must_find_the_answer(support: Support) -> None:
    """What is asked then counts as answered: a yes by one engine alone would act."""
    agreed = support in (Support.WRITTEN, Support.BOTH)
    for odds, certainty in ((9.0, "sure"), (0.0, "ask")):
        found = proposal(Meaning("yes"), odds, support=support)
        assert decide([found], True, LEVELS)[1] == (certainty if agreed else "refuse")


def test_nothing_proposed_is_refused() -> None:
    assert decide([], False, LEVELS) == (None, "refuse")


@pytest.mark.parametrize("support", Support)
def test_figures_that_are_no_number_are_refused(support: Support) -> None:
    assert decide([proposal(LAMP, math.nan, support=support)], False, LEVELS)[1] == "refuse"
