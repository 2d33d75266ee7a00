"""Runs the servers that are named, or all, and prints what held; the exit status is 1 if something is broken.

`python -m tests.scenarios.servers [--scenario NAME] [SERVER ...]`; everything is kept in out/servers/SERVER.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Callable
from enum import Enum
from pathlib import Path

from msgspec import Struct

from daemon.commands.demo.virtualcard import VirtualCard
from daemon.control.client import ControlError
from tests.scenarios.servers.aimock import Aimock
from tests.scenarios.servers.household import BrokenError, household
from tests.scenarios.servers.litellm import LiteLlm
from tests.scenarios.servers.scenarios import SCENARIOS, LimitError, afterwards, on_tape
from tests.scenarios.servers.server import Server
from tests.scenarios.servers.speech_to_speech import SpeechToSpeech

FOLDER = Path("out/servers")
SERVERS: dict[str, Callable[[Path], Server]] = {each.name: each for each in (SpeechToSpeech, Aimock, LiteLlm)}


class Verdict(Enum):
    """What came of a scenario."""

    OK = "ok"
    LIMIT = "limit"
    BROKEN = "BROKEN"


class Outcome(Struct):
    """A verdict with its reason."""

    verdict: Verdict
    why: str = ""


def play(server: Server, scenario: str) -> Outcome:
    """One scenario, with a service of its own; what it wrote and played stays in a folder."""
    style, act = SCENARIOS[scenario]
    folder = (server.folder / scenario).resolve()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    outcome = Outcome(Verdict.OK)
    try:
        with VirtualCard() as card, household(folder, card, server, style) as house:
            try:
                act(house)
            except LimitError as limit:
                outcome = Outcome(Verdict.LIMIT, str(limit))
            afterwards(house)
        on_tape(house)
    except (BrokenError, ControlError) as broken:
        outcome = Outcome(Verdict.BROKEN, str(broken))
    return outcome


def visit(server: Server, scenarios: list[str]) -> dict[str, Outcome]:
    """All scenarios with one server. A server that cannot be had or started breaks them all."""
    outcomes: dict[str, Outcome] = {}
    try:
        server.install()
        server.start()
        for scenario in scenarios:
            outcomes[scenario] = play(server, scenario)
            print(f"  {server.title}, {scenario}: {told(outcomes[scenario])}", flush=True)
    except (RuntimeError, OSError) as error:
        print(f"  {server.title}: {error}", flush=True)
    finally:
        server.end()
    return {name: outcomes.get(name, Outcome(Verdict.BROKEN, "not played")) for name in scenarios}


def told(outcome: Outcome) -> str:
    """In one line."""
    return f"{outcome.verdict.value} ({outcome.why})" if outcome.why else outcome.verdict.value


def matrix(rows: dict[str, dict[str, Outcome]], scenarios: list[str]) -> str:
    """What held, server by server, and why the rest did not."""
    lines = [f"{'':26}" + "".join(f"{name:10}" for name in scenarios)]
    for title, outcomes in rows.items():
        lines.append(f"{title:26}" + "".join(f"{outcomes[name].verdict.value:10}" for name in scenarios))
    reasons = [
        f"{title}, {name}: {told(outcome)}"
        for title, outcomes in rows.items()
        for name, outcome in outcomes.items()
        if outcome.why
    ]
    return "\n".join(["", *lines, "", *reasons])


def main() -> int:
    """Visit them one after the other."""
    parser = argparse.ArgumentParser(prog="tests.scenarios.servers", description=__doc__)
    parser.add_argument("servers", nargs="*", metavar="SERVER", help=", ".join(SERVERS))
    parser.add_argument("--scenario", action="append", choices=SCENARIOS, help="only this; may be repeated")
    asked = parser.parse_args()
    scenarios = asked.scenario or list(SCENARIOS)
    servers = [SERVERS[name](FOLDER.resolve()) for name in asked.servers or SERVERS]
    rows = {server.title: visit(server, scenarios) for server in servers}
    print(matrix(rows, scenarios))
    return any(each.verdict is Verdict.BROKEN for row in rows.values() for each in row.values())


if __name__ == "__main__":
    sys.exit(main())
