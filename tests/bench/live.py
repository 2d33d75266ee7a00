"""How well the whole appliance hears, in real time over the virtual card: `voiced demo --wav`, judged.

    python -m tests.bench.live --speech DIR [--kinds cmd oog wake] [--voices ...] [--out DIR]

A command is right when its tool calls are those that its text means, or when just these are asked back; a
sentence outside is right when no tool that moves a device was called. The claim: of 72 commands at least 70
are right, none is acted on wrongly, and nothing outside moves a device. The exit status is 1 where it fails.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from daemon.brain.nlu.grammar import Grammar
from daemon.brain.server.dialogue import capital
from daemon.config.loader import load
from daemon.tools.builtin import builtin_tools
from daemon.tools.toolbox import Toolbox

DEMO = Path(__file__).parents[2] / "deploy/demo.toml"
GOOD = ("right", "asked")
LEAST_RIGHT = 70 / 72
MOVING = {"set_device", "set_level", "set_colour", "blink_device", "pulse_device"}


def demo_grammar() -> Grammar:
    """What can be said to the demo's devices."""
    return Grammar(Toolbox(builtin_tools(load(DEMO).devices, None, True)).schemas())  # type: ignore[arg-type]


def verdict(clip: dict[str, Any], turn: dict[str, Any], grammar: Grammar) -> str:
    """right, asked (right), asked wrong, wrong or refused."""
    calls = [(call["name"], call["arguments"]) for call in turn["tool_calls"]]
    asked = turn["reply"].endswith("?")
    if not clip["kind"].startswith("cmd"):
        moved = any(name in MOVING for name, _ in calls)
        return "wrong" if moved else "asked wrong" if asked else "right"
    meaning = grammar.understand(clip["text"])
    assert meaning is not None, clip["text"]
    if calls:
        return "right" if calls == [(call.name, call.arguments) for call in meaning.calls] else "wrong"
    if turn["reply"] == f"{capital(meaning.readback)}?":
        return "asked"
    return "asked wrong" if asked else "refused"


def claim_holds(counts: Mapping[tuple[str, str], int]) -> bool:
    """Nearly every command is right or asked right, and nothing is acted on wrongly."""
    commands = sum(count for (kind, _), count in counts.items() if kind.startswith("cmd"))
    good = sum(
        counts.get((kind, judged), 0) for kind, judged in counts if kind.startswith("cmd") and judged in GOOD
    )
    wrong = sum(count for (_, judged), count in counts.items() if judged == "wrong")
    return good >= commands * LEAST_RIGHT and not wrong


def main() -> int:
    """Play, judge, count."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--speech", type=Path, default=Path("../shared/speech"))
    parser.add_argument("--kinds", nargs="+", default=["cmd", "oog", "wake"])
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
    subprocess.run(command, stdout=subprocess.DEVNULL, check=False)
    turns = json.loads((options.out / "report.json").read_text())["turns"]
    grammar, counts = demo_grammar(), Counter[tuple[str, str]]()
    for clip, turn in zip(clips, turns, strict=True):
        judged = verdict(clip, turn, grammar)
        counts[clip["kind"], judged] += 1
        if judged != "right":
            print(
                f"{judged:11} {clip['file']:28} {clip['text']!r}: heard {turn['heard']!r}, {turn['reply']!r}"
            )
    for (kind, judged), count in sorted(counts.items()):
        print(f"{kind:4} {judged:11} {count}")
    holds = claim_holds(counts)
    print("the claim holds" if holds else "THE CLAIM FAILS")
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main())
