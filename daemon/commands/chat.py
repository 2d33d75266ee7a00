"""`voiced chat`: typed turns; what is said streams in, and every call is shown."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console

from daemon.commands.client import TURN_LIMIT_S, ControlError, Json, RefusedError, request, stream
from daemon.commands.verbs import describe_call


def run(socket: Path) -> int:
    """Talk by keyboard until the end of input; the exit status is 1 if the service cannot be reached."""
    console = Console(highlight=False)
    try:
        status = request(socket, "status")
        console.print(f"[dim]voiced is {status['state']}; type, or end with Ctrl-D.")
        while True:
            text = console.input("[bold cyan]you[/]  ").strip()
            if text:
                _turn(console, socket, text)
    except (EOFError, KeyboardInterrupt):
        console.print()
        return 0
    except ControlError as error:
        Console(stderr=True).print(str(error), highlight=False, soft_wrap=True)
        return 1


def _turn(console: Console, socket: Path, text: str) -> None:
    """One typed turn. A refused turn is told and the chat goes on."""
    try:
        _stream_turn(console, socket, text)
    except RefusedError as error:
        console.print(str(error), style="yellow", highlight=False, soft_wrap=True)


def _stream_turn(console: Console, socket: Path, text: str) -> None:
    speaking = False
    for line in stream(socket, "ask", TURN_LIMIT_S, text=text, stream=True):
        if line.get("event") == "assistant":
            if not speaking:
                console.print("[bold green]box[/]  ", end="")
            speaking = True
            console.out(line.get("delta", ""), end="", highlight=False)
        if "ok" in line:
            _finish(console, line["turn"], speaking)
            return


def _finish(console: Console, turn: Json, spoken: bool) -> None:
    if spoken:
        console.print()
    else:
        console.print("[bold green]box[/]  ", end="")
        console.out(turn.get("reply") or "(nothing)", highlight=False)
    for call in turn.get("tool_calls", ()):
        console.print("     [dim]did[/]  ", end="")
        console.out(describe_call(call), highlight=False)
