"""`voiced log` and `voiced stats` from records of every kind."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from daemon.__main__ import main
from daemon.commands.history.log import as_line, line
from daemon.commands.history.plot import svg
from daemon.commands.history.reader import History, HistoryError, Record, Value, moment, record
from daemon.commands.history.stats import summarise
from daemon.telemetry.journal import RecordKind

BEGIN = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def at(minutes: float, kind: RecordKind | None, message: str = "", **fields: Value) -> Record:
    return Record(kind, BEGIN + timedelta(minutes=minutes), message, fields)


def turn(minutes: float, answer_ms: float, **fields: Any) -> Record:
    return at(
        minutes,
        RecordKind.TURN,
        turn=1,
        source="button",
        interrupted=0,
        release_to_commit_ms=2,
        commit_to_first_delta_ms=answer_ms,
        first_delta_to_sound_ms=3,
        **fields,
    )


# ---------------------------------------------------------------- reading


def test_an_entry_of_the_journal_becomes_a_record() -> None:
    entry = {
        "MESSAGE_ID": uuid.UUID(RecordKind.TURN.value),
        "MESSAGE": "turn 3",
        "__REALTIME_TIMESTAMP": BEGIN,
        "VOICED_TURN": "3",
        "VOICED_COST_USD": "0.0125",
        "VOICED_SOURCE": "button",
        "VOICED_HEARD": "12",
        "VOICED_REPLY": b"\xff!",
        "VOICED_TOOLS": ["set_device", "set_device stop"],
        "PRIORITY": 6,
    }
    read = record(entry)
    assert (read.kind, read.time, read.message) == (RecordKind.TURN, BEGIN, "turn 3")
    assert read.fields == {
        "turn": 3,
        "cost_usd": 0.0125,
        "source": "button",
        "heard": "12",
        "reply": "�!",
        "tools": "set_device stop",
    }


@pytest.mark.parametrize(
    "name", ["nan", "Infinity", "inf", "007", "1_000", "1e999", "٣", "0", "1.50", "9" * 5000]
)
def test_a_name_that_reads_as_a_number_stays_a_name(name: str) -> None:
    fields = ("device", "tool", "tools", "part", "source", "model", "link", "cause")
    read = record({f"VOICED_{each.upper()}": name for each in fields} | {"__REALTIME_TIMESTAMP": BEGIN})
    strict = json.loads(as_line(read), parse_constant=lambda _: pytest.fail("this is no JSON"))
    assert {each: strict[each] for each in fields} == dict.fromkeys(fields, name)


@pytest.mark.parametrize("figure", ["nan", "-inf", "1e999", "9" * 400, "9" * 5000, "1_0", "abc", "", " 3"])
def test_a_figure_that_is_none_is_shown_as_it_is_and_counts_nothing(figure: str) -> None:
    """Whoever may write into the journal may say that he is voiced."""
    entry = {"MESSAGE_ID": uuid.UUID(RecordKind.TURN.value), "__REALTIME_TIMESTAMP": BEGIN}
    figures = ("TURN", "PRESS_TO_FIRST_FRAME_MS", "INPUT_TEXT_TOKENS", "COST_USD", "INTERRUPTED")
    read = record(entry | {f"VOICED_{each}": figure for each in figures})
    strict = json.loads(as_line(read), parse_constant=lambda _: pytest.fail("this is no JSON"))
    assert strict["input_text_tokens"] == figure
    assert "tokens" not in line(read).plain
    assert summarise([read])["cost_usd"] == 0


def test_a_line_of_no_kind_is_a_record_without_one() -> None:
    assert record({"MESSAGE": "hello", "__REALTIME_TIMESTAMP": BEGIN}).kind is None


@pytest.mark.parametrize(("text", "ago"), [("90s", 90), ("30m", 1800), ("1d12h", 129_600), ("2w", 1_209_600)])
def test_a_span_is_so_long_ago(text: str, ago: float) -> None:
    assert abs((datetime.now(UTC) - moment(text)).total_seconds() - ago) < 60


def test_a_date_is_a_moment() -> None:
    assert moment("2026-11-20 14:00").replace(tzinfo=None) == datetime(2026, 11, 20, 14)


@pytest.mark.parametrize("text", ["", "soon", "24", "h24", "2026-13-40"])
def test_what_is_no_time_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(HistoryError, match="24h or 7d"):
        moment(text)


def test_a_directory_without_a_journal_is_told(tmp_path: Path) -> None:
    with pytest.raises(HistoryError, match=r"holds \*.journal"):
        History(tmp_path)


def test_a_machine_without_a_journal_is_told(tmp_path: Path) -> None:
    with pytest.raises(HistoryError, match="systemd-journald"):
        History(system=[tmp_path / "none"])


def test_who_may_not_read_the_journal_is_told_the_group(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    with pytest.raises(HistoryError, match="systemd-journal"):
        History(system=[tmp_path])


@pytest.mark.parametrize("command", ["log", "stats"])
def test_what_cannot_be_read_ends_with_one_sentence(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([command, "--directory", str(tmp_path)]) == 1
    assert capsys.readouterr().err.startswith("voiced: There is no journal in")


# ---------------------------------------------------------------- voiced log


@pytest.mark.parametrize(
    ("shown", "text"),
    [
        (turn(1, 365.4), "turn 1 button: answered; commit 2 answer 365 sound 3 ms"),
        (
            turn(
                1,
                365.4,
                tools="set_device stop",
                input_text_tokens=90,
                cached_text_tokens=80,
                cost_usd=0.0021,
            ),
            "turn 1 button: set_device, stop; commit 2 answer 365 sound 3 ms; 90 tokens; 0.0021 USD",
        ),
        (
            at(1, RecordKind.TURN, turn=4, source="text", trouble="no quota", interrupted=0),
            "turn 4 text: no quota",
        ),
        (
            at(1, RecordKind.TURN, turn=5, source="button", interrupted=1, heard="stop it", reply="Well"),
            'turn 5 button: answered (cut off); heard "stop it"; reply "Well"',
        ),
        (at(1, RecordKind.FAULT, "speaker: gone", part="speaker"), "speaker: gone"),
        (at(1, None, "a plain line"), "a plain line"),
    ],
)
def test_a_record_reads_as_a_line(shown: Record, text: str) -> None:
    stamp = shown.time.strftime("%b %d %H:%M:%S")
    assert line(shown).plain == f"{stamp}  {text}"


def test_a_record_is_a_line_of_json() -> None:
    read = json.loads(as_line(at(0, RecordKind.FAULT, "speaker: gone", part="speaker")))
    assert read == {
        "time": "2026-11-20T12:00:00+00:00",
        "kind": "fault",
        "message": "speaker: gone",
        "part": "speaker",
    }


# ---------------------------------------------------------------- voiced stats


def test_latencies_are_percentiles_of_the_turns_that_have_them() -> None:
    records = [turn(number, float(number)) for number in range(1, 101)]
    figures = summarise([*records, at(5, RecordKind.TURN, turn=1, source="say")])["latency_ms"]
    assert figures["commit_to_first_delta_ms"] == {"count": 100, "p50": 50.5, "p90": 90.1, "p99": 99.0}
    assert figures["release_to_sound_ms"]["p50"] == 55.5
    assert figures["press_to_first_frame_ms"] == {"count": 0}


def test_tokens_and_cost_are_sums_and_say_what_they_leave_out() -> None:
    records = [
        turn(1, 300, cost_usd=0.01, output_audio_tokens=100, model="gpt-realtime"),
        turn(2, 300, cost_usd=0.0, output_audio_tokens=50, model="small"),
        turn(3, 300, output_audio_tokens=7, model="own-model"),
        at(4, RecordKind.LATE_TOKENS, cost_usd=0.002, output_audio_tokens=20),
    ]
    summary = summarise(records)
    assert summary["tokens"]["output_audio_tokens"] == 177
    assert summary["cost_usd"] == 0.012
    assert summary["without_a_price"] == {"turns": 1, "models": ["own-model"]}


def test_everything_else_is_counted() -> None:
    records = [
        at(0, RecordKind.READY),
        at(1, RecordKind.CONNECTED, cause="start"),
        turn(2, 300, tools="set_device set_device"),
        at(3, RecordKind.TURN, turn=2, source="text", interrupted=1, trouble="no quota"),
        at(4, RecordKind.DISCONNECTED),
        at(5, RecordKind.CONNECTED, cause="lost", away_s=60.0),
        at(6, RecordKind.CONNECTED, cause="worn"),
        at(7, RecordKind.CONNECTED, cause="forgotten"),
        at(8, RecordKind.XRUN, xrun="underrun", count=1),
        at(9, RecordKind.XRUN, xrun="underrun", count=41),
        at(10, RecordKind.FAULT, part="pins"),
        at(11, RecordKind.READY),
        at(12, RecordKind.STOPPING),
        at(13, RecordKind.READY),
        at(14, None, "a plain line"),
    ]
    summary = summarise(records)
    assert summary["turns"] == {
        "total": 2,
        "by_source": {"button": 1, "text": 1},
        "interrupted": 1,
        "in_trouble": 1,
    }
    assert summary["tools"] == {"set_device": 2}
    assert summary["connection"] == {"rotations": 1, "reconnects": 1, "losses": 1, "away_s": 60.0}
    assert summary["xruns"] == {"underrun": 42}
    assert summary["faults"] == {"pins": 1}
    assert summary["service"] == {"starts": 3, "restarts_without_a_stop": 1}


def test_the_picture_has_a_dot_for_each_turn_and_a_stroke_for_each_trouble() -> None:
    records = [
        turn(5, 300),
        turn(6, 90_000),
        at(7, RecordKind.FAULT, 'speaker: <gone> & "lost"', part="speaker"),
    ]
    picture: Any = ElementTree.fromstring(svg(records, BEGIN, BEGIN + timedelta(hours=1)))
    space = {"s": "http://www.w3.org/2000/svg"}
    dots = picture.findall("s:circle", space)
    assert len(dots) == 2
    assert all(0 <= float(dot.get("cx")) <= 960 and 0 <= float(dot.get("cy")) <= 300 for dot in dots)
    titles = [each.text for each in picture.findall("s:line/s:title", space)]
    assert titles == ['speaker: <gone> & "lost"']
