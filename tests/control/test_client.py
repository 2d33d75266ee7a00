"""The client of the control socket against a real unix socket."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from daemon.commands import verbs
from daemon.control.client import ControlError, Json, RefusedError, request, stream


@contextmanager
def server(path: Path, *replies: bytes) -> Iterator[list[Json]]:
    """Takes one connection, remembers its request, sends the replies and hangs up."""
    asked: list[Json] = []

    def serve() -> None:
        connection, _ = listener.accept()
        with connection, connection.makefile("rb") as lines:
            asked.append(json.loads(lines.readline()))
            for reply in replies:
                connection.sendall(reply + b"\n")

    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        thread = threading.Thread(target=serve)
        thread.start()
        yield asked
        thread.join()


def test_request_returns_the_reply_behind_the_events(tmp_path: Path) -> None:
    with server(tmp_path / "s", b'{"event": "user", "delta": "hi"}', b'{"ok": true, "turn": {}}') as asked:
        assert request(tmp_path / "s", "ask", text="hi") == {"ok": True, "turn": {}}
    assert asked == [{"do": "ask", "text": "hi"}]


def test_stream_gives_every_line(tmp_path: Path) -> None:
    with server(tmp_path / "s", b'{"ok": true}', b'{"event": "link"}'):
        assert list(stream(tmp_path / "s", "watch", 5.0)) == [{"ok": True}, {"event": "link"}]


@pytest.mark.parametrize(
    ("reply", "sentence"),
    [
        (b'{"ok": false, "error": "No."}', "No."),
        (b"SSH-2.0", "What answers at the control socket is not voiced; give another path."),
        (b'{"event": "link"}', "voiced has closed the connection without a reply; see its journal."),
    ],
)
def test_bad_answers_are_sentences(tmp_path: Path, reply: bytes, sentence: str) -> None:
    with server(tmp_path / "s", reply), pytest.raises(ControlError) as caught:
        request(tmp_path / "s", "status")
    assert str(caught.value) == sentence
    assert isinstance(caught.value, RefusedError) == (sentence == "No.")


def test_missing_service_is_told_with_the_remedy(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert verbs.run(tmp_path / "absent", "press") == 1
    assert "voiced is not running" in (told := capsys.readouterr().err)
    assert "start it with `systemctl start voiced`" in told


def test_status_and_ask_are_printed_for_people_and_for_scripts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status = b'{"ok": true, "state": "idle", "devices": {"fan": 0.3, "door": true}, "rss_mb": 50.25}'
    with server(tmp_path / "1", status):
        assert verbs.run(tmp_path / "1", "status") == 0
    shown = capsys.readouterr().out
    assert [line.split() for line in shown.splitlines()] == [
        ["state", "idle"],
        ["rss", "mb", "50.2"],
        ["fan", "30%"],
        ["door", "yes"],
    ]
    call = {"name": "set_level", "arguments": '{"device": "fan"}', "output": "Done."}
    turn = {"ok": True, "turn": {"reply": "Done.", "tool_calls": [call]}}
    with server(tmp_path / "2", json.dumps(turn).encode()):
        assert verbs.run(tmp_path / "2", "ask", "fan on") == 0
    assert capsys.readouterr().out == "  set_level(device=fan): Done.\nDone.\n"
    with server(tmp_path / "3", json.dumps(turn).encode()):
        assert verbs.run(tmp_path / "3", "ask", "fan on", as_json=True) == 0
    assert json.loads(capsys.readouterr().out) == turn
