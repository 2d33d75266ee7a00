"""What goes into the log, how often, and what never does."""

from __future__ import annotations

import asyncio
import logging
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.core.events import NewSession
from daemon.realtime.events import Json
from daemon.realtime.prices import FREE, Prices
from daemon.telemetry.event_log import EventLog, ServedBy
from daemon.telemetry.journal import RecordKind, write
from daemon.telemetry.rate_limiter import EndedEpisode, RateLimiter
from daemon.tools import Tool
from daemon.tools.toolbox import Toolbox

TOKENS: Json = {
    "input_text": 1000,
    "input_audio": 20,
    "cached_text": 600,
    "cached_audio": 0,
    "output_text": 30,
    "output_audio": 40,
    "unsorted": 0,
}
TURN: Json = {
    "number": 7,
    "source": "button",
    "heard": "the canary sings",
    "reply": "so it does",
    "tool_calls": [{"name": "set_device", "arguments": '{"device":"canary"}', "output": "The canary is on."}],
    "interrupted": False,
    "trouble": None,
    "heard_ms": 900,
    "xruns": 0,
    "press_to_first_frame_ms": 11.0,
    "release_to_commit_ms": 2.5,
    "commit_to_first_delta_ms": 365.4,
    "first_delta_to_sound_ms": None,
    "tokens": TOKENS,
}


class Rig:
    """An event log with a clock of its own, and the records it has written."""

    def __init__(self, caplog: pytest.LogCaptureFixture, transcripts: bool = False) -> None:
        caplog.set_level(logging.INFO)
        self.now = 100.0
        self._caplog = caplog
        self._due: tuple[float, Callable[[], None]] | None = None
        served = ServedBy("openai", "gpt-realtime-2.1-mini", Prices(1.0, 0.5, 2.0, 10.0, 5.0, 20.0))
        self.log = EventLog(lambda link: served, transcripts, self._later, lambda: self.now)

    def _later(self, seconds: float, call: Callable[[], None]) -> Rig:
        assert self._due is None
        self._due = self.now + seconds, call
        return self

    def cancel(self) -> None:
        self._due = None

    @property
    def asleep(self) -> bool:
        return self._due is None

    def wait(self, seconds: float) -> None:
        end = self.now + seconds
        while self._due is not None and self._due[0] <= end:
            (self.now, call), self._due = self._due, None
            call()
        self.now = end

    def written(self) -> list[tuple[RecordKind, Json]]:
        kinds = {kind.value: kind for kind in RecordKind}
        return [
            (
                kinds[vars(record)["MESSAGE_ID"]],
                {key[7:].lower(): each for key, each in vars(record).items() if key.startswith("VOICED_")},
            )
            for record in self._caplog.records
        ]

    def everything(self) -> str:
        return "\n".join(str(vars(record)) + record.getMessage() for record in self._caplog.records)


@pytest.fixture
def rig(caplog: pytest.LogCaptureFixture) -> Rig:
    return Rig(caplog)


# ---------------------------------------------------------------- records


def test_every_kind_has_a_message_id_of_its_own() -> None:
    ids = [kind.value for kind in RecordKind]
    assert len(set(ids)) == len(ids)
    assert all(len(each) == 32 and int(each, 16) for each in ids)


