"""`timeline.svg`: both waveforms, states, button, lamps and devices on one time axis."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt

from daemon.commands import svg
from daemon.commands.demo.recording import RATE_HZ, Track, cut
from daemon.commands.demo.report import Outcome
from daemon.commands.demo.virtualcard import Side
from daemon.commands.svg import Point
from daemon.commands.verbs import arguments_of
from daemon.control.client import Json
from daemon.text.printable import one_line

Span: TypeAlias = tuple[float, float, Any]
"""From, to (seconds since the beginning), and the value in between."""

STATES: Final = {
    "idle": "#e8eaed",
    "listening": "#4c8bf5",
    "thinking": "#f5b83d",
    "speaking": "#3bab6b",
    "muted": "#5f6368",
}
_SIDES: Final[dict[Side, str]] = {"microphone": "#2f6fd6", "speaker": "#2a8f57"}
_GREY, _LIT = "#9aa0a6", "#f5a623"
_OWN_COLOURS: Final = {"red": "#e5483a", "green": "#3bab6b", "blue": "#4c8bf5"}
_MAX_CHARACTERS: Final = 40
_LETTER_WIDTH_S = 0.24
"""The width of one letter of a caption on the time axis, roughly."""

_LEFT, _RIGHT, _TOP, _BOTTOM = 110.0, 24.0, 100.0, 40.0
_NARROWEST, _WIDEST, _SECOND = 1008.0, 3456.0, 21.6
_UNIT: Final = 75.0
"""The height of a waveform; other rows are fractions of it."""
_GAP: Final = 8.0
_SMALL, _TINY = 9.0, 7.5
_STEPS_S: Final = (1, 2, 5, 10, 20, 30, 60, 120, 300, 600)
_LEAST_STEP: Final = 60.0


@dataclass(frozen=True)
class Performance:
    """All that is drawn; `begin` and `end` are time.monotonic() seconds."""

    events: Sequence[Json]
    outcomes: Sequence[Outcome]
    tracks: Mapping[Side, Track]
    begin: float
    end: float

    @property
    def length_s(self) -> float:
        """Its duration."""
        return self.end - self.begin

    def spans(self, kind: str, key: str, name: str | None = None) -> list[Span]:
        """The values over time, by the events of this kind (and name), from the first of them on."""
        news = [each for each in self.events if each["event"] == kind and name in (None, each.get("name"))]
        times = [min(max(0.0, each["t"] - self.begin), self.length_s) for each in news]
        values = [each[key] for each in news]
        return list(zip(times, [*times[1:], self.length_s], values, strict=False))

    def names(self, kind: str) -> list[str]:
        """The names in events of this kind, in order of appearance."""
        return list(dict.fromkeys(each["name"] for each in self.events if each["event"] == kind))


@dataclass(frozen=True)
class _Row:
    """A row of the picture, over the whole time; values run from 0 at the bottom to 1 at the top."""

    top: float
    height: float
    width: float
    length_s: float

    def at(self, seconds: float, value: float = 0.0) -> Point:
        """The point of a time and a value."""
        part = seconds / max(self.length_s, 1e-3)
        return _LEFT + part * (self.width - _LEFT - _RIGHT), self.top + (1.0 - value) * self.height

    def bar(self, span: Span, low: float, high: float, colour: str) -> str:
        """A box from one time to another."""
        corner, (right, foot) = self.at(span[0], high), self.at(span[1], low)
        return svg.box(corner, right - corner[0], foot - corner[1], colour)

    def label(self, *lines: str) -> Iterator[str]:
        """The label of the row, to its left."""
        middle = self.top + self.height / 2 + _SMALL * (0.35 - 0.55 * (len(lines) - 1))
        for number, text in enumerate(lines):
            place = (_LEFT - 8, middle + 1.1 * _SMALL * number)
            yield svg.text(place, text, _SMALL, text_anchor="end")


def draw(path: Path, performance: Performance) -> None:
    """Draw a performance into an SVG."""
    path.write_text(timeline(performance), encoding="utf-8")


def timeline(performance: Performance) -> str:
    """The SVG of a performance, as text."""
    width = min(_WIDEST, max(_NARROWEST, _SECOND * performance.length_s))
    shapes: list[str] = []
    top = _TOP
    for height, painted in _rows(performance):
        row = _Row(top, height * _UNIT, width, performance.length_s)
        shapes += painted(row)
        top += row.height + _GAP
    whole = _Row(_TOP, top - _GAP - _TOP, width, performance.length_s)
    return svg.document(width, top + _BOTTOM, [*shapes, *_turns(whole, performance), *_axis(whole)])


_Painter: TypeAlias = Callable[[_Row], Iterator[str]]


def _rows(performance: Performance) -> Iterator[tuple[float, _Painter]]:
    """All rows, with their heights and the functions that draw them."""
    for side, track in performance.tracks.items():
        yield 1.0, partial(_waveform, performance=performance, side=side, track=track)
    yield 0.55, partial(_states, performance=performance)
    for name in performance.names("lamp"):
        yield 0.3, partial(_lamp, performance=performance, name=name)
    for name in _device_rows(performance):
        yield 0.36, partial(_device, performance=performance, name=name)


def _short(text: object) -> str:
    """A text from elsewhere, shortened to fit the picture."""
    shown = one_line(text)
    return shown if len(shown) <= _MAX_CHARACTERS else f"{shown[: _MAX_CHARACTERS - 1]}…"


def _axis(whole: _Row) -> Iterator[str]:
    """The time axis, below."""
    second = whole.at(1.0)[0] - whole.at(0.0)[0]
    step = next((each for each in _STEPS_S if each * second >= _LEAST_STEP), _STEPS_S[-1])
    for seconds in range(0, int(whole.length_s) + 1, step):
        x, y = whole.at(seconds)
        yield svg.line((x, y + 4), (x, y + 8), svg.INK)
        yield svg.text((x, y + 18), str(seconds), _SMALL, text_anchor="middle")
    x, y = whole.at(whole.length_s / 2)
    yield svg.text((x, y + 32), "seconds", _SMALL, text_anchor="middle")


# ---------------------------------------------------------------- rows


def _waveform(row: _Row, performance: Performance, side: Side, track: Track) -> Iterator[str]:
    lowest, highest = envelope(cut(track, performance.begin, performance.end))
    reach = 2.2 * max(0.05, float(np.max(np.abs([lowest, highest]), initial=0.0)))
    times = np.linspace(0, performance.length_s, len(lowest))
    above = [row.at(time, 0.5 + value / reach) for time, value in zip(times, highest, strict=True)]
    below = [row.at(time, 0.5 + value / reach) for time, value in zip(times, lowest, strict=True)]
    yield svg.area([*above, *reversed(below)], _SIDES[side])
    yield svg.line(row.at(0.0, 0.5), row.at(performance.length_s, 0.5), _SIDES[side])
    yield from row.label(side)


def envelope(samples: npt.NDArray[np.float32], per_second: int = 50) -> npt.NDArray[np.float32]:
    """The lowest and the highest sample of each 1 / per_second s, shape (2, columns)."""
    width = RATE_HZ // per_second
    padded = np.pad(samples, (0, -len(samples) % width)).reshape(-1, width)
    return np.stack([padded.min(axis=1), padded.max(axis=1)])


def _states(row: _Row, performance: Performance) -> Iterator[str]:
    for span in performance.spans("state", "state"):
        start, end, state = span
        yield row.bar(span, 0.48, 0.95, STATES.get(state, _GREY))
        if end - start > 0.8 * _LETTER_WIDTH_S * len(state):
            x, y = row.at((start + end) / 2, 0.71)
            yield svg.text((x, y + 0.35 * _TINY), state, _TINY, text_anchor="middle")
    for span in performance.spans("button", "pressed"):
        if span[2]:
            yield row.bar(span, 0.05, 0.33, svg.INK)
    yield from row.label("state", "button")


def _lamp(row: _Row, performance: Performance, name: str) -> Iterator[str]:
    """Its colours, upon a lamp that is dark."""
    yield row.bar((0.0, performance.length_s, None), 0.0, 1.0, "#1a1a1a")
    for span in performance.spans("lamp", "colour", name):
        yield row.bar(span, 0.0, 1.0, _shown(span[2]))
    yield from row.label(f"{name} lamp")


def _shown(colour: Sequence[float]) -> str:
    """A lamp's colour upon a lamp that can be seen when it is off."""
    return "#" + "".join(f"{round(255 * (0.1 + 0.9 * min(max(part, 0.0), 1.0))):02x}" for part in colour)


