"""What others wrote reaches no terminal raw, and is markup nowhere."""

from __future__ import annotations

import ast
import io
import json
import os
import re
import subprocess
import sys
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.commands import chat, verbs
from daemon.commands.demo.event_stream import EventStream
from daemon.commands.demo.report import FIGURES, Outcome, table
from daemon.commands.demo.timeline import Performance, draw
from daemon.commands.demo.view import View, summary
from daemon.commands.doctor import run as doctor
from daemon.commands.doctor.areas import Area
from daemon.commands.doctor.config_check import run as check
from daemon.commands.doctor.finding import Told, error, warning
from daemon.commands.history import log, stats
from daemon.commands.history.plot import svg
from daemon.commands.history.reader import Record, record
from daemon.commands.setup.asking import Asker, SetupError
from daemon.commands.setup.questions import BOARD, Question
from daemon.commands.terminal import Terminal
from daemon.control.client import Json
from daemon.telemetry.journal import RecordKind
from daemon.text.masking import Secret
from daemon.text.printable import many_lines, one_line, safe_json, to_json
from tests.control.scripted_service import ScriptedService

ROOT = Path(__file__).parents[2]
MARKUP = "[sound] [/] [bold]x[/bold] :smile: $5^ and $_6"
FORGED = "\nNov 27 12:00:00  ready: forged"
RAW = "\x1b]0;title\x07\x1b[2J\x1b]52;c;YQ==\x1b\\\x9b31m\x7f\r\x0b\u202e\u200b\u2028\x85"
HOSTILE = f"<b>{RAW}{MARKUP}{FORGED}"
_OURS = re.compile(r"\x1b\[[0-9;]*m")  # styles of our own
_RAW = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u200b-\u200f\ufeff\ud800-\udfff]")


def shown_safely(shown: str, *, lines: bool = False) -> None:
    """As letters, all of it, and no line begins where somebody else's line break was."""
    assert not _RAW.search(_OURS.sub("", shown))
    together = re.sub(r"\s+", " ", _OURS.sub("", shown))
    assert MARKUP in together
    assert r"\x1b]52;c;YQ==" in together
    if not lines:
        assert r"\nNov 27 12:00:00" in together
        assert not any(line.startswith("Nov 27 12:00:00") for line in shown.splitlines())


TURN = {
    "number": 1,
    "source": HOSTILE,
    "heard": HOSTILE,
    "reply": HOSTILE,
    "trouble": None,
    "interrupted": True,
    "tool_calls": [
        {"name": HOSTILE, "arguments": json.dumps({HOSTILE: HOSTILE}), "output": HOSTILE},
        {"name": "deep", "arguments": "[" * 100_000, "output": ""},
    ],
    "xruns": 0,
    **dict.fromkeys(FIGURES, 1.0),
}
STATUS = {
    "ok": True,
    "state": "idle",
    "link": HOSTILE,
    "faults": {"pins": HOSTILE, HOSTILE: "[/]"},
    "devices": {HOSTILE: HOSTILE},
}


