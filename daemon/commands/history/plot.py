"""A plot of a time span: the waiting time of each turn, and below it the faults."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

import numpy as np

from daemon.commands.history.reader import WAIT, Record
from daemon.commands.svg import FAINT, INK, WRONG, document, dot, line, text
from daemon.telemetry.journal import RecordKind

WIDTH, LEFT, RIGHT = 960, 110, 24
TOP, BOTTOM = 40, 300
ROW_HEIGHT = 24
LEAST_MS, MOST_MS = 10.0, 30_000.0
_GRID_MS: Final = (10, 100, 1000, 10_000)
_ROWS: Final = {
    "trouble": (RecordKind.TROUBLE,),
    "connection": (RecordKind.DISCONNECTED,),
    "faults": (RecordKind.FAULT,),
    "xruns": (RecordKind.XRUN,),
    "starts": (RecordKind.READY,),
}
_DOT: Final = "#2f6fd6"


def svg(records: Sequence[Record], begin: datetime, end: datetime) -> str:
    """The SVG as text."""
    height = BOTTOM + ROW_HEIGHT * (len(_ROWS) + 2)
    shapes = [*_frame(begin, end), *_turns(records, begin, end), *_faults(records, begin, end)]
    return document(WIDTH, height, shapes)


def _x(time: datetime, begin: datetime, end: datetime) -> float:
    part = (time - begin) / (end - begin)
    return LEFT + part * (WIDTH - LEFT - RIGHT)


def _y(milliseconds: float) -> float:
    """A logarithmic scale, as 0.1 s and 10 s both matter."""
    inside = min(max(milliseconds, LEAST_MS), MOST_MS)
    part = np.log(inside / LEAST_MS) / np.log(MOST_MS / LEAST_MS)
    return float(BOTTOM - part * (BOTTOM - TOP))


def _frame(begin: datetime, end: datetime) -> Iterator[str]:
    yield text(
        (LEFT, 22), "from the end of the question to the first sound of the answer", font_weight="bold"
    )
    for milliseconds in _GRID_MS:
        y = _y(milliseconds)
        yield line((LEFT, y), (WIDTH - RIGHT, y), FAINT)
        yield text((LEFT - 8, y + 4), _duration(milliseconds), text_anchor="end")
    foot = BOTTOM + ROW_HEIGHT * (len(_ROWS) + 1) + 6
    for tick in range(5):
        time = begin + (end - begin) * tick / 4
        x = _x(time, begin, end)
        yield line((x, TOP), (x, foot - 16), FAINT)
        yield text((x, foot), time.strftime("%b %d %H:%M"), text_anchor="end" if tick == 4 else "middle")


def _turns(records: Sequence[Record], begin: datetime, end: datetime) -> Iterator[str]:
    """A dot for each turn, and lines at the median and the 90th percentile."""
    waits = [(record.time, wait_ms) for record in records if (wait_ms := record.total(WAIT)) is not None]
    for time, wait_ms in waits:
        title = f"{wait_ms:.0f} ms, {time:%b %d %H:%M:%S}"
        yield dot((_x(time, begin, end), _y(wait_ms)), _DOT, title)
    for percent in (50, 90) if waits else ():
        y = _y(float(np.percentile([wait_ms for _, wait_ms in waits], percent)))
        yield line((LEFT, y), (WIDTH - RIGHT, y), INK)
        yield text((WIDTH - RIGHT, y - 4), f"p{percent}", text_anchor="end")


def _faults(records: Sequence[Record], begin: datetime, end: datetime) -> Iterator[str]:
    """A mark for each fault."""
    for number, (name, kinds) in enumerate(_ROWS.items(), 1):
        y = BOTTOM + ROW_HEIGHT * number
        yield text((LEFT - 8, y + 4), name, text_anchor="end")
        for record in records:
            if record.kind in kinds:
                x = _x(record.time, begin, end)
                colour = INK if RecordKind.READY in kinds else WRONG
                yield line((x, y - 7), (x, y + 7), colour, record.message)


def _duration(milliseconds: int) -> str:
    return f"{milliseconds} ms" if milliseconds < 1000 else f"{milliseconds // 1000} s"