def test_a_record_has_its_id_and_its_fields_and_none_that_is_unknown(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    write(RecordKind.TURN, "100 % done", cost_usd=0.0000125, interrupted=True, trouble=None, turn=3)
    fields = vars(caplog.records[0])
    assert caplog.records[0].getMessage() == "100 % done"
    assert fields["MESSAGE_ID"] == RecordKind.TURN.value
    assert {key: each for key, each in fields.items() if key.startswith("VOICED_")} == {
        "VOICED_COST_USD": "0.000013",
        "VOICED_INTERRUPTED": "1",
        "VOICED_TURN": "3",
    }


def test_a_turn_is_told_with_its_figures_and_its_price(rig: Rig) -> None:
    rig.log.turn(TURN)
    ((kind, fields),) = rig.written()
    assert kind is RecordKind.TURN
    assert fields["turn"] == "7"
    assert fields["tools"] == "set_device"
    assert fields["commit_to_first_delta_ms"] == "365.4"
    assert "first_delta_to_sound_ms" not in fields
    assert (fields["provider"], fields["model"]) == ("openai", "gpt-realtime-2.1-mini")
    assert fields["output_audio_tokens"] == "40"
    assert float(fields["cost_usd"]) == pytest.approx((400 + 300 + 60 + 200 + 800) / 1e6)


def test_words_are_told_only_if_the_owner_wants_them(caplog: pytest.LogCaptureFixture) -> None:
    for transcripts in (False, True):
        caplog.clear()
        rig = Rig(caplog, transcripts)
        rig.log.turn(TURN)
        rig.log.tool("set_device", 12.0, '{"device":"canary"}', "The canary is on.")
        assert ("canary" in rig.everything()) is transcripts
        assert ("so it does" in rig.everything()) is transcripts


def test_a_name_that_the_model_made_up_is_not_told(rig: Rig) -> None:
    rig.log.tool("say the canary sings", 1.0, "{}", "Error: there is no such tool.")
    assert "canary" not in rig.everything()
    assert rig.written()[0][1]["ok"] == "0"


def test_what_a_tool_raises_is_told_by_its_place_not_by_its_words(caplog: pytest.LogCaptureFixture) -> None:
    async def note(text: str) -> str:
        """Write a note."""
        return str(int(text))

    box = Toolbox([Tool(note)])
    answer = asyncio.run(box.call("note", '{"text":"canary"}'))
    assert answer is not None
    assert "canary" in answer
    assert "ValueError in" in caplog.text
    assert "canary" not in caplog.text


# ---------------------------------------------------------------- what lasts is told twice


def test_a_day_without_network_is_two_lines(rig: Rig) -> None:
    rig.log.connection("ready", "")
    for attempt in range(3000):
        rig.log.connection("connecting", "")
        rig.log.connection("waiting", f"The connection is down; next try in {attempt} s.")
        rig.wait(28.8)
    rig.log.connection("ready", "")
    (_, first), (lost, _), (back, fields) = rig.written()
    assert first["cause"] == "start"
    assert (lost, back) == (RecordKind.DISCONNECTED, RecordKind.CONNECTED)
    assert fields["cause"] == "lost"
    assert float(fields["away_s"]) == pytest.approx(86_400)


def test_each_reason_of_a_refusal_is_told_once(rig: Rig) -> None:
    for reason in ("no quota", "no quota", "bad key", "no quota"):
        rig.log.connection("refused", reason)
    assert [kind for kind, _ in rig.written()] == [RecordKind.DISCONNECTED] * 2


def test_a_rotation_is_told_as_one(rig: Rig) -> None:
    rig.log.connection("ready", "")
    rig.log.leaving(NewSession.EXPIRING)
    rig.log.connection("connecting", "")
    rig.log.connection("ready", "")
    assert [fields["cause"] for _, fields in rig.written()] == ["start", "worn"]


def test_xruns_are_told_at_once_and_then_counted(rig: Rig) -> None:
    for _ in range(500):
        rig.log.conditions.xrun("underrun")
        rig.wait(0.1)
    assert len(rig.written()) == 1
    rig.wait(60)
    assert [int(fields["count"]) for _, fields in rig.written()] == [1, 499]
    assert rig.asleep


def test_a_part_that_comes_and_goes_is_one_fault(rig: Rig) -> None:
    for _ in range(100):
        rig.log.conditions.faults({"speaker": "The card has gone."})
        rig.wait(0.5)
        rig.log.conditions.faults({})
        rig.wait(0.5)
    rig.wait(60)
    (_, fault), (_, over) = rig.written()
    assert fault["part"] == over["part"] == "speaker"
    assert over["times"] == "100"
    assert rig.asleep


def test_a_blink_is_told_by_its_first_value_and_its_last(rig: Rig) -> None:
    for value in [1.0, 0.0] * 20:
        rig.log.conditions.device("lamp", value)
        rig.wait(0.3)
    rig.wait(60)
    assert [(fields["value"], fields["changes"]) for _, fields in rig.written()] == [("1", "1"), ("0", "39")]


def test_a_server_that_complains_of_every_frame_does_not_fill_the_journal(rig: Rig) -> None:
    for number in range(1000):
        rig.log.conditions.server_notice(f"The server reports error {number}.")
        rig.wait(0.02)
    rig.wait(60)
    assert len(rig.written()) == 2


def test_losses_are_told_at_once_and_then_counted_and_events_that_are_new_to_us_are_none(rig: Rig) -> None:
    for _ in range(50):
        rig.log.conditions.loss("late_audio")
        rig.log.conditions.loss("unknown_event")
        rig.wait(0.1)
    rig.wait(60)
    assert [kind for kind, _ in rig.written()] == [RecordKind.LOSS] * 2
    assert [(fields["loss"], fields["count"]) for _, fields in rig.written()] == [
        ("late_audio", "1"),
        ("late_audio", "49"),
    ]


def test_what_was_counted_is_told_before_the_end(rig: Rig) -> None:
    for _ in range(3):
        rig.log.conditions.xrun("overrun")
    rig.log.stopping()
    assert [kind for kind, _ in rig.written()] == [RecordKind.XRUN, RecordKind.XRUN, RecordKind.STOPPING]


@pytest.mark.parametrize(
    ("signs", "ended"),
    [
        ([("begin", 0.0)], []),
        ([("begin", 0.0), ("end", 3.0)], [EndedEpisode("it", 1, 3.0)]),
        ([("begin", 0.0), ("end", 1.0), ("begin", 2.0)], []),
        ([("begin", 0.0), ("end", 1.0), ("begin", 2.0), ("end", 4.0)], [EndedEpisode("it", 2, 4.0)]),
        ([("end", 1.0)], []),
        ([("begin", 0.0), ("end", 99.0)], []),
    ],
)
def test_an_episode_is_over_when_its_condition_stays_away(
    signs: list[tuple[str, float]], ended: list[EndedEpisode]
) -> None:
    limiter = RateLimiter(5.0)
    for sign, at in signs:
        getattr(limiter, sign)("it", at)
    assert limiter.take_ended(100.0) == ended


@given(st.lists(st.tuples(st.sampled_from("ab"), st.booleans(), st.floats(0, 20)), max_size=60))
def test_episodes_count_every_coming_once(steps: list[tuple[str, bool, float]]) -> None:
    limiter, now, begun, told = RateLimiter(5.0), 0.0, 0, []
    for name, comes, pause_s in steps:
        now += pause_s
        told += limiter.take_ended(now)
        if comes:
            begun += limiter.begin(name, now)
        else:
            limiter.end(name, now)
    for name in "ab":
        limiter.end(name, now)
    told += limiter.take_ended(now + 5.0)
    assert len(told) == begun
    assert sum(each.times for each in told) == sum(comes for _, comes, _ in steps)
    assert limiter.deadline is None


# ---------------------------------------------------------------- where it goes

_PROGRAM = """
import logging, sys
from daemon.telemetry import journal
from daemon.text.masking import Secret
journal.open_log()
key = Secret("sk-canary")
log = logging.getLogger("voiced")
log.info("the key is %s", "sk-canary")
try:
    raise ValueError("not sk-canary either")
except ValueError:
    log.exception("failed")
journal.write(journal.RecordKind.TROUBLE, "the server says sk-canary", reason="sk-canary")
"""


def run_program(program: str, **env: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", program]
    environment = {**os.environ, **env}
    root = Path(__file__).parents[2]
    return subprocess.run(command, capture_output=True, text=True, env=environment, cwd=root, timeout=60)


@pytest.mark.parametrize("stream", ["", "8:12345"], ids=["by hand", "a shell inside a unit"])
def test_without_the_journal_plain_lines_go_to_stderr_and_the_key_never_does(stream: str) -> None:
    done = run_program(_PROGRAM, JOURNAL_STREAM=stream)
    assert "INFO voiced: the key is ***" in done.stderr
    assert "ValueError: not *** either" in done.stderr
    assert "WARNING voiced: the server says ***" in done.stderr
    assert "canary" not in done.stderr


_FORGING = """
import logging, sys, threading, warnings
from daemon.telemetry import journal
from daemon.text.masking import Secret
journal.open_log()
log = logging.getLogger("voiced")
Secret("sk-canary-0123456789")

class Wordless:
    def __str__(self):
        raise ValueError("sk-canary-0123456789")

class Loud:
    def __del__(self):
        raise ValueError("dropped sk-canary-0123456789")

foreign = "first\\n2026-11-27 12:00:00,000 ERROR voiced: forged\\r\\x1b]52;c;YQ==\\x07\\x9b2J\\u202e\\ud800"
log.info("the server says %s", foreign)
try:
    raise ValueError(foreign)
except ValueError:
    log.exception("failed")
log.info("%s", Wordless())
log.info("%d", "sk-canary-0123456789")
warnings.warn("warned of sk-canary-0123456789")
Loud()
thread = threading.Thread(target=lambda: int("sk-canary-0123456789"), name="sk-canary-0123456789")
thread.start()
thread.join()
raise RuntimeError(foreign + " sk-canary-0123456789")
"""


def test_what_a_server_says_forges_no_line_and_reaches_no_terminal_raw() -> None:
    done = run_program(_FORGING, JOURNAL_STREAM="")
    begins = [line for line in done.stderr.splitlines() if re.match(r"\d{4}-\d\d-\d\d ", line)]
    assert [line.split(" ", 2)[2].split(":")[0] for line in begins] == [
        "INFO voiced",
        "ERROR voiced",
        "ERROR voiced",
        "ERROR voiced",
        "WARNING py.warnings",
        "CRITICAL voiced",
        "CRITICAL voiced",
        "CRITICAL voiced",
    ]
    assert all(line in begins or line.startswith("    ") for line in done.stderr.splitlines())
    assert (
        r"first\n2026-11-27 12:00:00,000 ERROR voiced: forged\r\x1b]52;c;YQ==\x07\x9b2J\u202e\ud800"
        in begins[0]
    )
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", done.stderr)
    assert done.returncode == 1


def test_nothing_that_ends_a_program_or_a_thread_shows_a_secret() -> None:
    stderr = run_program(_FORGING, JOURNAL_STREAM="").stderr
    assert "canary" not in stderr
    assert "RuntimeError: first" in stderr
    assert "invalid literal for int() with base 10: '***'" in stderr
    assert "ValueError: dropped ***" in stderr
    assert "A record of voiced, line " in stderr


_STANDING_STILL = """
import logging, os, threading
from daemon.telemetry import journal

class Still(logging.Handler):
    def emit(self, record):
        threading.Event().wait()

journal._to_stderr = Still
journal.open_log()
for number in range(5 * journal.MAX_WAITING):
    journal.write(journal.RecordKind.TURN, str(number))
print("the voice goes on", flush=True)
"""


def test_a_journal_that_stands_still_stops_neither_the_voice_nor_the_end() -> None:
    done = run_program(_STANDING_STILL, JOURNAL_STREAM="")
    assert (done.stdout, done.returncode) == ("the voice goes on\n", 0)


def test_free_prices_are_those_of_the_offline_brain(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    never: Any = None
    event_log = EventLog(lambda link: ServedBy("offline", "small", FREE), False, never)
    event_log.turn(TURN)
    assert vars(caplog.records[0])["VOICED_COST_USD"] == "0"
