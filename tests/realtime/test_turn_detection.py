"""How much silence the server's voice detection needs, as the owner has set it."""

from __future__ import annotations

from typing import Any

import pytest

from daemon.realtime.turn_detection import prefix_s, silence_s, turn_detection


@pytest.mark.parametrize(
    ("detection", "seconds"),
    [
        ({"type": "server_vad"}, 0.5),
        ({"type": "server_vad", "silence_duration_ms": 200}, 0.2),
        ({"type": "server_vad", "silence_duration_ms": "long"}, 0.5),
        ({"type": "semantic_vad"}, 4.0),
        ({"type": "semantic_vad", "eagerness": "low"}, 8.0),
        ({"type": "semantic_vad", "eagerness": "high"}, 2.0),
        ({"type": "semantic_vad", "eagerness": ["high"]}, 4.0),
        ({}, 0.5),
    ],
    ids=str,
)
def test_it_needs_as_much_silence_as_its_settings_say(detection: dict[str, Any], seconds: float) -> None:
    assert silence_s(detection) == seconds


def test_it_wants_what_came_before_a_word() -> None:
    assert prefix_s({}) == 0.3
    assert prefix_s({"prefix_padding_ms": 1000}) == 1.0


@pytest.mark.parametrize(
    "session", [{}, {"audio": None}, {"audio": {"input": {"turn_detection": None}}}, {"audio": []}], ids=str
)
def test_a_session_may_have_none(session: dict[str, Any]) -> None:
    assert turn_detection(session) == {}


def test_it_is_found_where_the_session_has_it() -> None:
    detection = {"type": "semantic_vad"}
    assert turn_detection({"audio": {"input": {"turn_detection": detection}}}) == detection
