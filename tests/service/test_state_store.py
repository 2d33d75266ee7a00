"""What outlives a restart, and what does not outlive a torn file."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from daemon.core.history.history import Called, History, HistoryEntry, Said, lines
from daemon.service.state_store import MAX_KEPT_BYTES, Preferences, StateStore, append_lines

HELLO = Said("user", "u1", "hello")
CALL = Called("c1", "set_device", "{}")


def remembering(state: Path, runtime: Path, use: Callable[[StateStore], None]) -> None:
    """Use a memory inside a loop, and wait until all is written."""

    async def scenario() -> None:
        tasks: list[asyncio.Task[Any]] = []

        def spawn(work: Coroutine[Any, Any, Any], name: str) -> None:
            tasks.append(asyncio.create_task(work, name=name))

        use(StateStore(state, runtime, spawn))
        await asyncio.gather(*tasks)

    asyncio.run(scenario())


def test_the_newest_wishes_are_kept(tmp_path: Path) -> None:
    def use(memory: StateStore) -> None:
        for percent in (10, 20, 30):
            memory.prefer(volume_percent=percent)
        memory.prefer(muted=True)

    remembering(tmp_path, tmp_path, use)
    seen: list[Preferences] = []
    remembering(tmp_path, tmp_path, lambda memory: seen.append(memory.preferences))
    assert seen == [Preferences(30, muted=True)]
    assert not list(tmp_path.glob("*.new"))


def test_wishes_are_kept_as_voiced_0_1_0_reads_and_wrote_them(tmp_path: Path) -> None:
    remembering(tmp_path, tmp_path, lambda memory: memory.prefer(volume_percent=55, muted=True))
    assert (tmp_path / "state.json").read_text() == '{"volume_percent":55,"muted":true}'


def test_the_conversation_is_for_our_eyes_only(tmp_path: Path) -> None:
    runtime = tmp_path / "run"
    remembering(tmp_path, runtime, lambda memory: memory.append([HELLO], list))
    kept = runtime / "conversation" / "ledger.jsonl"
    assert kept.read_bytes() == lines([HELLO])
    assert kept.stat().st_mode & 0o777 == 0o600
    assert kept.parent.stat().st_mode & 0o777 == 0o700


def test_a_conversation_is_appended_to_in_order(tmp_path: Path) -> None:
    entries: list[HistoryEntry] = [Said("user", f"u{number}", "hello") for number in range(50)]

    def use(memory: StateStore) -> None:
        for entry in entries:
            memory.append([entry], list)

    remembering(tmp_path, tmp_path, use)
    seen: list[bytes] = []
    remembering(tmp_path, tmp_path, lambda memory: seen.append(memory.conversation()))
    assert seen == [lines(entries)]


def test_a_line_that_a_full_disk_has_cut_off_costs_itself_alone(tmp_path: Path) -> None:
    file = tmp_path / "ledger.jsonl"
    append_lines(file, [HELLO])
    with file.open("ab") as rest:
        rest.write(lines([HELLO])[:20])
    append_lines(file, [CALL])
    ledger = History()
    assert ledger.restore(file.read_bytes())
    assert [type(entry) for entry in ledger.whole()] == [Said, Called]


def test_a_conversation_that_has_grown_large_is_written_anew(tmp_path: Path) -> None:
    large, asked = Said("user", "u1", spoken=(b"1" * MAX_KEPT_BYTES,)), []

    def whole() -> list[HistoryEntry]:
        asked.append(True)
        return [HELLO]

    async def scenario() -> None:
        memory = StateStore(tmp_path, tmp_path, lambda work, name: work.close())
        memory.append([large], whole)
        await memory.settled()
        memory.append([HELLO], whole)
        await memory.settled()
        memory.append([CALL], whole)
        await memory.aclose([HELLO])
        assert memory.conversation() == lines([HELLO, CALL, HELLO])

    asyncio.run(scenario())
    assert asked == [True]


def test_the_conversation_of_an_older_voiced_is_read_once(tmp_path: Path) -> None:
    old = tmp_path / "conversation" / "ledger.json"
    old.parent.mkdir()
    old.write_bytes(b"[]")
    seen: list[bytes] = []

    def use(memory: StateStore) -> None:
        seen.append(memory.conversation())
        memory.replace([HELLO])

    remembering(tmp_path, tmp_path, use)
    assert seen == [b"[]"]
    assert not old.exists()


@pytest.mark.parametrize(("newer", "goes_on"), [("ledger.json", b"[]"), ("ledger.jsonl", lines([HELLO]))])
def test_of_two_conversations_the_newer_goes_on_after_a_downgrade_and_an_upgrade(
    tmp_path: Path, newer: str, goes_on: bytes
) -> None:
    folder = tmp_path / "conversation"
    folder.mkdir()
    (folder / "ledger.json").write_bytes(b"[]")
    (folder / "ledger.jsonl").write_bytes(lines([HELLO]))
    for path in folder.iterdir():
        os.utime(path, (1, 2 if path.name == newer else 1))
    seen: list[bytes] = []
    remembering(tmp_path, tmp_path, lambda memory: seen.append(memory.conversation()))
    assert seen == [goes_on]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b'{"volume_percent": "loud"}',
        b"\xff",
        b'{"volume_percent": 101}',
        b'{"volume_percent": -1}',
        b'{"volume_percent": ' + b"9" * 400 + b"}",
        b'{"more": ' + b"[" * 100_000,
        b"{}" + b" " * 2**21,
    ],
)
def test_a_torn_file_costs_the_memory_only(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "state.json").write_bytes(content)
    seen: list[Preferences] = []
    remembering(tmp_path, tmp_path, lambda memory: seen.append(memory.preferences))
    assert seen == [Preferences()]


def test_a_pipe_in_the_place_of_a_file_holds_up_nothing(tmp_path: Path) -> None:
    (tmp_path / "conversation").mkdir()
    for name in ("state.json", "conversation/ledger.jsonl"):
        os.mkfifo(tmp_path / name)
    seen: list[object] = []
    remembering(tmp_path, tmp_path, lambda memory: seen.extend([memory.preferences, memory.conversation()]))
    assert seen == [Preferences(), b""]


def test_a_place_that_cannot_be_written_is_told_and_survived(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "state").write_text("this is no directory")
    remembering(tmp_path / "state", tmp_path, lambda memory: memory.prefer(muted=True))
    assert "cannot be written" in caplog.text
