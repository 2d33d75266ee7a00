"""What the service costs: start to READY, memory, CPU; each beside a floor that is measured in the same run.

    python -m tests.bench.service [--json]

The card is virtual and the brain is the real one in a process of its own, so that only the daemon is counted.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from daemon.commands.demo.virtualcard import VirtualCard
from daemon.control.client import ControlError, request
from tests.service.configuration import APPLIANCE, LAMPS

STARTS = 7
STREAM_S = 10.0
FLOOR_IMPORTS = "import websockets, numpy"
FLOOR = """
import ssl, sys
import alsaaudio, gpiozero, numpy, websockets.asyncio.client
context = ssl.create_default_context()
numpy.ones((64, 64), numpy.float32) @ numpy.ones((64, 64), numpy.float32)
print("up", flush=True)
sys.stdin.read()
"""
BARE_CAPTURE = """
import alsaaudio, sys, time
card = alsaaudio.PCM(alsaaudio.PCM_CAPTURE, device=sys.argv[1], rate=48000, channels=1,
                     format=alsaaudio.PCM_FORMAT_S16_LE, periodsize=480, periods=8)
card.read()
began, spent = time.monotonic(), time.process_time()
while time.monotonic() - began < float(sys.argv[2]):
    card.read()
print((time.process_time() - spent) / (time.monotonic() - began))
"""
CONFIG = (
    """
[brain]
address = "unix:{folder}/brain.sock"
[devices.heater]
kind = "relay"
pin = 23
"""
    + LAMPS
    + APPLIANCE
)


def memory_mb(pid: int) -> dict[str, float]:
    """Resident and anonymous memory of a process."""
    rows = dict(line.split(":") for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:])
    return {
        name: round(int(rows[key].split()[0]) / 1024, 1)
        for name, key in (("rss", "Rss"), ("anon", "Anonymous"))
    }


def cpu_s(pid: int) -> float:
    """User and system time of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def floor_memory() -> dict[str, float]:
    """The given packages alone, loaded and used once."""
    command = [sys.executable, "-c", FLOOR]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        found = memory_mb(process.pid)
        process.terminate()
    return found


def bare_capture_percent(card: VirtualCard, env: dict[str, str]) -> float:
    """A loop that reads the same card and throws it away: what the card's plugin costs alone."""
    command = [sys.executable, "-c", BARE_CAPTURE, card.microphone, str(STREAM_S)]
    output = subprocess.run(command, env=env, check=True, capture_output=True).stdout
    return round(100 * float(output), 2)


@contextmanager
def daemon(config: Path, env: dict[str, str]) -> Iterator[tuple[subprocess.Popen[bytes], float]]:
    """A running service, and how long it took from the start of the process to READY=1."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
        path = str(config.parent / "notify.sock")
        Path(path).unlink(missing_ok=True)
        notify.bind(path)
        notify.settimeout(30)
        began = time.monotonic()
        command = [sys.executable, "-m", "daemon", "run", "--config", str(config)]
        with (config.parent / "service.log").open("ab") as log:
            process = subprocess.Popen(command, env={**env, "NOTIFY_SOCKET": path}, stderr=log)
        try:
            while b"READY=1" not in notify.recv(4096):
                pass
            yield process, time.monotonic() - began
        finally:
            process.terminate()
            process.wait(10)


def time_imports() -> float:
    """The floor of every start: the interpreter and two packages."""
    began = time.monotonic()
    subprocess.run([sys.executable, "-c", FLOOR_IMPORTS], check=True)
    return time.monotonic() - began


def measure_start(config: Path, env: dict[str, str]) -> dict[str, float]:
    """Side by side, in turn."""
    ready_s, floor_s = [], []
    for _ in range(STARTS):
        floor_s.append(time_imports())
        with daemon(config, env) as (_, took_s):
            ready_s.append(took_s)
    ratios = [ready / floor for ready, floor in zip(ready_s, floor_s, strict=True)]
    return {
        "ready_ms": round(statistics.median(ready_s) * 1000),
        "import_websockets_numpy_ms": round(statistics.median(floor_s) * 1000),
        "ratio": round(statistics.median(ratios), 2),
    }


def measure_conversation(config: Path, card: VirtualCard, env: dict[str, str]) -> dict[str, Any]:
    """Memory idle and in a turn; CPU idle, while listening, and while speaking."""
    control = config.parent / "control.sock"
    with daemon(config, env) as (process, _):
        while request(control, "status")["link"] != "ready":
            time.sleep(0.1)
        time.sleep(1.0)
        found: dict[str, Any] = {"idle_mb": memory_mb(process.pid), "floor_mb": floor_memory()}
        found["idle_cpu_percent"] = load_percent(process.pid, 5.0)
        request(control, "press")
        time.sleep(0.5)
        found["listening_cpu_percent"] = load_percent(process.pid, STREAM_S)
        found["bare_capture_cpu_percent"] = bare_capture_percent(card, env)
        found["turn_mb"] = memory_mb(process.pid)
        request(control, "stop")
        request(control, "release")
        found["answer"] = measure_answer(process.pid, control)
    return found


def measure_answer(pid: int, control: Path) -> dict[str, float]:
    """CPU over a whole typed turn with a long spoken answer."""
    before_s, began = cpu_s(pid), time.monotonic()
    turn = request(control, "ask", text="what can you do")["turn"]
    spent_s, took_s = cpu_s(pid) - before_s, time.monotonic() - began
    figures = {"turn_s": round(took_s, 2), "cpu_percent": round(100 * spent_s / took_s, 2)}
    return {
        **figures,
        "heard_ms": turn["heard_ms"],
        "first_delta_to_sound_ms": turn["first_delta_to_sound_ms"],
    }


def load_percent(pid: int, span_s: float) -> float:
    """Share of one core over some seconds."""
    before_s = cpu_s(pid)
    time.sleep(span_s)
    return round(100 * (cpu_s(pid) - before_s) / span_s, 2)


def measure() -> dict[str, Any]:
    """Everything."""
    with tempfile.TemporaryDirectory(prefix="voiced-") as name, VirtualCard() as card:
        folder = Path(name)
        config = folder / "voiced.toml"
        config.write_text(CONFIG.format(card=card, folder=folder))
        env = {**os.environ, **card.env}
        start = measure_start(config, env)
        command = [sys.executable, "-m", "daemon", "brain", "--listen", f"unix:{folder}/brain.sock"]
        with (folder / "brain.log").open("ab") as log, subprocess.Popen(command, stderr=log) as brain:
            try:
                return {"start": start, **measure_conversation(config, card, env)}
            finally:
                brain.terminate()


def main() -> int:
    """Print the figures; 2 if a part of the bench does not run."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print JSON for a script")
    options = parser.parse_args()
    try:
        found = measure()
    except ControlError as error:
        print(error, file=sys.stderr)
        return 2
    if options.json:
        print(json.dumps(found))
        return 0
    for name, figures in found.items():
        print(f"{name:24}", figures)
    return 0


if __name__ == "__main__":
    sys.exit(main())
