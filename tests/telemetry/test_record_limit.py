"""The journal is shared: what floods is told once, and nothing in it is endless."""

from __future__ import annotations

import logging
import subprocess
import sys

from daemon.telemetry.journal import RecordKind
from daemon.telemetry.record_limit import (
    MAX_FIELD,
    MAX_MESSAGE,
    RECORDS_A_MINUTE,
    TURN_RECORDS_A_MINUTE,
    WINDOW_S,
    RecordLimit,
    bounded,
)


def record(message: str, line: int = 1, **fields: str) -> logging.LogRecord:
    return logging.makeLogRecord({"msg": message, "pathname": "some.py", "lineno": line, **fields})


class Flood:
    """A limit with a clock of its own."""

    def __init__(self) -> None:
        self.now = 100.0
        self.limit = RecordLimit([RecordKind.TURN.value], lambda: self.now)

    def let_through(self, times: int, line: int = 1, **fields: str) -> list[str]:
        records = [record(f"failure {number}", line, **fields) for number in range(times)]
        return [each.getMessage() for each in records if self.limit.filter(each)]


def test_three_thousand_failures_are_a_minute_of_records_and_the_last_says_so() -> None:
    flood = Flood()
    told = flood.let_through(3000)
    assert len(told) == RECORDS_A_MINUTE
    assert told[0] == "failure 0"
    assert "left out for a minute" in told[-1]
    flood.now += WINDOW_S
    assert flood.let_through(1) == ["failure 0"]


def test_a_flood_of_one_kind_hides_no_other() -> None:
    flood = Flood()
    flood.let_through(3000)
    assert flood.let_through(1, line=2) == ["failure 0"]
    assert flood.let_through(1, MESSAGE_ID=RecordKind.FAULT.value) == ["failure 0"]


def test_turns_may_come_more_often_for_their_costs_are_counted() -> None:
    assert len(Flood().let_through(3000, MESSAGE_ID=RecordKind.TURN.value)) == TURN_RECORDS_A_MINUTE


def test_a_message_of_twelve_megabytes_is_told_by_its_beginning() -> None:
    short = bounded(record("%s" % ("x" * 12_000_000), VOICED_REPLY="y" * 1_000_000))
    assert len(short.getMessage()) < MAX_MESSAGE + 100
    assert "11998000 characters more" in short.getMessage()
    assert len(vars(short)["VOICED_REPLY"]) < MAX_FIELD + 100


FLOOD = """
import logging
from daemon.telemetry import journal
journal.open_log()
for number in range(5000):
    try:
        open("/nowhere/at/all" + "x" * (number % 7))
    except OSError:
        logging.getLogger("asyncio").exception("socket.accept() out of system resource")
logging.getLogger("voiced").error("big %s", "z" * 12_000_000)
"""


def test_thousands_of_tracebacks_are_few_and_a_big_one_is_short() -> None:
    done = subprocess.run(
        [sys.executable, "-c", FLOOD], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stderr.count("Traceback") == RECORDS_A_MINUTE
    assert done.stderr.count("left out for a minute") == 1
    assert "big zzz" in done.stderr
    assert len(done.stderr) < 100_000
