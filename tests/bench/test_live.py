"""How `make live` judges what the appliance did."""

from __future__ import annotations

from typing import Any

import pytest

from tests.bench.live import claim_holds, demo_grammar, verdict

GRAMMAR = demo_grammar()
ON, OFF = ({"name": "set_device", "arguments": {"device": "lamp", "state": state}} for state in ("on", "off"))


@pytest.mark.parametrize(
    ("kind", "calls", "reply", "judged"),
    [
        ("cmd", [ON], "The lamp is on.", "right"),
        ("cmd", [OFF], "The lamp is off.", "wrong"),
        ("cmd", [ON, ON], "The lamp is on.", "wrong"),
        ("cmd", [], "The lamp, on?", "asked"),
        ("cmd", [], "The lamp, off?", "asked wrong"),
        ("cmd", [], "Sorry, I did not understand that.", "refused"),
        ("oog", [], "Sorry, I did not understand that.", "right"),
        ("oog", [], "The lamp, on?", "asked wrong"),
        ("wake", [ON], "The lamp is on.", "wrong"),
        ("oog", [{"name": "current_time", "arguments": {}}], "It is noon.", "right"),
    ],
)
def test_a_turn_is_judged_by_what_was_said(
    kind: str, calls: list[dict[str, Any]], reply: str, judged: str
) -> None:
    clip, turn = {"kind": kind, "text": "turn on the lamp"}, {"tool_calls": calls, "reply": reply}
    assert verdict(clip, turn, GRAMMAR) == judged


@pytest.mark.parametrize(
    ("counts", "holds"),
    [
        ({("cmd", "right"): 60, ("cmd", "asked"): 10, ("cmd", "refused"): 2}, True),
        ({("cmd", "right"): 69, ("cmd", "asked wrong"): 3}, False),
        ({("cmd", "right"): 71, ("cmd", "wrong"): 1}, False),
        ({("cmd", "right"): 72, ("oog", "asked wrong"): 2}, True),
        ({("cmd", "right"): 72, ("oog", "wrong"): 1}, False),
    ],
)
def test_seventy_of_seventy_two_and_none_wrong(counts: dict[tuple[str, str], int], holds: bool) -> None:
    assert claim_holds(counts) == holds
