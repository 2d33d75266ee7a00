"""What outlives a restart, and what does not outlive a torn file."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from daemon.memory import Memory, Wishes


def remembering(state: Path, runtime: Path, use: Callable[[Memory], None]) -> None:
    """Use a memory inside a loop, and wait until all is written."""

    async def scenario() -> None:
        tasks: list[asyncio.Task[Any]] = []

        def spawn(work: Coroutine[Any, Any, Any], name: str) -> None:
            tasks.append(asyncio.create_task(work, name=name))

        use(Memory(state, runtime, spawn))
        await asyncio.gather(*tasks)

    asyncio.run(scenario())


def test_the_newest_wishes_are_kept(tmp_path: Path) -> None:
    def use(memory: Memory) -> None:
        for percent in (10, 20, 30):
            memory.wish(volume_percent=percent)
        memory.wish(muted=True)

    remembering(tmp_path, tmp_path, use)
    seen: list[Wishes] = []
    remembering(tmp_path, tmp_path, lambda memory: seen.append(memory.wishes))
    assert seen == [Wishes(30, muted=True)]
    assert not list(tmp_path.glob("*.new"))


def test_the_conversation_is_for_our_eyes_only(tmp_path: Path) -> None:
    runtime = tmp_path / "run"
    remembering(tmp_path, runtime, lambda memory: memory.keep_conversation(b"[1]"))
    kept = runtime / "conversation" / "ledger.json"
    assert kept.read_bytes() == b"[1]"
    assert kept.stat().st_mode & 0o777 == 0o600
    assert kept.parent.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"volume_percent": "loud"}', b"\xff"])
def test_a_torn_file_costs_the_memory_only(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "state.json").write_bytes(content)
    seen: list[Wishes] = []
    remembering(tmp_path, tmp_path, lambda memory: seen.append(memory.wishes))
    assert seen == [Wishes()]


def test_a_place_that_cannot_be_written_is_told_and_survived(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "state").write_text("this is no directory")
    remembering(tmp_path / "state", tmp_path, lambda memory: memory.wish(muted=True))
    assert "cannot be written" in caplog.text
