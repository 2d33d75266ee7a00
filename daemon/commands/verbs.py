"""`voiced press`, `release`, `say`, `ask`, `stop`, `forget` and `status`: one request, one answer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from daemon.control.client import ControlError, Json, request
from daemon.text.printable import complain, one_line, say, to_json


def run(socket: Path, do: str, text: str | None = None, *, as_json: bool = False) -> int:
    """Ask the running service and print its answer; the exit status is 0, or 1 if it refuses."""
    try:
        reply = request(socket, do, **({} if text is None else {"text": text}))
    except ControlError as error:
        complain(error)
        return 1
    if as_json:
        say(to_json(reply))
    elif do == "status":
        _print_status(reply)
    elif do == "ask":
        _print_turn(reply["turn"])
    return 0


def _print_turn(turn: Json) -> None:
    for call in turn.get("tool_calls", ()):
        say(one_line(f"  {describe_call(call)}"))
    say(turn.get("reply") or "")


def describe_call(call: Json) -> str:
    """A call for people: "set_level(device=fan, percent=30): The fan is at 30 percent."."""
    given = ", ".join(f"{key}={value}" for key, value in arguments_of(call).items())
    return f"{call['name']}({given}): {call.get('output', '')}"


def arguments_of(call: Json) -> Json:
    """The arguments of a call as an object, in whichever form they came."""
    given = call.get("arguments") or {}
    if isinstance(given, dict):
        return given
    try:
        decoded = json.loads(given)
    except (ValueError, RecursionError):
        return {"": given}
    return decoded if isinstance(decoded, dict) else {"": decoded}


def _print_status(status: Json) -> None:
    from rich.table import Column, Table
    from rich.text import Text

    from daemon.commands.terminal import Terminal

    facts = Table.grid("", Column(overflow="fold"), padding=(0, 2))
    for key, value in status.items():
        if key not in ("ok", "devices"):
            facts.add_row(one_line(key.replace("_", " ")), one_line(_plain(value)))
    for name, value in status.get("devices", {}).items():
        facts.add_row(Text(one_line(name), "bold"), one_line(describe_value(value)))
    Terminal().print(facts)


def _plain(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {_plain(each)}" for key, each in value.items()) or "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.1f}" if isinstance(value, float) else str(value)


def describe_value(value: Any) -> str:
    """The value of an output or a sensor, short: "on", "30 %", "#ff0000", "21.5", "yes"."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if not isinstance(value, int | float):
        return str(value)
    if value in (0, 1):
        return "on" if value else "off"
    return f"{value:.0%}" if 0 < value < 1 else f"{value:g}"
