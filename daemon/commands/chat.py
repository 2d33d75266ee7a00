"""`voiced chat`: typed turns; answers are streamed, and every tool call is shown."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from rich.text import Text

from daemon.commands.terminal import Terminal
from daemon.commands.verbs import describe_call
from daemon.control.client import TURN_LIMIT_S, ControlError, Json, RefusedError, request, stream
from daemon.text.printable import complain, one_line

_BOX: Final = Text.assemble(("box", "bold green"), "  ")


def run(socket: Path) -> int:
    """Run typed turns until the end of input; the exit status is 1 if the service cannot be reached."""
    console = Terminal()
    try:
        status = request(socket, "status")
        console.print(f"voiced is {status['state']}; type, or end with Ctrl-D.", style="dim")
        while True:
            text = console.input(Text.assemble(("you", "bold cyan"), "  ")).strip()
            if text:
                _turn(console, socket, text)
    except (EOFError, KeyboardInterrupt):
        console.print()
        return 0
    except ControlError as error:
        complain(error)
        return 1


def _turn(console: Terminal, socket: Path, text: str) -> None:
    """Run one typed turn. A refusal is printed and the chat goes on."""
    try:
        _stream_turn(console, socket, text)
    except RefusedError as error:
        console.print(one_line(error), style="yellow", soft_wrap=True)


def _stream_turn(console: Terminal, socket: Path, text: str) -> None:
    speaking = False
    for line in stream(socket, "ask", TURN_LIMIT_S, text=text, stream=True):
        if line.get("event") == "assistant":
            if not speaking:
                console.print(_BOX, end="")
            speaking = True
            console.out(str(line.get("delta", "")), end="", highlight=False)
        if "ok" in line:
            _finish(console, line["turn"], speaking)
            return


def _finish(console: Terminal, turn: Json, spoken: bool) -> None:
    if spoken:
        console.print()
    else:
        console.print(_BOX, end="")
        console.out(str(turn.get("reply") or "(nothing)"), highlight=False)
    for call in turn.get("tool_calls", ()):
        console.print(Text.assemble("     ", ("did", "dim"), "  "), end="")
        console.out(one_line(describe_call(call)), highlight=False)
