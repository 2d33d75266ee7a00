"""What ARCHITECTURE.md says in figures and tables is what the code does."""

from __future__ import annotations

import math
import re
from pathlib import Path

import pytest

from daemon import tools
from daemon.brain.server import conversation as brain_conversation
from daemon.brain.server import input_buffer, response_runner
from daemon.config import bounded_toml
from daemon.control import server
from daemon.core import bounds
from daemon.core.connection import backoff, manager, session, settings_negotiation
from daemon.core.history import history
from daemon.core.response import barge_in, exchange, rounds, tool_calls
from daemon.core.turn import text_queue
from daemon.core.turn.manager import TurnSettings
from daemon.extensions import files, worker
from daemon.network import dial, endpoint
from daemon.realtime import limits
from daemon.service import realtime_link, state_store, watchdog
from daemon.telemetry import record_limit
from daemon.tools import decorator, result
from tests.scenarios.statespace.diagram import markdown
from tests.scenarios.statespace.tables import TABLES

TEXT = (Path(__file__).parents[1] / "ARCHITECTURE.md").read_text()


@pytest.mark.parametrize(
    ("fault", "seconds"),
    [
        ("while somebody waits", manager.PROBE_S + realtime_link.PONG_S),
        ("while nobody waits", dial.PING_S + realtime_link.PONG_S),
        ("no handshake", endpoint.OPEN_S),
        ("and not a word", session.FIRST_EVENT_S),
        ("not greeted", session.GREETING_S),
        ("the same for whoever waits", backoff.HASTE_S),
        ("settings not confirmed", session.CONFIGURE_S),
        ("history not confirmed", session.SEED_S),
        ("does not answer: offline brain", TurnSettings().stall_s),
        ("an error that names nothing", exchange.UNBEGUN_S),
        ("a cancelled answer", barge_in.CANCEL_S),
        ("the speaker does not say", barge_in.CUT_S),
        ("a tool does not answer", tool_calls.TOOLS_S),
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
                bounds.MAX_CHARACTERS,
                bounds.MAX_PIECES,
                bounds.MAX_ANSWER_S / 60,
                bounds.MAX_SOUND_S / 60,
            ),
        ),
        ("a frame", (limits.MAX_FRAME_BYTES / 2**20, limits.MAX_MARKS, limits.MAX_ERROR)),
        ("answers to tools", (rounds.MAX_ROUNDS, rounds.MOST_ROUNDS, text_queue.MAX_TEXTS)),
        ("tries to have the settings taken", (settings_negotiation.MOST_UPDATES,)),
        ("records of a kind", (record_limit.RECORDS_A_MINUTE, record_limit.TURN_RECORDS_A_MINUTE)),
        (
            "characters of a record",
            (record_limit.MAX_MESSAGE, record_limit.MAX_FIELD, record_limit.MAX_TRACEBACK),
        ),
        ("clients of the control socket", (server.MAX_CLIENTS, server.MAX_LAG_BYTES / 2**20)),
        (
            "history",
            (
                history.MAX_ENTRIES,
                history.BUDGET_TOKENS,
                history.MAX_SOUND_BYTES / limits.BYTES_PER_S,
                state_store.MAX_KEPT_BYTES / 2**20,
            ),
        ),
        (
            "a tool",
            (
                decorator.MAX_TIMEOUT_S,
                worker.MAX_CALLS,
                tools.MAX_ARGUMENTS / 2**10,
                result.MAX_OUTPUT_BYTES / 2**10,
                files.MAX_FILE_BYTES / 2**20,
            ),
        ),
        ("configuration", (bounded_toml.MAX_CHARACTERS / 2**10, bounded_toml.MAX_PARTS)),
        (
            "the brain, a client",
            (
                brain_conversation.MAX_ITEMS,
                brain_conversation.MAX_BYTES / 2**20,
                response_runner.MAX_RUNNING,
                input_buffer.MAX_BUFFER_S,
            ),
        ),
    ],
)
def test_the_bounds_are_what_it_says(what: str, figures: tuple[float, ...]) -> None:
    section = TEXT[TEXT.index("## Bounds") : TEXT.index("## The appliance")]
    (row,) = [line for line in section.splitlines() if line.startswith(f"| {what}")]
    told = re.findall(r"\d+", row.rsplit("|", 2)[1])
    assert list(map(int, told)) == [round(figure) for figure in figures]


@pytest.mark.parametrize("name", TABLES)
def test_the_tables_of_phases_are_those_of_the_machine(name: str) -> None:
    assert markdown(TABLES[name]) in TEXT, "write what `python -m tests.scenarios.statespace.diagram` prints"


ROOT = Path(__file__).parents[1]
NAMED = set(re.findall(r"^([\w/]+)/ ", TEXT.split("## The rooms")[1], re.M))


def folders(top: str) -> set[str]:
    """The folders that hold modules."""
    files = [path for path in (ROOT / top).rglob("*.py") if path.stem != "__init__"]
    return {str(path.parent.relative_to(ROOT)) for path in files}


def test_every_folder_has_its_line_or_mirrors_one_that_has() -> None:
    code = folders("daemon") | folders("hardware")
    mirrors = {f"tests/{each.removeprefix('daemon/')}" for each in code | NAMED}
    known = {each for each in NAMED if each not in ("deploy", "systemd")}
    assert code - known == {"daemon"}
    assert folders("tests") - known <= mirrors
    assert known <= code | folders("tests")
