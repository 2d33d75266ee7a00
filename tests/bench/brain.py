"""What the offline brain costs: memory, cold start, and how soon it answers after the button is let go.

    python -m tests.bench.brain [--engine both] [--turns 9] [--json]

Each brain is a process of its own with the voice hibari. Commands of two seconds are sent as a microphone
sends them, and their calls answered at once; each sentence that it says is new, so that none is kept.
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from websockets.sync.client import unix_connect
from websockets.sync.connection import Connection

from daemon.audio.resampler import Resampler
from daemon.brain.engine_registry import RECOGNIZERS
from tests.bench.train_confusions import read_clip
from tests.brain.home import home

CLIPS = Path(__file__).parents[1] / "brain/clips"
TWO_SECONDS = ("flite-slt_cmd00", "hibari_cmd00", "fest-slt-hts_cmd10")
PIECE_BYTES = 24 * 2 * 40  # 40 ms
PATIENCE_S = 60.0
ROOMS = ("kitchen", "hall", "garage", "garden", "study", "attic", "cellar", "office", "porch", "shed")
STARTS = 5

Event = dict[str, Any]


class Client:
    """A push button's side of a session."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._sentences = (f"The {one} {other} is on." for one in ROOMS for other in ROOMS)

    def send(self, kind: str, **fields: Any) -> None:
        """Send an event."""
        self._connection.send(json.dumps({"type": kind, **fields}))

    def until(self, *kinds: str) -> Event:
        """The next event of one of these types."""
        while True:
            event: Event = json.loads(self._connection.recv(PATIENCE_S))
            if event["type"] in kinds:
                return event

    def configure(self) -> None:
        """A session with the tools of a small home and no voice detection."""
        audio = {"input": {"turn_detection": None}}
        self.send("session.update", session={"type": "realtime", "tools": home(), "audio": audio})

    def speak(self, sound: bytes, *, at_once: bool = False) -> None:
        """Send the sound as fast as a microphone does."""
        began = time.monotonic()
        for number, start in enumerate(range(0, len(sound), PIECE_BYTES), 1):
            if not at_once:
                time.sleep(max(0.0, began + number * 0.04 - time.monotonic()))
            piece = base64.b64encode(sound[start : start + PIECE_BYTES]).decode()
            self.send("input_audio_buffer.append", audio=piece)

    def released(self) -> tuple[float, float]:
        """Let go of the button: seconds to the call, and to the first sound."""
        began = time.monotonic()
        self.send("input_audio_buffer.commit")
        self.send("response.create")
        (call,) = self.until("response.done")["response"]["output"]
        called_s = time.monotonic() - began
        output = {"type": "function_call_output", "call_id": call["call_id"], "output": next(self._sentences)}
        self.send("conversation.item.create", item=output)
        self.send("response.create")
        self.until("response.output_audio.delta")
        sounded_s = time.monotonic() - began
        self.until("response.done")
        return called_s, sounded_s


@contextmanager
def brain(engine: str) -> Iterator[tuple[subprocess.Popen[bytes], Path]]:
    """A brain that has been started this moment, and its socket."""
    with tempfile.TemporaryDirectory(prefix="voiced-") as folder:
        address = Path(folder, "brain.sock")
        command = [sys.executable, "-m", "daemon", "brain", "--listen", f"unix:{address}", "--engine", engine]
        environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
        with subprocess.Popen(command, stderr=subprocess.DEVNULL, env=environment) as process:
            try:
                yield process, address
            finally:
                process.terminate()


@contextmanager
def client(address: Path) -> Iterator[Client]:
    """A configured client, as soon as the brain listens."""
    with _connected(address) as connection:
        talking = Client(connection)
        talking.configure()
        yield talking


def _connected(address: Path) -> Connection:
    end = time.monotonic() + PATIENCE_S
    while True:
        try:
            return unix_connect(str(address), "ws://localhost/v1/realtime")
        except (FileNotFoundError, ConnectionRefusedError):
            if time.monotonic() > end:
                raise
            time.sleep(0.002)


def sound(name: str) -> bytes:
    """A clip as PCM16 at 24 kHz."""
    samples = Resampler(16_000, 24_000).whole(read_clip(CLIPS / f"{name}.wav"))
    return (samples * 32767).astype("<i2").tobytes()


def memory_mb(process: subprocess.Popen[bytes]) -> dict[str, float]:
    """Resident memory now and at most, and what of it is its own."""
    lines = Path(f"/proc/{process.pid}/status").read_text().splitlines()
    fields = dict(line.split(":", 1) for line in lines if line.endswith("kB"))
    names = {"resident": "VmRSS", "own": "RssAnon", "at most": "VmHWM"}
    return {name: int(fields[field].split()[0]) / 1024 for name, field in names.items()}


def spent_s(process: subprocess.Popen[bytes]) -> float:
    """The processor time of the brain so far: it hardly minds what else this machine does."""
    fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measure(engine: str, turns: int) -> dict[str, Any]:
    """Medians in milliseconds, and megabytes after all turns."""
    cold = [_cold(engine) for _ in range(STARTS)]
    with brain(engine) as (process, address), client(address) as talking:
        talking.speak(sound(TWO_SECONDS[0]))
        talking.released()
        times = []
        for turn in range(turns):
            talking.speak(sound(TWO_SECONDS[turn % len(TWO_SECONDS)]))
            before_s = spent_s(process)
            times.append((*talking.released(), spent_s(process) - before_s))
        time.sleep(1.0)  # until it has given back what the last answer took
        return {
            "cold start to the call": _median_ms(called for called, _, _ in cold),
            "cold start to the first sound": _median_ms(sounded for _, sounded, _ in cold),
            "cold start, processor": _median_ms(spent for _, _, spent in cold),
            "release to the call": _median_ms(called for called, _, _ in times),
            "release to the first sound": _median_ms(sounded for _, sounded, _ in times),
            "from release on, processor": _median_ms(spent for _, _, spent in times),
            "memory": memory_mb(process),
        }


def _cold(engine: str) -> tuple[float, float, float]:
    """Seconds from the start of the process to its first call and its first sound, and its processor's."""
    spoken, began = sound(TWO_SECONDS[0]), time.monotonic()
    with brain(engine) as (process, address), client(address) as talking:
        talking.speak(spoken, at_once=True)
        waited_s = time.monotonic() - began
        called_s, sounded_s = talking.released()
        return waited_s + called_s, waited_s + sounded_s, spent_s(process)


def _median_ms(times_s: Iterator[float]) -> float:
    return statistics.median(times_s) * 1000


def main() -> int:
    """Print the figures of each engine."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--engine", nargs="+", choices=RECOGNIZERS, default=["small", "both"])
    parser.add_argument("--turns", type=int, default=9)
    parser.add_argument("--json", action="store_true", help="print JSON for a script")
    options = parser.parse_args()
    found = {engine: measure(engine, options.turns) for engine in options.engine}
    if options.json:
        print(json.dumps(found))
        return 0
    load = f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"
    print(f"{load}; medians of {STARTS} starts and {options.turns} turns")
    for engine, figures in found.items():
        memory = ", ".join(f"{name} {size_mb:.0f} MB" for name, size_mb in figures.pop("memory").items())
        for name, figure in figures.items():
            print(f"{engine:6} {name:32} {figure:.0f} ms")
        print(f"{engine:6} {'memory':32} {memory}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