def _device_rows(performance: Performance) -> list[str]:
    """Rows for outputs that changed, then for all other tools that were called."""
    asked = [_device_of(event) for event in performance.events if event["event"] == "tool"]
    return list(dict.fromkeys([*performance.names("device"), *(name for name in asked if name)]))


def _device_of(event: Json) -> str:
    return str(arguments_of(event).get("device", ""))


def _device(row: _Row, performance: Performance, name: str) -> Iterator[str]:
    yield svg.line(row.at(0.0), row.at(performance.length_s), _GREY)
    own = next((colour for word, colour in _OWN_COLOURS.items() if word in name.split()), _LIT)
    for span in performance.spans("device", "value", name):
        value = span[2]
        height, colour = (float(value != "#000000"), value) if isinstance(value, str) else (value, own)
        if height:
            yield row.bar(span, 0.0, 0.9 * height, colour)
    for event in performance.events:
        if event["event"] == "tool" and _device_of(event) == name:
            x, y = row.at(event["t"] - performance.begin)
            yield svg.area([(x - 3, y), (x + 3, y), (x, y - 5)], svg.INK)
            if event["name"] == "read_device":
                yield svg.text((x + 5, y - 0.4 * row.height), _short(event["output"]), _TINY)
    yield from row.label(_short(name))


# ---------------------------------------------------------------- turns


def _turns(whole: _Row, performance: Performance) -> Iterator[str]:
    """A faint line at the beginning of each turn, with the question and the answer above it."""
    starts = [outcome.begin - performance.begin for outcome in performance.outcomes]
    ends = [*starts[1:], performance.length_s]
    for number, (start, end, outcome) in enumerate(zip(starts, ends, performance.outcomes, strict=False), 1):
        yield svg.line(whole.at(start, 1.0), whole.at(start), _GREY, dotted=True)
        lines = _caption(number, outcome, max(14, int((end - start) / _LETTER_WIDTH_S) - 1))
        x, y = whole.at(start, 1.0)
        for above, text in enumerate(reversed(lines)):
            colour = svg.WRONG if outcome.problems else svg.INK
            yield svg.text((x, y - 4 - 1.2 * _TINY * above), text, _TINY, fill=colour)


def _caption(number: int, outcome: Outcome, letters: int) -> list[str]:
    said = outcome.said or outcome.turn.get("heard") or "(a file)"
    paragraphs = [
        f"{number} {'✗' if outcome.problems else '✓'} {said}",
        f"→ {outcome.turn.get('reply') or ''}",
    ]
    lines = [textwrap.wrap(one_line(each), letters, max_lines=4, placeholder=" …") for each in paragraphs]
    return [line for paragraph in lines for line in paragraph]
