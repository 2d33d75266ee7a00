"""The rule by which two recognisers act, ask or refuse, as a table."""

from __future__ import annotations

import math

import numpy as np
import pytest

from daemon.brain.asr.confidence import Certainty, Confidence
from daemon.brain.asr.joint_decision import Levels, Proposal, decide
from daemon.brain.nlu.grammar import Intent, Meaning

LAMP, FAN = (Meaning("calls", (Intent("set_device", {"device": name}),)) for name in ("lamp", "fan"))
LEVELS = Levels(
    Confidence(weights=(1.0, 0.0), bias=0.0, sure=2.0, ask=-1.0, least_margin=0.5), written=1.0, alone=0.0
)


def proposal(
    meaning: Meaning, odds: float, margin: float = 3.0, agreed: bool = False, gap: float = 1.0
) -> Proposal:
    return Proposal("", meaning, np.array([odds, gap], np.float32), margin, agreed)


@pytest.mark.parametrize(
    ("odds", "margin", "certainty"),
    [(2.0, 3.0, "sure"), (2.0, 0.4, "ask"), (1.9, 3.0, "ask"), (-1.0, 3.0, "ask"), (-1.1, 3.0, "refuse")],
)
def test_what_both_engines_found_is_acted_on_by_its_odds_and_margin(
    odds: float, margin: float, certainty: Certainty
) -> None:
    found = proposal(LAMP, odds, margin, agreed=True)
    assert decide([found], False, LEVELS) == (None if certainty == "refuse" else found, certainty)


@pytest.mark.parametrize(
    ("odds", "gap", "margin", "certainty"),
    [
        (1.0, 0.3, 3.0, "sure"),
        (1.0, 0.4, 3.0, "ask"),
        (0.9, 0.3, 3.0, "ask"),
        (1.0, 0.3, 0.4, "ask"),
        (-1.1, 0.0, 3.0, "refuse"),
    ],
)
def test_less_is_needed_where_the_writer_writes_the_same_unasked(
    odds: float, gap: float, margin: float, certainty: Certainty
) -> None:
    assert decide([proposal(LAMP, odds, margin, agreed=True, gap=gap)], False, LEVELS)[1] == certainty
    assert decide([proposal(LAMP, odds, margin, agreed=False, gap=gap)], False, LEVELS)[1] != "sure"


@pytest.mark.parametrize(("odds", "certainty"), [(9.0, "ask"), (0.0, "ask"), (-0.1, "refuse")])
def test_what_one_engine_found_is_never_acted_on(odds: float, certainty: Certainty) -> None:
    assert decide([proposal(LAMP, odds)], False, LEVELS)[1] == certainty


def test_of_two_proposals_the_likelier_is_asked() -> None:
    lamp, fan = proposal(LAMP, 0.5), proposal(FAN, 1.5, margin=-2.0)
    assert decide([lamp, fan], False, LEVELS) == (fan, "ask")
    assert decide([fan, lamp], False, LEVELS) == (fan, "ask")


@pytest.mark.parametrize(("odds", "certainty"), [(2.0, "ask"), (1.9, "refuse")])
def test_after_a_question_one_engine_must_be_as_sure_as_both(odds: float, certainty: Certainty) -> None:
    assert decide([proposal(Meaning("yes"), odds)], True, LEVELS)[1] == certainty


def test_nothing_proposed_is_refused() -> None:
    assert decide([], False, LEVELS) == (None, "refuse")


def test_figures_that_are_no_number_are_refused() -> None:
    assert decide([proposal(LAMP, math.nan, agreed=True)], False, LEVELS)[1] == "refuse"
