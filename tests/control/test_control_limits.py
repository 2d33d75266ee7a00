"""The control socket serves so many at a time; the others are told, and one that does not read is let go."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

from daemon.control.server import MAX_CLIENTS, MAX_LAG_BYTES, ControlServer, Emit
from daemon.realtime.events import Json


async def handle(request: Json, emit: Emit) -> Json:
    if request["do"] == "flood":
        for _ in range(64):
            emit({"delta": "x" * (MAX_LAG_BYTES // 16)})
    return {"said": request["do"]}


async def ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, verb: str) -> Any:
    writer.write(json.dumps({"do": verb}).encode() + b"\n")
    return json.loads(await reader.readline())


def test_one_client_too_many_is_told_and_a_place_that_is_free_again_is_given(tmp_path: Path) -> None:
    async def story() -> None:
        control = ControlServer(str(tmp_path / "control.sock"), handle)
        await control.open()
        path = tmp_path / "control.sock"
        clients = [await asyncio.open_unix_connection(path) for _ in range(MAX_CLIENTS)]
        assert [await ask(*client, "status") for client in clients] == [{"ok": True, "said": "status"}] * 32
        reader, writer = await asyncio.open_unix_connection(path)
        refused = json.loads(await reader.readline())
        assert (refused["ok"], "end some of them" in refused["error"]) == (False, True)
        assert await reader.read() == b""
        writer.close()
        clients[0][1].close()
        await asyncio.sleep(0.05)
        clients[0] = await asyncio.open_unix_connection(path)
        assert (await ask(*clients[0], "status"))["ok"]
        for _, each in clients:
            each.close()
        await control.close()

    asyncio.run(story())


def test_a_client_that_asks_and_does_not_read_is_let_go(tmp_path: Path) -> None:
    async def story() -> None:
        control = ControlServer(str(tmp_path / "control.sock"), handle)
        await control.open()
        _, writer = await asyncio.open_unix_connection(tmp_path / "control.sock")
        writer.transport.pause_reading()  # type: ignore[attr-defined]
        writer.write(b'{"do": "flood"}\n')
        await asyncio.sleep(0.2)
        reader, other = await asyncio.open_unix_connection(tmp_path / "control.sock")
        assert (await ask(reader, other, "status"))["ok"]
        assert control.clients == 1
        other.close()
        writer.close()
        await control.close()

    asyncio.run(story())
