"""A span as a picture: how long each turn waited for its answer, and beneath it what went wrong when.

The SVG is written by hand: the appliance has no plotting library, and needs none for dots and lines.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final
from xml.sax.saxutils import escape

import numpy as np

from daemon.commands.history.reader import Record
from daemon.telemetry.event_log import FIGURES
from daemon.telemetry.journal import RecordKind
from daemon.text.printable import one_line

WIDTH, LEFT, RIGHT = 960, 110, 24
TOP, BOTTOM = 40, 300
LANE = 24
LEAST_MS, MOST_MS = 10.0, 30_000.0
_GRID_MS: Final = (10, 100, 1000, 10_000)
_LANES: Final = {
    "trouble": (RecordKind.TROUBLE,),
    "connection": (RecordKind.DISCONNECTED,),
    "faults": (RecordKind.FAULT,),
    "xruns": (RecordKind.XRUN,),
    "starts": (RecordKind.READY,),
}
_INK, _FAINT, _WRONG, _DOT, _PAPER = "#202124", "#dadce0", "#d93025", "#2f6fd6", "#ffffff"


def svg(records: Sequence[Record], begin: datetime, end: datetime) -> str:
    """The picture, as the text of a file."""
    height = BOTTOM + LANE * (len(_LANES) + 2)
    shapes = [*_frame(begin, end), *_turns(records, begin, end), *_lanes(records, begin, end)]
    body = "\n".join(shapes)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" '
        f'viewBox="0 0 {WIDTH} {height}" font-family="sans-serif" font-size="12">\n'
        f'<rect width="100%" height="100%" fill="{_PAPER}"/>\n{body}\n</svg>\n'
    )


def _x(time: datetime, begin: datetime, end: datetime) -> float:
    part = (time - begin) / (end - begin)
    return LEFT + part * (WIDTH - LEFT - RIGHT)


def _y(milliseconds: float) -> float:
    """On a logarithmic scale: a tenth of a second and ten seconds both matter."""
    inside = min(max(milliseconds, LEAST_MS), MOST_MS)
    part = np.log(inside / LEAST_MS) / np.log(MOST_MS / LEAST_MS)
    return float(BOTTOM - part * (BOTTOM - TOP))


def _frame(begin: datetime, end: datetime) -> Iterator[str]:
    yield _text(LEFT, 22, "from the end of the question to the first sound of the answer", weight="bold")
    for milliseconds in _GRID_MS:
        yield _line(LEFT, _y(milliseconds), WIDTH - RIGHT, _y(milliseconds), _FAINT)
        yield _text(LEFT - 8, _y(milliseconds) + 4, _duration(milliseconds), anchor="end")
    foot = BOTTOM + LANE * (len(_LANES) + 1) + 6
    for tick in range(5):
        time = begin + (end - begin) * tick / 4
        x = _x(time, begin, end)
        yield _line(x, TOP, x, foot - 16, _FAINT)
        yield _text(x, foot, time.strftime("%b %d %H:%M"), anchor="end" if tick == 4 else "middle")


def _turns(records: Sequence[Record], begin: datetime, end: datetime) -> Iterator[str]:
    """A dot for each turn, and lines at half and at nine tenths of them."""
    answered = [record for record in records if all(name in record.fields for name in FIGURES[1:])]
    waits = [sum(record.number(name) for name in FIGURES[1:]) for record in answered]
    for record, wait_ms in zip(answered, waits, strict=True):
        title = escape(f"{wait_ms:.0f} ms, {record.time:%b %d %H:%M:%S}")
        yield (
            f'<circle cx="{_x(record.time, begin, end):.1f}" cy="{_y(wait_ms):.1f}" r="3" fill="{_DOT}" '
            f'fill-opacity="0.7"><title>{title}</title></circle>'
        )
    for percent in (50, 90) if waits else ():
        y = _y(float(np.percentile(waits, percent)))
        yield _line(LEFT, y, WIDTH - RIGHT, y, _INK)
        yield _text(WIDTH - RIGHT, y - 4, f"p{percent}", anchor="end")


def _lanes(records: Sequence[Record], begin: datetime, end: datetime) -> Iterator[str]:
    """A stroke for everything that went wrong."""
    for number, (name, kinds) in enumerate(_LANES.items(), 1):
        y = BOTTOM + LANE * number
        yield _text(LEFT - 8, y + 4, name, anchor="end")
        for record in records:
            if record.kind in kinds:
                x = _x(record.time, begin, end)
                yield _line(x, y - 7, x, y + 7, _INK if RecordKind.READY in kinds else _WRONG, record.message)


def _line(x1: float, y1: float, x2: float, y2: float, colour: str, title: str = "") -> str:
    inner = f"<title>{escape(one_line(title))}</title>" if title else ""
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}">{inner}</line>'


def _text(x: float, y: float, text: str, anchor: str = "start", weight: str = "normal") -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" fill="{_INK}" text-anchor="{anchor}" font-weight="{weight}">'
        f"{escape(text)}</text>"
    )


def _duration(milliseconds: int) -> str:
    return f"{milliseconds} ms" if milliseconds < 1000 else f"{milliseconds // 1000} s"
