"""The live view of a running appliance: state, lamp, devices, words, and the table of turns."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Final

from rich.console import Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.table import Column, Table
from rich.text import Text

from daemon.commands.demo.event_stream import EventStream
from daemon.commands.demo.report import Outcome, short_call, table
from daemon.commands.terminal import Terminal
from daemon.commands.verbs import describe_value
from daemon.control.client import Json
from daemon.text.printable import one_line

_STATE_STYLES: Final = {"listening": "bold blue", "thinking": "bold yellow", "speaking": "bold green"}
_BAR_CELLS: Final = 12
_LINES_SHOWN: Final = 11
_TURNS_SHOWN: Final = 5


class Scene:
    """The state that follows from the events so far."""

    def __init__(self) -> None:
        self.state = "idle"
        self.pressed = False
        self.lamps: dict[str, str] = {}
        self.devices: Json = {}
        self.lines: list[tuple[str, str]] = []
        self._fresh: set[str] = set()

    def take(self, event: Json) -> None:
        """Apply an event."""
        match event["event"]:
            case "state":
                self.state = event["state"]
            case "button":
                self.pressed = event["pressed"]
            case "lamp":
                self.lamps[event["name"]] = _hex(event["colour"])
            case "device":
                self.devices[event["name"]] = event["value"]
            case "user" | "assistant" as who:
                self._speak(who, event)
            case "tool":
                self.lines.append(("tool", f"{short_call(event)}: {event.get('output', '')}"))
            case "turn":
                self._fresh.clear()

    def _speak(self, who: str, event: Json) -> None:
        """Add streamed words; the whole text replaces them."""
        last = max((at for at, (speaker, _) in enumerate(self.lines) if speaker == who), default=-1)
        if who not in self._fresh:
            self._fresh.add(who)
            last = len(self.lines)
            self.lines.append((who, ""))
        said = event["text"] if "text" in event else self.lines[last][1] + event.get("delta", "")
        self.lines[last] = (who, said)


class View:
    """Draws the events ten times a second on a terminal; elsewhere it prints a line per turn."""

    def __init__(self, console: Terminal, stream: EventStream) -> None:
        self._console = console
        self._stream = stream
        self._scene = Scene()
        self._seen = 0
        self._outcomes: list[Outcome] = []
        self._live = Live(
            get_renderable=self.__rich__, console=console, refresh_per_second=10, transient=True
        )

    def live(self) -> AbstractContextManager[object]:
        """Draws for a `with` block, on a terminal."""
        return self._live if self._console.is_terminal else nullcontext()

    def know(self, devices: Json) -> None:
        """Set the devices as they are before the first event."""
        self._scene.devices.update(devices)

    def add(self, outcome: Outcome) -> None:
        """Add a turn that has ended."""
        self._outcomes.append(outcome)
        if not self._console.is_terminal:
            self._console.print(summary(len(self._outcomes), outcome), soft_wrap=True)

    def __rich__(self) -> RenderableType:
        """The present view."""
        for event in self._stream.events[self._seen :]:
            self._scene.take(event)
            self._seen += 1
        grid = Table.grid(Column(ratio=2), Column(ratio=5), expand=True)
        grid.add_row(_appliance(self._scene), _talk(self._scene.lines))
        return Group(grid, table(self._outcomes[-_TURNS_SHOWN:]))


def summary(number: int, outcome: Outcome) -> Text:
    """A turn as one line."""
    turn = outcome.turn
    line = Text(f"{number:2} ")
    line.append("✗ " if outcome.problems else "✓ ", "bold red" if outcome.problems else "bold green")
    line.append(one_line(f"{outcome.label} | heard: {turn.get('heard') or ''}"))
    for call in turn.get("tool_calls", ()):
        line.append(one_line(f" | {short_call(call)}"), "cyan")
    cut_off = " (cut off)" if turn.get("interrupted") else ""
    line.append(one_line(f" | {turn.get('reply') or ''}{cut_off}"))
    line.append("".join(one_line(f" | {problem}") for problem in outcome.problems), "red")
    return line


def _appliance(scene: Scene) -> Panel:
    facts = Table.grid(padding=(0, 1))
    facts.add_row("state", Text(scene.state, _STATE_STYLES.get(scene.state, "dim")))
    facts.add_row("button", Text("down" if scene.pressed else "up", "bold" if scene.pressed else "dim"))
    for name, colour in scene.lamps.items():
        facts.add_row(f"{name} lamp", Text("████", colour))
    for name, value in scene.devices.items():
        facts.add_row(name, _gauge(value))
    return Panel(facts, title="appliance", border_style="dim")


def _gauge(value: object) -> Text:
    if isinstance(value, str):
        return Text("████", value) if value != "#000000" else Text("off", "dim")
    if isinstance(value, float) and 0 < value <= 1:
        return Text("█" * max(1, round(value * _BAR_CELLS)) + f" {describe_value(value)}", "yellow")
    return Text(describe_value(value), "dim")


def _talk(lines: Sequence[tuple[str, str]]) -> Panel:
    styles = {"user": ("you", "bold cyan"), "assistant": ("box", "bold green"), "tool": ("did", "dim")}
    talk = Table.grid(padding=(0, 1))
    for who, said in lines[-_LINES_SHOWN:]:
        name, style = styles[who]
        talk.add_row(Text(name, style), Text(said, "dim" if who == "tool" else ""))
    return Panel(talk, title="conversation", border_style="dim")


def _hex(colour: Sequence[float]) -> str:
    return "#" + "".join(f"{round(255 * min(1.0, max(0.0, part))):02x}" for part in colour)
