"""What ARCHITECTURE.md says in figures and tables is what the code does."""

from __future__ import annotations

from pathlib import Path

import pytest

from daemon import dial, link
from daemon.core import attempt, barge_in, lifeline, pace, patience, tools_due
from daemon.core.conversation import Settings
from tests.statespace.diagram import table

TEXT = (Path(__file__).parents[2] / "ARCHITECTURE.md").read_text()


@pytest.mark.parametrize(
    ("fault", "seconds"),
    [
        ("while somebody waits", lifeline.PROBE_S + link.PONG_S),
        ("while nobody waits", dial.PING_S + link.PONG_S),
        ("no handshake", dial.OPEN_S),
        ("and not a word", attempt.GREETING_S),
        ("not greeted", attempt.COURTESY_S),
        ("the same for whoever waits", pace.HASTE_S),
        ("settings not confirmed", attempt.CONFIGURE_S),
        ("history not confirmed", attempt.SEED_S),
        ("does not answer: offline brain", Settings().stall_s),
        ("an error that names nothing", patience.UNBEGUN_S),
        ("a cancelled answer", barge_in.CANCEL_S),
        ("the speaker does not say", barge_in.CUT_S),
        ("a tool does not answer", tools_due.TOOLS_S),
    ],
)
def test_a_fault_is_found_as_soon_as_it_says(fault: str, seconds: float) -> None:
    rows = [line for line in TEXT.splitlines() if line.startswith("|") and fault in line and " s |" in line]
    assert len(rows) == 1
    assert rows[0].endswith(f"| {seconds:.0f} s |")


def test_the_states_of_the_connection_are_those_of_the_machine() -> None:
    assert table() in TEXT, "write what `python -m tests.statespace.diagram` prints"
