"""The wire log: every event as it was on the wire, but for secrets and what a terminal would obey."""

from __future__ import annotations

import base64
import json
import logging
import os
from pathlib import Path
from typing import Any

import pytest

from daemon.telemetry.wire_log import WireLog
from daemon.text.masking import Secret

KEY = "sk-canary-0123456789"


def logged(path: Path, *frames: bytes) -> list[Any]:
    log = WireLog(str(path))
    for frame in frames:
        log.write(1, "server", frame)
    log.close()
    return [json.loads(line)["event"] for line in path.read_text().splitlines()]


def event(**fields: Any) -> bytes:
    return json.dumps({"type": "response.output_text.delta", **fields}).encode()


def test_an_event_without_a_secret_is_written_to_the_byte(tmp_path: Path) -> None:
    Secret(KEY)
    frame = b'{"type":"x", "n":1.50,"big":1e400, "a":"\\u00e4", "a":2, "delta":"AAAA"}'
    log = WireLog(str(tmp_path / "wire"))
    log.write(3, "client", frame)
    log.close()
    line = (tmp_path / "wire").read_bytes()
    assert line.endswith(b',"conn":3,"dir":"client","event":' + frame + b"}\n")
    assert (tmp_path / "wire").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "frame",
    [
        event(delta=f"it is {KEY}"),
        event(error={"message": f"Incorrect API key provided: {KEY}.", KEY: [KEY, {"a": KEY}]}),
        event(arguments=json.dumps({"key": KEY})),
        event(delta=KEY).replace(b"canary", b"\\u0063\\u0061nary"),
        event(data=base64.b64encode(f"user:{KEY}".encode()).decode()),
    ],
)
def test_a_secret_is_masked_however_it_is_escaped(tmp_path: Path, frame: bytes) -> None:
    Secret(KEY)
    (written,) = logged(tmp_path / "wire", frame)
    assert "***" in json.dumps(written)
    assert "canary" not in json.dumps(written)
    assert base64.b64encode(KEY.encode())[:8].decode() not in json.dumps(written)


def test_a_secret_in_pieces_is_masked_also_between_other_events(tmp_path: Path) -> None:
    Secret(KEY)
    frames = []
    for letter in f"key: {KEY}.":
        frames += [event(delta=letter), event(type="response.output_audio.delta", delta="AAAA")]
    written = logged(tmp_path / "wire", *frames)
    text = "".join(each["delta"] for each in written if each["type"] == "response.output_text.delta")
    assert text == "key: sk-ca***."


def test_letters_that_a_terminal_would_obey_are_escapes_of_json(tmp_path: Path) -> None:
    raw = "ä\x7f\x85\x9b2J\u202e\u2028\u200b"
    (written,) = logged(tmp_path / "wire", json.dumps({"type": "x", "a": raw}, ensure_ascii=False).encode())
    assert written["a"] == raw
    assert (tmp_path / "wire").read_text().removesuffix("\n").isprintable()


def test_a_place_that_cannot_be_written_costs_the_log_alone(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "none/wire", tmp_path, tmp_path / "pipe", tmp_path / ("w" * 300), "a\0b"):
        caplog.clear()
        with caplog.at_level(logging.WARNING):
            log = WireLog(str(path))
        assert "There is no wire log: debug.wire_log cannot be written (" in caplog.text
        log.write(1, "server", event(delta="x"))
        log.close()


def test_a_full_disk_ends_the_log_and_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    log = WireLog("/dev/full")
    for _ in range(3):
        log.write(1, "server", event(delta="x"))
    assert caplog.text.count("The wire log ends here") == 1
