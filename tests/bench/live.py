"""How well the whole appliance hears, in real time over the virtual card: `voiced demo --wav`, judged.

    python -m tests.bench.live --speech DIR [--kinds cmd oog] [--voices ...] [--out DIR]

A command is right when its tool calls are those that its text means; a sentence outside is right when no tool
that moves a device was called.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from daemon.brain.nlu.grammar import Grammar
from daemon.config.loader import load
from daemon.tools.builtin import builtin_tools
from daemon.tools.toolbox import Toolbox

DEMO = Path(__file__).parents[2] / "deploy/demo.toml"
MOVING = {"set_device", "set_level", "set_colour", "blink_device", "pulse_device"}


def demo_grammar() -> Grammar:
    """What can be said to the demo's devices."""
    return Grammar(Toolbox(builtin_tools(load(DEMO).devices, None, True)).schemas())  # type: ignore[arg-type]


def verdict(clip: dict[str, Any], turn: dict[str, Any], grammar: Grammar) -> str:
    """right, wrong, asked or refused."""
    calls = [(call["name"], call["arguments"]) for call in turn["tool_calls"]]
    if clip["kind"] != "cmd":
        moved = any(name in MOVING for name, _ in calls)
        return "wrong" if moved else "asked" if turn["reply"].endswith("?") else "right"
    meaning = grammar.understand(clip["text"])
    assert meaning is not None, clip["text"]
    if calls:
        return "right" if calls == [(call.name, call.arguments) for call in meaning.calls] else "wrong"
    return "asked" if turn["reply"].endswith("?") else "refused"


def main() -> int:
    """Play, judge, count; 1 if the demo itself failed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--speech", type=Path, default=Path("../shared/speech"))
    parser.add_argument("--kinds", nargs="+", default=["cmd", "oog"])
    parser.add_argument("--voices", nargs="+", default=[])
    parser.add_argument("--out", type=Path, default=Path("out/live"))
    options = parser.parse_args()
    clips = [
        clip
        for clip in json.loads((options.speech / "manifest.json").read_text())
        if clip["kind"] in options.kinds and (not options.voices or clip["voice"] in options.voices)
    ]
    files = [str(options.speech / clip["file"]) for clip in clips]
    command = [sys.executable, "-m", "daemon", "demo", "--out", str(options.out), "--wav", *files]
    status = subprocess.run(command, stdout=subprocess.DEVNULL, check=False).returncode
    turns = json.loads((options.out / "report.json").read_text())["turns"]
    grammar, counts = demo_grammar(), Counter[tuple[str, str]]()
    for clip, turn in zip(clips, turns, strict=True):
        judged = verdict(clip, turn, grammar)
        counts[clip["kind"], judged] += 1
        if judged != "right":
            print(
                f"{judged:8} {clip['file']:28} {clip['text']!r}: heard {turn['heard']!r}, {turn['reply']!r}"
            )
    for (kind, judged), count in sorted(counts.items()):
        print(f"{kind:4} {judged:8} {count}")
    return status


if __name__ == "__main__":
    sys.exit(main())