@pytest.fixture(autouse=True)
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal on which nothing has to be wrapped."""
    monkeypatch.setenv("COLUMNS", "4000")


@contextmanager
def service(folder: Path) -> Iterator[Path]:
    path = folder / "s"
    asked: list[Json] = [{"event": "assistant", "delta": HOSTILE}, {"ok": True, "turn": TURN}]
    refused: list[Json] = [{"ok": False, "error": HOSTILE}]
    with ScriptedService(path, status=[STATUS], ask=asked, say=refused, press=refused).serving():
        yield path


def test_status_shows_names_and_faults_as_they_are(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with service(tmp_path) as path:
        assert verbs.run(path, "status") == 0
    shown_safely(capsys.readouterr().out)


def test_ask_shows_an_answer_with_its_lines_and_calls_on_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with service(tmp_path) as path:
        assert verbs.run(path, "ask", "hi") == 0
    call, deep, *answer = capsys.readouterr().out.splitlines()
    shown_safely(call)
    assert deep.startswith("  deep(")
    shown_safely("\n".join(answer), lines=True)


def test_a_script_gets_what_was_said_to_the_letter(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with service(tmp_path) as path:
        assert verbs.run(path, "ask", "hi", as_json=True) == 0
    shown = capsys.readouterr().out
    assert not _RAW.search(shown)
    assert json.loads(shown)["turn"]["reply"] == HOSTILE


def test_a_refusal_forges_no_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with service(tmp_path) as path:
        assert verbs.run(path, "press") == 1
    shown_safely(capsys.readouterr().err)


def test_chat_shows_words_and_calls_as_letters(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("hi\n"))
    with service(tmp_path) as path:
        assert chat.run(path) == 0
    shown = capsys.readouterr().out
    shown_safely(shown, lines=True)
    shown_safely(next(line for line in shown.splitlines() if "did  <b>" in line))


@pytest.mark.parametrize("kind", [None, RecordKind.TURN, RecordKind.TROUBLE])
def test_a_record_of_the_journal_stays_on_its_line(kind: RecordKind | None) -> None:
    words = {"heard": HOSTILE, "reply": HOSTILE, "tools": HOSTILE, "source": HOSTILE, "turn": HOSTILE}
    told = Record(kind, datetime(2026, 11, 27, tzinfo=UTC), HOSTILE, dict(words))
    screen = io.StringIO()
    Terminal(file=screen, force_terminal=True, soft_wrap=True).print(log.line(told))
    assert screen.getvalue().count("\n") == 1
    shown_safely(screen.getvalue())
    assert json.loads(log.as_line(told))["message"] == HOSTILE


def test_bytes_that_are_no_letters_are_read_from_the_journal_and_shown() -> None:
    entry = {
        "MESSAGE": HOSTILE.encode() + b"\xff\xc0",
        "__REALTIME_TIMESTAMP": datetime(2026, 1, 1, tzinfo=UTC),
    }
    shown_safely(log.line(record(entry)).plain)


def test_figures_of_the_journal_are_shown_as_letters() -> None:
    moment = datetime(2026, 11, 27, tzinfo=UTC)
    records = [
        Record(
            RecordKind.TURN, moment, HOSTILE, {"source": HOSTILE, "tools": "[/] [sound]", "model": HOSTILE}
        ),
        Record(RecordKind.FAULT, moment, HOSTILE, {"part": HOSTILE}),
        Record(RecordKind.XRUN, moment, HOSTILE, {"xrun": HOSTILE, "count": 1}),
    ]
    screen = io.StringIO()
    Terminal(file=screen, width=400).print(stats.counts(stats.summarise(records)))
    shown_safely(screen.getvalue(), lines=True)
    assert "[/] 1, [sound] 1" in screen.getvalue()
    drawn = svg(records, moment, datetime(2026, 11, 28, tzinfo=UTC))
    titles = [each.text or "" for each in ElementTree.fromstring(drawn).iter() if each.tag.endswith("title")]
    shown_safely(titles[0])


def test_doctor_shows_what_it_found_as_letters(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found: list[Told] = [
        error("V602", HOSTILE, HOSTILE),
        warning("V111", "[sound] is closed", "open [/] it"),
        HOSTILE,
    ]
    areas = [Area("network", lambda machine: iter(found), by_itself=True)]
    assert doctor.run(tmp_path / "none.toml", areas=areas) == 2
    shown = capsys.readouterr().out
    shown_safely(shown)
    assert "[sound] is closed." in shown
    assert "open [/] it." in shown.lower()
    assert doctor.run(tmp_path / "none.toml", as_json=True, areas=areas) == 2
    assert HOSTILE in json.loads(capsys.readouterr().out)["findings"][0]["sentence"]


def test_config_check_shows_a_path_as_letters(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert check(tmp_path / HOSTILE) == 2
    shown_safely(capsys.readouterr().out)


def test_setup_says_and_asks_in_letters(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    screen = io.StringIO()
    person = Asker(Terminal(file=screen))
    person.say(HOSTILE, "red")
    shown_safely(screen.getvalue(), lines=True)
    monkeypatch.setattr("sys.stdin", io.StringIO("\n"))
    question = Question("speaker", "Which [speaker]?", str)
    assert person.ask(question, f"[bold]{RAW}") == f"[bold]{RAW}"
    assert f"Which [speaker]? ([bold]{one_line(RAW)})" in screen.getvalue()
    with pytest.raises(SetupError, match="board: Write something"):
        person.assume(BOARD, RAW)


def test_the_demo_shows_what_was_said_and_done_as_letters(tmp_path: Path) -> None:
    outcome = Outcome(HOSTILE, None, TURN, {}, 10.0, 20.0, [HOSTILE])
    screen = io.StringIO()
    console = Terminal(file=screen, force_terminal=True, width=2000)
    console.print(table([outcome]))
    shown_safely(screen.getvalue(), lines=True)
    shown_safely(summary(1, outcome).plain)
    story = EventStream()
    for event in ("user", "assistant"):
        story.add({"event": event, "text": HOSTILE})
    story.add({"event": "tool", "name": HOSTILE, "arguments": {HOSTILE: HOSTILE}, "output": HOSTILE})
    story.add({"event": "device", "name": HOSTILE, "value": HOSTILE})
    console.print(View(console, story))
    shown_safely(screen.getvalue(), lines=True)


def test_the_timeline_draws_prices_and_controls_as_letters(tmp_path: Path) -> None:
    outcome = Outcome(HOSTILE, None, TURN, {}, 10.0, 60.0, [])
    tool = {
        "t": 12.0,
        "event": "tool",
        "name": "read_device",
        "output": HOSTILE,
        "arguments": {"device": HOSTILE},
    }
    events = [tool, {"t": 11.0, "event": "device", "name": HOSTILE, "value": 1.0}]
    draw(tmp_path / "t.svg", Performance(events, [outcome], {}, 10.0, 60.0))
    assert ElementTree.parse(tmp_path / "t.svg").getroot().tag.endswith("svg")


# ---------------------------------------------------------------- the command line


def voiced(*words: str | bytes, **env: str) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "daemon", *words]
    return subprocess.run(command, capture_output=True, cwd=ROOT, env={**os.environ, **env}, timeout=60)


@pytest.mark.parametrize(
    "words",
    [
        ["\x1b[2J"],
        ["status", "--\x1b[2J"],
        ["log", "--since", "\x1b[2J"],
        ["stats", "--directory", "/\x1b[2J"],
        ["config", "check", "--config", "/\x1b[2J"],
        ["run", "--config", "/\x1b[2J"],
        ["status", "--socket", "/\x1b[2J"],
        ["brain", "--listen", "\x1b[2J"],
        ["demo", "--wav", "/\x1b[2J"],
        ["setup", "--answers", "/\x1b[2J", "--dry-run"],
        ["setup", "--board", "\x1b[2J", "--dry-run"],
        [b"status", b"--socket", b"/\xff\xfe"],
        [b"run", b"--config", b"/\xff"],
        [b"ask", b"\xff\x1b"],
    ],
    ids=str,
)
def test_what_was_typed_comes_back_as_letters(words: list[str | bytes]) -> None:
    done = voiced(*words, VOICED_SOCKET="/nowhere")
    said = done.stdout + done.stderr
    assert done.returncode in (1, 2)
    assert b"\x1b" not in said
    assert b"Traceback" not in said


def test_a_terminal_without_our_letters_gets_others() -> None:
    done = voiced("config", "check", "--config", "/Ω", PYTHONIOENCODING="latin-1", PYTHONUTF8="0")
    assert done.returncode == 2
    assert b"\\u03a9" in done.stdout


def test_a_chat_from_a_terminal_of_another_alphabet_goes_on(tmp_path: Path) -> None:
    with service(tmp_path) as path:
        command = [sys.executable, "-m", "daemon", "chat", "--socket", str(path)]
        done = subprocess.run(command, input=b"\xfcber\n", capture_output=True, cwd=ROOT, timeout=60)
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"box" in done.stdout


def test_a_command_that_fails_shows_its_traceback_as_letters() -> None:
    program = (
        "import sys, daemon.__main__ as m; from daemon.text.masking import Secret\n"
        "def fails(options): raise ValueError(Secret('sk-canary-0123') + '\\x1b[2J')\n"
        "m.verb = fails; m.main(['status'])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 1
    assert r"ValueError: ***\x1b[2J" in done.stderr
    assert "\x1b" not in done.stderr


# ---------------------------------------------------------------- the border


@given(st.text())
def test_nothing_invisible_is_left_in_a_line(text: str) -> None:
    visible_signs = "\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd"
    left = [each for each in one_line(text) if unicodedata.category(each) in ("Cc", "Cf", "Cs", "Zl", "Zp")]
    assert set(left) <= set(visible_signs) | {chr(each) for each in range(0x13430, 0x13460)}
    assert one_line(one_line(text)) == one_line(text)
    one_line(text).encode()


@given(st.text(st.characters(exclude_categories=("Cc", "Cf", "Cs", "Zl", "Zp", "Mn", "Cn", "Lo", "So"))))
def test_what_is_harmless_stays_as_it_is(text: str) -> None:
    assert one_line(text) == many_lines(text) == text


@given(st.text(), st.text())
def test_json_means_the_same_and_prints_as_letters(key: str, text: str) -> None:
    for shown in (to_json({key: text}), safe_json(json.dumps({key: text}, ensure_ascii=False))):
        assert json.loads(shown) == {key: text}
        assert not _RAW.search(shown)


def test_secrets_are_hidden_on_the_terminal_too() -> None:
    Secret("sk-canary-0123456789")
    screen = io.StringIO()
    Terminal(file=screen).print("the key sk-canary-0123456789")
    assert screen.getvalue() == "the key ***\n"
    assert to_json({"a": "sk-canary-0123456789"}) == '{"a": "***"}'
    Secret("12345678")
    assert to_json({"pid": 12345678, "key": "12345678"}) == '{"pid": 12345678, "key": "***"}'


SOURCES = [*sorted((ROOT / "daemon").rglob("*.py"))]


def calls(path: Path, wanted: Callable[[ast.expr], bool]) -> list[int]:
    tree = ast.parse(path.read_text())
    return [each.lineno for each in ast.walk(tree) if isinstance(each, ast.Call) and wanted(each.func)]


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_there_is_no_other_way_to_the_terminal(path: Path) -> None:
    """`print` and rich's own console are for the border alone."""
    name = str(path.relative_to(ROOT))
    if name != "daemon/text/printable.py":
        assert not calls(path, lambda called: isinstance(called, ast.Name) and called.id == "print")
    assert (
        "from rich.console import Console\n" not in path.read_text() or name == "daemon/commands/terminal.py"
    )
    assert not calls(path, lambda called: isinstance(called, ast.Attribute) and called.attr == "from_markup")
