"""The walk as a table: fault by phase, what became of the utterances, and the worst recovery of each cell."""

from __future__ import annotations

from collections import Counter, defaultdict
from html import escape
from pathlib import Path
from typing import TypeAlias

from tests.scenarios.faults.verdict import Verdict

PHASES = ("start", "tool turn", "answer", "barge-in", "text", "rotation", "after")
Cells: TypeAlias = dict[tuple[str, str], list[Verdict]]
_STYLE = """
body { font: 14px/1.4 system-ui; margin: 2em; } table { border-collapse: collapse; }
td, th { border: 1px solid #ccc; padding: 2px 8px; text-align: right; } th:first-child { text-align: left; }
.told { background: #fff3d0; } .broken { background: #f8c0c0; } .whole { background: #ddf3dd; }
"""


def cells(verdicts: list[Verdict]) -> Cells:
    """The runs with one fault that struck, by fault and phase."""
    found: Cells = defaultdict(list)
    for verdict in verdicts:
        if len(verdict.kinds) == 1 and verdict.phase in PHASES:
            found[verdict.kinds[0], verdict.phase].append(verdict)
    return found


def counted(runs: list[Verdict]) -> tuple[str, str]:
    """A class for the colour, and "recovered/told/broken"."""
    broken = sum(1 for run in runs if run.broken)
    told = sum(1 for run in runs if not run.broken and "told" in run.outcomes)
    kind = "broken" if broken else "told" if told else "whole"
    return kind, f"{len(runs) - broken - told}/{told}/{broken}"


def as_text(verdicts: list[Verdict]) -> str:
    """The table for a terminal: recovered/told/broken in each cell."""
    found = cells(verdicts)
    lines = ["recovered/told/broken".ljust(44) + "".join(phase.rjust(12) for phase in PHASES)]
    for kind in _kinds(found):
        row = [counted(found[kind, phase])[1] if (kind, phase) in found else "" for phase in PHASES]
        lines.append(kind.ljust(44) + "".join(cell.rjust(12) for cell in row))
    return "\n".join(lines)


def as_html(verdicts: list[Verdict], path: Path) -> None:
    """The same as a page, with the worst recovery of each cell in seconds, and every broken promise."""
    found = cells(verdicts)
    rows = "".join(_row(kind, found) for kind in _kinds(found))
    heads = "".join(f"<th>{phase}</th>" for phase in PHASES)
    broken = "".join(
        f"<li><code>--plan '{escape(each.plan)}'</code> {escape('; '.join(each.broken))}</li>"
        for each in verdicts
        if each.broken
    )
    totals = Counter(outcome for each in verdicts for outcome in each.outcomes)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        f"<!doctype html><meta charset=utf-8><title>voiced: faults</title><style>{_STYLE}</style>"
        f"<h1>{len(verdicts)} runs</h1><p>Utterances: {escape(str(dict(totals)))}. Each cell: "
        f"runs that recovered, that told the user, that broke a promise; and the worst recovery.</p>"
        f"<table><tr><th>fault</th>{heads}</tr>{rows}</table><h2>Broken promises</h2><ul>{broken}</ul>",
        encoding="utf-8",
    )


def _kinds(found: Cells) -> list[str]:
    return sorted({kind for kind, _ in found})


def _row(kind: str, found: Cells) -> str:
    row = ""
    for phase in PHASES:
        runs = found.get((kind, phase))
        if not runs:
            row += "<td></td>"
            continue
        colour, counts = counted(runs)
        worst_s = max(run.recovery_s for run in runs)
        row += f"<td class={colour}>{counts}<br><small>{worst_s:.1f} s</small></td>"
    return f"<tr><th>{escape(kind)}</th>{row}</tr>"
