"""@copilotkit/aimock: answers by a script, in writing alone, and hears nothing of what is said."""

from __future__ import annotations

import json
from collections.abc import Mapping

from tests.scenarios.servers.installed import node_packages
from tests.scenarios.servers.script import COMMANDS, SAYINGS, SOMETHING, Json
from tests.scenarios.servers.server import Program, Server, Words


def fixtures() -> list[Json]:
    """A command is called once, and its outcome told then; the last entry answers what was not heard."""
    made: list[Json] = []
    for text, (name, arguments) in COMMANDS.items():
        call = {"name": name, "arguments": json.dumps(arguments)}
        made.append(_entry({"userMessage": text, "hasToolResult": False}, toolCalls=[call]))
        made.append(_entry({"userMessage": text, "hasToolResult": True}, content="It is done."))
    made += [_entry({"userMessage": text}, content=reply) for text, reply in SAYINGS.items()]
    return [*made, _entry({"endpoint": "realtime"}, content=SOMETHING)]


def _entry(match: Json, **response: object) -> Json:
    return {"match": match, "response": response}


class Aimock(Server):
    """The text of its answers is read out by the offline brain."""

    name = "aimock"
    version = "1.43.0"
    hears = False
    speaks = False
    limits: Mapping[str, str] = {"tap": "text only: it throws sound away and has no voice detection"}

    def install(self) -> None:
        programs = node_packages(self.folder, f"@copilotkit/aimock@{self.version}")
        script = self.folder / "script.json"
        script.write_text(json.dumps({"fixtures": fixtures()}))
        command: Words = [programs / "llmock", "--port", str(self.port), "--fixtures", script, "--strict"]
        self._program = Program(command, self.port, self.folder / "server.log")

    def start(self) -> None:
        self._program.start()

    def kill(self) -> None:
        self._program.kill()

    def end(self) -> None:
        self._program.end()
