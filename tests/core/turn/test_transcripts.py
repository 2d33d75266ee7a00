"""Whose words a transcription is, where the server has refused to make an item of a question."""

from __future__ import annotations

import random

import pytest

from daemon.core.effects import EffectsBuffer
from daemon.core.history.history import History
from daemon.core.keys import Keys
from daemon.core.turn.transcripts import Transcripts


@pytest.fixture
def transcripts() -> Transcripts:
    return Transcripts(EffectsBuffer(Keys(random.random)), History())


def test_an_item_that_comes_after_a_refusal_is_of_no_question(transcripts: Transcripts) -> None:
    transcripts.sent("first")
    transcripts.refused("first")
    assert transcripts.taken("item", "") == ""


def test_a_refusal_of_one_question_takes_nothing_from_another(transcripts: Transcripts) -> None:
    transcripts.sent("first")
    transcripts.refused("second")
    assert transcripts.taken("item", "") == "first"


def test_a_refusal_is_about_the_commit_that_it_names_whatever_is_asked_by_then(
    transcripts: Transcripts,
) -> None:
    transcripts.sent("first", "commit_1")
    transcripts.refused("second", "commit_1")
    assert transcripts.taken("item", "") == ""


def test_a_part_that_the_server_has_made_an_item_of_stays_when_the_rest_is_refused(
    transcripts: Transcripts,
) -> None:
    transcripts.sent("first")
    transcripts.taken("item", "")
    transcripts.refused("first")
    assert transcripts.told("item", "turn on the lamp") == ("first", "turn on the lamp")
