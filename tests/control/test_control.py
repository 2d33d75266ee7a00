"""The control socket's own lines, by a real unix socket: whoever watches may do so with a terminal."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from daemon.control.server import ControlServer, Emit, RequestError
from daemon.realtime.events import Json
from daemon.text.masking import Secret

ROOT = Path(__file__).parents[2]
RAW = "ä\x1b]52;c;YQ==\x07\x7f\x85\x9b2J\u202e\u2028\u200b"
KEY = "sk-canary-0123456789"


def conversed(
    folder: Path,
    scenario: Callable[[ControlServer, asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]],
) -> None:
    async def handle(request: Json, emit: Emit) -> Json:
        if request["do"] == "refuse":
            raise RequestError(f"No, {RAW}, {KEY}.")
        for piece in ("it is sk-can", "ary-01234567", f"89, {RAW}"):
            emit({"event": "assistant", "delta": piece})
        return {"turn": {"reply": f"it is {KEY}, {RAW}"}}

    async def run() -> None:
        control = ControlServer(str(folder / "s"), handle)
        await control.open()
        reader, writer = await asyncio.open_unix_connection(folder / "s")
        await asyncio.wait_for(scenario(control, reader, writer), 20)
        writer.close()
        await control.close()

    Secret(KEY)
    asyncio.run(run())


def checked(line: bytes) -> Json:
    text = line.decode()
    assert text.removesuffix("\n").isprintable()
    assert "canary" not in text
    decoded: Json = json.loads(text)
    return decoded


def test_events_answers_and_refusals_are_letters_and_hold_no_key(tmp_path: Path) -> None:
    async def scenario(
        control: ControlServer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        writer.write(b'{"do": "ask"}\n{"do": "refuse"}\n')
        told = [checked(await reader.readline()) for _ in range(5)]
        assert [each["delta"] for each in told[:3]] == ["it is ***", "", f", {RAW}"]
        assert told[3]["turn"]["reply"] == f"it is ***, {RAW}"
        assert told[4]["error"] == f"No, {RAW}, ***."

    conversed(tmp_path, scenario)


def test_half_a_letter_ends_no_watching(tmp_path: Path) -> None:
    """As the name of a file may hold."""

    async def scenario(
        control: ControlServer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        writer.write(b'{"do": "watch"}\n')
        assert checked(await reader.readline()) == {"ok": True}
        control.publish("device", name="\udcff", value=RAW)
        control.publish("state", state="idle")
        assert checked(await reader.readline())["value"] == RAW
        assert checked(await reader.readline())["state"] == "idle"

    conversed(tmp_path, scenario)


def test_a_path_that_is_taken_is_told_with_the_remedy(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for path in (tmp_path / "file", tmp_path / "file/s", tmp_path / ("s" * 120)):

        async def opened(path: Path = path) -> None:
            await ControlServer(str(path), None).open()  # type: ignore[arg-type]

        with pytest.raises(
            OSError, match=rf"control.socket: {path} cannot be used \(.+\); name another path"
        ):
            asyncio.run(opened())


@pytest.mark.parametrize("typed", [b"\xfcber", b"\xff\xfe", "über".encode()])
def test_a_text_from_a_terminal_of_another_alphabet_is_asked(tmp_path: Path, typed: bytes) -> None:
    asked: list[Json] = []

    async def handle(request: Json, emit: Emit) -> Json:
        asked.append(request)
        return {"turn": {"reply": "yes"}}

    async def run() -> None:
        control = ControlServer(str(tmp_path / "s"), handle)
        await control.open()
        command = [sys.executable, "-m", "daemon", "ask", "--socket", str(tmp_path / "s"), os.fsdecode(typed)]
        done = await asyncio.to_thread(subprocess.run, command, capture_output=True, cwd=ROOT, timeout=60)
        await control.close()
        assert done.stdout == b"yes\n", done.stderr

    asyncio.run(run())
    assert asked[0]["text"] == typed.decode(errors="replace")
