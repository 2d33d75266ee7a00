"""`report.json` and the final table of the demo."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from rich.table import Column, Table
from rich.text import Text

from daemon.commands.verbs import arguments_of
from daemon.control.client import Json
from daemon.telemetry.event_log import LATENCIES

FIGURES: Final = ("heard_ms", *LATENCIES)


@dataclass(frozen=True)
class Outcome:
    """A turn of the demo: the words (None if unknown), its record, the devices after it, its faults.

    `label` is shown to people: the sentence, or the name of the file. `begin` and `end` are time.monotonic()
    seconds.
    """

    label: str
    said: str | None
    turn: Json
    devices: Json
    begin: float
    end: float
    problems: list[str] = field(default_factory=list)


def write_report(path: Path, outcomes: Sequence[Outcome], status: Json) -> bool:
    """Write `report.json`. Returns whether every turn was right."""
    ok = bool(outcomes) and not any(outcome.problems for outcome in outcomes)
    report = {
        "ok": ok,
        "turns": [_turn(outcome) for outcome in outcomes],
        **{key: status.get(key) for key in ("rss_mb", "cpu_s", "start_to_ready_ms")},
    }
    path.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    return ok


def _turn(outcome: Outcome) -> Json:
    turn = outcome.turn
    return {
        "source": turn.get("source"),
        "said": outcome.said,
        "heard": turn.get("heard"),
        "tool_calls": [
            {"name": call["name"], "arguments": arguments_of(call), "output": call.get("output")}
            for call in turn.get("tool_calls", ())
        ],
        "devices": outcome.devices,
        "reply": turn.get("reply"),
        "interrupted": bool(turn.get("interrupted")),
        **{name: turn.get(name) for name in FIGURES},
        "xruns": turn.get("xruns"),
    }


def table(outcomes: Sequence[Outcome]) -> Table:
    """All turns so far, for a terminal."""
    words = [Column(name, ratio=ratio) for name, ratio in {"said": 3, "did": 4, "answer": 5}.items()]
    figures = [Column(f"{name}\nms", justify="right") for name in LATENCIES.values()]
    made = Table("", *words, *figures, box=None, pad_edge=False, header_style="dim", expand=True)
    for outcome in outcomes:
        made.add_row(*_row(outcome))
    return made


def _row(outcome: Outcome) -> list[str | Text]:
    turn = outcome.turn
    mark = Text("✗", "bold red") if outcome.problems else Text("✓", "bold green")
    calls = "\n".join(short_call(call) for call in turn.get("tool_calls", ()))
    reply = Text(str(turn.get("reply") or ""))
    if turn.get("interrupted"):
        reply.append(" (cut off)", "yellow")
    for problem in outcome.problems:
        reply.append(f"\n{problem}", "red")
    figures = [_milliseconds(turn.get(name)) for name in LATENCIES]
    return [mark, _words(outcome), Text(calls), reply, *figures]


def _words(outcome: Outcome) -> Text:
    """The words, and the transcript if it differs."""
    heard = str(outcome.turn.get("heard") or "")
    words = Text(outcome.label)
    if heard.lower().strip(" .?!") != outcome.said:
        words.append(f"\nheard: {heard or 'nothing'}", "dim")
    return words


def short_call(call: Json) -> str:
    """A call in short: "set_level fan 30"."""
    return " ".join([str(call["name"]), *(str(value) for value in arguments_of(call).values())])


def _milliseconds(value: float | None) -> str:
    return "" if value is None else f"{value:.0f}"
