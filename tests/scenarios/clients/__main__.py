"""Other people's clients against `voiced brain`: `make clients` prints a matrix.

Each client runs in an environment of its own under out/clients, with pinned versions; the real ear and the
real voice answer. A scene that a client does not offer is shown with the place in its code that says so.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.scenarios.clients import sounds
from tests.scenarios.clients.brain import KEY, Address, brain
from tests.scenarios.clients.environments import HOME, Node, Python

SCENES = ("text", "push_to_talk", "voice_and_tool", "interruption", "g711")
_CLIENT_S = 300
_NPM = Node("node", ("openai@7.59.0", "ws@8.23.0", "@openai/agents-realtime@0.20.0"))


@dataclass(frozen=True)
class Client:
    """A client, the driver that plays the scenes with it, and what it runs in."""

    title: str
    driver: str
    environment: Python | Node
    flavour: str = ""
    tls: bool = False


CLIENTS = {
    "openai": Client("openai 3.57", "openai_python.py", Python("openai", ("openai[realtime]==3.57.0",))),
    "openai-npm-ws": Client("npm openai 7.59, ws", "openai_npm.mjs", _NPM, "ws", tls=True),
    "openai-npm-native": Client("npm openai 7.59, native", "openai_npm.mjs", _NPM, "native", tls=True),
    "openai-agents": Client(
        "openai-agents 0.24",
        "openai_agents.py",
        Python("openai-agents", ("openai-agents[voice]==0.24.0",)),
    ),
    "agents-npm-ws": Client("npm agents-realtime 0.20, ws", "openai_agents_npm.mjs", _NPM, "ws"),
    "agents-npm-native": Client("npm agents-realtime 0.20, native", "openai_agents_npm.mjs", _NPM, "native"),
    "livekit-agents": Client(
        "livekit-agents 1.8.9",
        "livekit_agents.py",
        Python("livekit-agents", ("livekit-agents==1.8.9", "livekit-plugins-openai==1.8.9")),
    ),
    "pipecat": Client(
        "pipecat-ai 1.14", "pipecat_ai.py", Python("pipecat", ("pipecat-ai[openai,websocket]==1.14.0",))
    ),
    "strands": Client(
        "strands-agents 1.62",
        "strands_agents.py",
        Python("strands", ("strands-agents[bidi-openai]==1.62.0",)),
    ),
}


async def _play(client: Client, address: Address) -> dict[str, Any]:
    """The outcome of each scene: `{scene: {"ok": ..., "detail": ...}}`."""
    url = address.tls if client.tls else address.plain
    command = [*client.environment.command(client.driver), url, KEY, str((HOME / "sounds").absolute())]
    environment = {
        **os.environ,
        "NODE_EXTRA_CA_CERTS": str(address.ca_file.absolute()),
        "OPENAI_AGENTS_DISABLE_TRACING": "1",
    }
    with _log(client.title).open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            *command, *([client.flavour] if client.flavour else []), stdout=-1, stderr=log, env=environment
        )
        try:
            async with asyncio.timeout(_CLIENT_S):
                output, _ = await process.communicate()
        except TimeoutError:
            process.kill()
            output, _ = await process.communicate()
    outcomes = [json.loads(line) for line in output.decode().splitlines() if line.startswith("{")]
    return {outcome["scene"]: outcome for outcome in outcomes}


def _log(title: str) -> Path:
    return HOME / f"{title.replace(',', '').replace(' ', '-')}.log"


def _mark(outcome: dict[str, Any] | None) -> str:
    return {True: "ok", None: "not offered", False: "FAILS"}[outcome["ok"]] if outcome else "FAILS"


def _show(matrix: dict[str, dict[str, Any]]) -> None:
    print(f"\n{'client':34}" + "".join(f"{scene:16}" for scene in SCENES))
    for title, outcomes in matrix.items():
        print(f"{title:34}" + "".join(f"{_mark(outcomes.get(scene)):16}" for scene in SCENES))
    print()
    for title, outcomes in matrix.items():
        for scene in SCENES:
            outcome = outcomes.get(scene, {"ok": False, "detail": f"no word of it: see {_log(title)}"})
            if outcome["ok"] is not True:
                print(f"{title}, {scene}: {outcome['detail']}")


async def _main(names: list[str]) -> int:
    sounds.write(HOME / "sounds")
    matrix: dict[str, dict[str, Any]] = {}
    for name in names:
        CLIENTS[name].environment.prepare()
    async with brain(HOME) as address:
        for name in names:
            client = CLIENTS[name]
            matrix[client.title] = await _play(client, address)
            print(f"{client.title}: {', '.join(_mark(matrix[client.title].get(scene)) for scene in SCENES)}")
    _show(matrix)
    return int(any(_mark(outcomes.get(scene)) == "FAILS" for outcomes in matrix.values() for scene in SCENES))


def main(arguments: list[str]) -> int:
    """Play all scenes with these clients; 1 if one fails."""
    parser = argparse.ArgumentParser(prog="python -m tests.scenarios.clients", description=__doc__)
    parser.add_argument("name", nargs="*", choices=[[], *CLIENTS], help="which (default: all)")
    options = parser.parse_args(arguments)
    return asyncio.run(_main(options.name or list(CLIENTS)))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
