"""How much later the lamp goes on when the cloud is out of reach and the offline brain steps in.

    python -m tests.bench.offline [--json]

Two services hear the same words on one virtual card, in turn: one has the brain as its server, the other a
cloud that nobody listens for.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from daemon.commands.demo.virtualcard import VirtualCard
from daemon.control.client import ControlError, request, stream
from tests.bench.service import CONFIG

CLIP = Path(__file__).parents[1] / "brain/clips/flite-slt_cmd00.wav"
TURNS = 7
PATIENCE_S = 60.0
SERVERS = {
    "brain": '[realtime]\nprovider = "offline"\n',
    "cloud out of reach": '[realtime]\nprovider = "custom"\nurl = "ws://127.0.0.1:9/v1/realtime"\n',
}


def lamp_on_s(control: Path, card: VirtualCard) -> float:
    """From letting go of the button until the lamp is on; it is off again afterwards."""
    events = stream(control, "watch", PATIENCE_S)
    next(events)
    request(control, "press")
    card.feed(CLIP).wait()
    request(control, "release")
    began = time.monotonic()
    next(event for event in events if event.get("event") == "device" and event["name"] == "lamp")
    took_s = time.monotonic() - began
    next(event for event in events if event.get("event") == "turn")
    request(control, "ask", text="turn off the lamp")
    return took_s


def measure() -> dict[str, list[float]]:
    """Seconds of every turn, by server."""
    found: dict[str, list[float]] = {name: [] for name in SERVERS}
    with tempfile.TemporaryDirectory(prefix="voiced-") as name, VirtualCard() as card, ExitStack() as stack:
        brain = Path(name, "brain.sock")
        _start(stack, Path(name), card, "brain", "--listen", f"unix:{brain}")
        controls = {}
        for number, (server, realtime) in enumerate(SERVERS.items()):
            folder = Path(name, str(number))
            folder.mkdir()
            text = CONFIG.format(card=card, folder=folder).replace(f"{folder}/brain.sock", str(brain))
            Path(folder, "voiced.toml").write_text(realtime + text)
            _start(stack, folder, card, "run", "--config", f"{folder}/voiced.toml")
            controls[server] = folder / "control.sock"
        for control in controls.values():
            _await(control)
        for _ in range(TURNS):
            for server, control in controls.items():
                found[server].append(lamp_on_s(control, card))
    return found


def _start(stack: ExitStack, folder: Path, card: VirtualCard, *command: str) -> None:
    with Path(folder, "log").open("ab") as log:
        program = [sys.executable, "-m", "daemon", *command]
        process = subprocess.Popen(program, stderr=log, env={**os.environ, **card.env})
    stack.enter_context(process)
    stack.callback(process.terminate)


def _await(control: Path) -> None:
    """Until it listens and has answered once, so that everything is loaded. Raises ControlError."""
    end = time.monotonic() + PATIENCE_S
    while True:
        try:
            request(control, "ask", text="turn off the lamp")
            return
        except ControlError:
            if time.monotonic() > end:
                raise
            time.sleep(0.2)


def main() -> int:
    """Print the medians, and what they differ by."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print JSON for a script")
    options = parser.parse_args()
    medians = {server: statistics.median(took_s) for server, took_s in measure().items()}
    later_s = medians["cloud out of reach"] - medians["brain"]
    if options.json:
        print(json.dumps({**medians, "later": later_s}))
        return 0
    for server, median_s in medians.items():
        print(f"{server:24} lamp on {median_s * 1000:.0f} ms after the button (median of {TURNS})")
    print(f"{'later by':24} {later_s * 1000:.0f} ms")
    return 0


if __name__ == "__main__":
    sys.exit(main())
