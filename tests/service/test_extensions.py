"""The running service, by hand, while the owner's files do what they like."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from daemon.commands.demo.virtualcard import VirtualCard
from daemon.control.client import request
from tests.extensions.rig import GOOD, alive, put, tool_of
from tests.service.configuration import APPLIANCE
from tests.service.parrot import Parrot
from tests.service.test_service import start, wait_for

CONFIG = (
    """
[realtime]
provider = "custom"
url = "{url}"
fallback = "none"
"""
    + APPLIANCE
)
BAD = {
    "loop": "while True: pass\n",
    "loop_in_c": "sum(iter(int, 1))\n",
    "interrupt": "raise KeyboardInterrupt\n",
    "leave": "os._exit(0)\n",
    "crash": "ctypes.string_at(0)\n",
    "print": "print('[not]', '{json}', flush=True)\n" + tool_of("pass").replace("misbehave", "print_it"),
    "stay": "threading.Thread(target=time.sleep, args=(3600,)).start()\n"
    + tool_of("pass").replace("misbehave", "stay"),
}


class Appliance:
    """A service with a good file, with one whose tool blocks its loop, and with all the bad ones."""

    def __init__(self, folder: Path, card: VirtualCard, tool: str) -> None:
        self.socket = folder / "control.sock"
        self.parrot = Parrot("Hello.", tool, {}, "Yes.", "odd")
        self._folder, self._card = folder, card
        (folder / "tools.d").mkdir(exist_ok=True)
        for name, code in BAD.items():
            put(folder / "tools.d", f"{name}.py", code)
        put(folder / "tools.d", "good.py", GOOD)
        self.begun = folder / "begun"
        body = f"open({str(self.begun)!r}, 'w').close()\ntime.sleep(3600)"
        blocking = tool_of(body, "timeout_s=5", "async def")
        put(folder / "tools.d", "block.py", blocking)

    @contextmanager
    def running(self) -> Iterator[subprocess.Popen[bytes]]:
        """The service, with its two tools known to the server."""
        config = self._folder / "voiced.toml"
        with self.parrot.listening() as url:
            config.write_text(CONFIG.format(url=url, card=self._card, folder=self._folder))
            log, env = self._folder / "log", {**os.environ, **self._card.env}
            process = start("run", "--config", str(config), log=log, env=env)
            try:
                wait_for(lambda: self.status()["link"] == "ready")
                wait_for(
                    lambda: (
                        {"good.py": "ready", "block.py": "ready"}.items() <= self.status()["tools"].items()
                    )
                )
                yield process
            finally:
                process.kill()
                process.wait()

    def status(self) -> dict[str, Any]:
        return request(self.socket, "status")

    def ask(self) -> dict[str, Any]:
        """A typed turn, in which the server calls the tool."""
        turn: dict[str, Any] = request(self.socket, "ask", text="hello")["turn"]
        return turn


def children_of(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def test_questions_are_answered_while_files_loop_crash_and_interrupt_at_their_import(tmp_path: Path) -> None:
    with VirtualCard() as card:
        appliance = Appliance(tmp_path, card, "greet")
        with appliance.running() as process:
            turn = appliance.ask()
            assert turn["tool_calls"][0]["output"].startswith("hello from ")
            assert turn["reply"] == "Yes."
            odd = {"stay.py": "ready", "print.py": "ready"}
            wait_for(lambda: odd.items() <= appliance.status()["tools"].items())
            tools = appliance.status()["tools"]
            assert (
                tools["loop.py"] in ("starting", "pausing") or "its import takes longer" in tools["loop.py"]
            )
            wait_for(lambda: "KeyboardInterrupt" in appliance.status()["tools"]["interrupt.py"])
            wait_for(lambda: "status 0" in appliance.status()["tools"]["leave.py"])
            wait_for(lambda: "SIGSEGV" in appliance.status()["tools"]["crash.py"])
            command = [sys.executable, "-m", "daemon", "status", "--json", "--socket", str(appliance.socket)]
            assert json.loads(subprocess.run(command, capture_output=True, check=True).stdout)["tools"]
            process.send_signal(signal.SIGTERM)
            assert process.wait(10) == 0


def test_a_press_is_heard_while_a_coroutine_blocks_its_loop_and_the_call_ends_at_its_limit(
    tmp_path: Path,
) -> None:
    with VirtualCard() as card:
        appliance = Appliance(tmp_path, card, "misbehave")
        with appliance.running(), ThreadPoolExecutor() as pool:
            turn = pool.submit(appliance.ask)
            wait_for(appliance.begun.exists)
            request(appliance.socket, "press")
            wait_for(lambda: appliance.status()["state"] == "listening")
            assert turn.result()["interrupted"]
            wait_for(lambda: appliance.status()["tools"]["block.py"] != "ready")
            wait_for(lambda: appliance.status()["tools"]["block.py"] == "ready")
            log = (tmp_path / "log").read_text()
            assert "tool misbehave took longer than 5 seconds" in log
            assert log.count("tool misbehave: error") == 1


def test_children_end_with_a_service_that_is_killed_even_in_the_middle_of_a_loop(tmp_path: Path) -> None:
    with VirtualCard() as card:
        appliance = Appliance(tmp_path, card, "greet")
        with appliance.running() as process:
            pids = children_of(process.pid)
            assert len(pids) >= 4
            process.kill()
            process.wait()
            wait_for(lambda: not any(map(alive, pids)))
