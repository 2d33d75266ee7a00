"""What ARCHITECTURE.md says in figures and tables is what the code does."""

from __future__ import annotations

import math
import re
from pathlib import Path

import pytest

from daemon import bounded_toml, codec, control, dial, link, memory, protocol, record_limit, tools, watchdog
from daemon.brain import answering, buffer
from daemon.brain import conversation as brain_conversation
from daemon.core import (
    answer,
    attempt,
    barge_in,
    bounds,
    conversation,
    ledger,
    lifeline,
    pace,
    patience,
    settling,
    tools_due,
)
from daemon.core.conversation import Settings
from daemon.extensions import files, text, worker
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
        ("a card stands still", math.ceil(watchdog.LOOK_S * (watchdog.HANGS_AFTER + 1))),
    ],
)
def test_a_fault_is_found_as_soon_as_it_says(fault: str, seconds: float) -> None:
    rows = [line for line in TEXT.splitlines() if line.startswith("|") and fault in line and " s |" in line]
    assert len(rows) == 1
    assert rows[0].endswith(f"| {seconds:.0f} s |")


@pytest.mark.parametrize(
    ("what", "figures"),
    [
        (
            "an answer",
            (
                bounds.MAX_ITEMS,
                bounds.MAX_LETTERS,
                bounds.MAX_PIECES,
                bounds.MAX_ANSWER_S / 60,
                bounds.MAX_SOUND_S / 60,
            ),
        ),
        ("a frame", (protocol.MAX_FRAME_BYTES / 2**20, codec.MAX_MARKS, protocol.MAX_ERROR)),
        ("answers to tools", (answer.MAX_ROUNDS, conversation.MAX_TEXTS)),
        ("tries to have the settings taken", (settling.MOST_UPDATES,)),
        ("records of a kind", (record_limit.RECORDS_A_MINUTE, record_limit.TURN_RECORDS_A_MINUTE)),
        (
            "letters of a record",
            (record_limit.MAX_MESSAGE, record_limit.MAX_FIELD, record_limit.MAX_TRACEBACK),
        ),
        ("clients of the control socket", (control.MAX_CLIENTS, control.MAX_LAG_BYTES / 2**20)),
        (
            "history",
            (
                ledger.MAX_ENTRIES,
                ledger.BUDGET_TOKENS,
                ledger.MAX_SOUND_BYTES / protocol.BYTES_PER_S,
                memory.MAX_KEPT_BYTES / 2**20,
            ),
        ),
        (
            "a tool",
            (
                tools.MAX_TIMEOUT_S,
                worker.MAX_CALLS,
                tools.MAX_ARGUMENTS / 2**10,
                text.MAX_OUTPUT_BYTES / 2**10,
                files.MAX_FILE_BYTES / 2**20,
            ),
        ),
        ("configuration", (bounded_toml.MAX_CHARACTERS / 2**10, bounded_toml.MAX_PARTS)),
        (
            "the brain, a client",
            (
                brain_conversation.MAX_ITEMS,
                brain_conversation.MAX_BYTES / 2**20,
                answering.MAX_RUNNING,
                buffer.MAX_BUFFER_S,
            ),
        ),
    ],
)
def test_the_bounds_are_what_it_says(what: str, figures: tuple[float, ...]) -> None:
    section = TEXT[TEXT.index("## Bounds") : TEXT.index("## The appliance")]
    (row,) = [line for line in section.splitlines() if line.startswith(f"| {what}")]
    told = re.findall(r"\d+", row.rsplit("|", 2)[1])
    assert list(map(int, told)) == [round(figure) for figure in figures]


@pytest.mark.timeout(900)  # it walks some thousand states, and others may want the processor too
def test_the_states_of_the_connection_are_those_of_the_machine() -> None:
    assert table() in TEXT, "write what `python -m tests.statespace.diagram` prints"
