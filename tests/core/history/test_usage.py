"""Tokens are counted by their kind, and what a server tells need not be a number of tokens."""

from __future__ import annotations

from typing import Any

import pytest

from daemon.core.history.usage import Tokens
from daemon.realtime.events import InputTokens, OutputTokens, Usage


def counted(*usages: Usage | None) -> Tokens:
    tokens = Tokens()
    for usage in usages:
        tokens.add(usage)
    return tokens


def detailed() -> Usage:
    return Usage(
        input_tokens=100,
        output_tokens=50,
        input_token_details=InputTokens(
            audio_tokens=30, text_tokens=60, cached_tokens_details={"text_tokens": 20, "audio_tokens": 10}
        ),
        output_token_details=OutputTokens(audio_tokens=40, text_tokens=7),
    )


def test_what_is_not_audio_is_text() -> None:
    assert counted(detailed()) == Tokens(
        input_text=70, input_audio=30, cached_text=20, cached_audio=10, output_text=10, output_audio=40
    )


def test_answers_add_up() -> None:
    assert counted(detailed(), None, detailed()) == Tokens(
        input_text=140, input_audio=60, cached_text=40, cached_audio=20, output_text=20, output_audio=80
    )


def test_without_a_total_the_kinds_count() -> None:
    usage = Usage(
        input_token_details=InputTokens(audio_tokens=3, text_tokens=6),
        output_token_details=OutputTokens(audio_tokens=4, text_tokens=7),
    )
    assert counted(usage) == Tokens(input_text=6, input_audio=3, output_text=7, output_audio=4)


def test_without_the_kinds_the_total_is_unsorted() -> None:
    usage = Usage(input_tokens=100, output_tokens=50)
    assert counted(usage, usage) == Tokens(unsorted=300)


@pytest.mark.parametrize(
    ("told", "tokens"),
    [(1, 1), (10**9, 10**9), (10**9 + 1, 0), (0, 0), (-1, 0), (None, 0), ("5", 0), (5.0, 0)],
)
def test_only_a_number_of_tokens_that_can_be_counts(told: Any, tokens: int) -> None:
    assert counted(Usage(input_tokens=told)) == Tokens(unsorted=tokens)
