"""`timeline.svg`: both waveforms, states, button, lamps and devices on one time axis."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt

from daemon.commands.demo.recording import RATE_HZ, Track, cut
from daemon.commands.demo.report import Outcome
from daemon.commands.demo.virtualcard import Side
from daemon.commands.verbs import arguments_of
from daemon.control.client import Json
from daemon.text.printable import one_line

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Span: TypeAlias = tuple[float, float, Any]
"""From, to (seconds since the beginning), and what held in between."""

STATES: Final = {
    "idle": "#e8eaed",
    "listening": "#4c8bf5",
    "thinking": "#f5b83d",
    "speaking": "#3bab6b",
    "muted": "#5f6368",
}
_SIDES: Final[dict[Side, str]] = {"microphone": "#2f6fd6", "speaker": "#2a8f57"}
_INK, _FAINT, _WRONG, _LIT = "#202124", "#9aa0a6", "#d93025", "#f5a623"
_OWN_COLOURS: Final = {"red": "#e5483a", "green": "#3bab6b", "blue": "#4c8bf5"}
_STYLE: Final = {
    "font.size": 9,
    "font.family": "DejaVu Sans",
    "svg.hashsalt": "voiced",
    "text.parse_math": False,  # a price in an answer is no formula
}
_MOST_LETTERS: Final = 40
_LETTER_WIDTH_S = 0.18
"""About how much of the time axis one letter of a caption takes."""


@dataclass(frozen=True)
class Performance:
    """What is drawn; `begin` and `end` are time.monotonic() seconds."""

    events: Sequence[Json]
    outcomes: Sequence[Outcome]
    tracks: Mapping[Side, Track]
    begin: float
    end: float

    @property
    def length_s(self) -> float:
        """How long it took."""
        return self.end - self.begin

    def spans(self, kind: str, value: Callable[[Json], Any], name: str | None = None) -> list[Span]:
        """What held when, by the events of this kind (and name); from the first of them on."""
        news = [each for each in self.events if each["event"] == kind and name in (None, each.get("name"))]
        times = [min(max(0.0, each["t"] - self.begin), self.length_s) for each in news]
        values = map(value, news)
        return list(zip(times, [*times[1:], self.length_s], values, strict=False))

    def names(self, kind: str) -> list[str]:
        """Whom the events of this kind are about, in order of appearance."""
        return list(dict.fromkeys(each["name"] for each in self.events if each["event"] == kind))


def draw(path: Path, performance: Performance) -> None:
    """Draw a performance into an SVG, or whatever the name of the file says. Needs matplotlib."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    lanes = _lanes(performance)
    heights = (
        [1.0] * len(performance.tracks)
        + [0.55]
        + [0.3] * len(performance.names("lamp"))
        + [0.36] * len(lanes)
    )
    width = min(48.0, max(14.0, 0.3 * performance.length_s))
    with rc_context(
        {"font.size": 9, "font.family": "DejaVu Sans", "svg.hashsalt": "voiced", "text.parse_math": False}
    ):
        figure = Figure(figsize=(width, 2.2 + 1.05 * sum(heights)), layout="constrained")
        rows = list(figure.subplots(len(heights), 1, sharex=True, height_ratios=heights, squeeze=False)[:, 0])
        for row in rows:
            _bare(row)
        left = iter(rows)
        for side, track in performance.tracks.items():
            _waveform(next(left), performance, side, track)
        _states(next(left), performance)
        for name in performance.names("lamp"):
            _lamp(next(left), performance, name)
        for name in lanes:
            _device(next(left), performance, name)
        _turns(rows, performance)
        rows[-1].set_xlim(0, performance.length_s)
        rows[-1].tick_params(axis="x", bottom=True, labelbottom=True)
        rows[-1].set_xlabel("seconds")
        figure.savefig(path)


def _bare(row: Axes) -> None:
    for spine in row.spines.values():
        spine.set_visible(False)
    row.tick_params(left=False, labelleft=False, bottom=False, labelbottom=False)


def _short(text: object) -> str:
    """Others' words, where they must leave room for the picture."""
    shown = one_line(text)
    return shown if len(shown) <= _MOST_LETTERS else f"{shown[: _MOST_LETTERS - 1]}…"


def _label(row: Axes, text: str) -> None:
    row.set_ylabel(text, rotation=0, ha="right", va="center", color=_INK)


# ---------------------------------------------------------------- rows


def _waveform(row: Axes, performance: Performance, side: Side, track: Track) -> None:
    lowest, highest = envelope(cut(track, performance.begin, performance.end))
    times = np.linspace(0, performance.length_s, len(lowest))
    row.fill_between(times, lowest, highest, color=_SIDES[side], linewidth=0.3)
    reach = max(0.05, float(np.max(np.abs([lowest, highest]))))
    row.set_ylim(-1.1 * reach, 1.1 * reach)
    _label(row, side)


def envelope(samples: npt.NDArray[np.float32], per_second: int = 50) -> npt.NDArray[np.float32]:
    """The lowest and the highest sample of each 1 / per_second s, shape (2, columns)."""
    width = RATE_HZ // per_second
    padded = np.pad(samples, (0, -len(samples) % width)).reshape(-1, width)
    return np.stack([padded.min(axis=1), padded.max(axis=1)])


def _states(row: Axes, performance: Performance) -> None:
    for start, end, state in performance.spans("state", lambda event: event["state"]):
        row.barh(0.5, end - start, 0.5, start, align="edge", color=STATES.get(state, _FAINT))
        if end - start > 0.8 * _LETTER_WIDTH_S * len(state):
            row.text((start + end) / 2, 0.75, state, ha="center", va="center", color=_INK, fontsize=7)
    for start, end, pressed in performance.spans("button", lambda event: event["pressed"]):
        if pressed:
            row.barh(0.05, end - start, 0.3, start, align="edge", color=_INK)
    row.set_ylim(0, 1.05)
    _label(row, "state\nbutton")


def _lamp(row: Axes, performance: Performance, name: str) -> None:
    columns = max(1, round(performance.length_s * 50))
    strip = np.full((1, columns, 3), 0.1)
    for start, end, colour in performance.spans("lamp", lambda event: event["colour"], name):
        strip[0, int(start * 50) : int(end * 50) + 1] = 0.1 + 0.9 * np.clip(colour, 0, 1)
    row.imshow(strip, aspect="auto", extent=(0, performance.length_s, 0, 1), interpolation="nearest")
    _label(row, f"{name} lamp")


def _lanes(performance: Performance) -> list[str]:
    """Outputs that changed, then everything else that was asked for."""
    asked = [_device_of(event) for event in performance.events if event["event"] == "tool"]
    return list(dict.fromkeys([*performance.names("device"), *(name for name in asked if name)]))


def _device_of(event: Json) -> str:
    return str(arguments_of(event).get("device", ""))


def _device(row: Axes, performance: Performance, name: str) -> None:
    row.axhline(0, color=_FAINT, linewidth=0.6)
    own = next((colour for word, colour in _OWN_COLOURS.items() if word in name.split()), _LIT)
    for start, end, value in performance.spans("device", lambda event: event["value"], name):
        height, colour = (float(value != "#000000"), value) if isinstance(value, str) else (value, own)
        if height:
            row.barh(0, end - start, height, start, align="edge", color=colour)
    for event in performance.events:
        if event["event"] == "tool" and _device_of(event) == name:
            at = event["t"] - performance.begin
            row.plot(at, 0.1, "^", color=_INK, markersize=4, clip_on=False)
            if event["name"] == "read_device":
                row.text(at + 0.2, 0.5, _short(event["output"]), va="center", fontsize=7, color=_INK)
    row.set_ylim(0, 1.1)
    _label(row, _short(name))


# ---------------------------------------------------------------- turns


def _turns(rows: Sequence[Axes], performance: Performance) -> None:
    """A faint line where each turn begins, and above it what was said and what was answered."""
    starts = [outcome.begin - performance.begin for outcome in performance.outcomes]
    ends = [*starts[1:], performance.length_s]
    for number, (start, end, outcome) in enumerate(zip(starts, ends, performance.outcomes, strict=False), 1):
        for row in rows:
            row.axvline(start, color=_FAINT, linewidth=0.5, linestyle=":")
        letters = max(14, int((end - start) / _LETTER_WIDTH_S) - 1)
        rows[0].annotate(
            _caption(number, outcome, letters),
            (start, 1.02),
            xycoords=("data", "axes fraction"),
            va="bottom",
            fontsize=7.5,
            color=_WRONG if outcome.problems else _INK,
        )


def _caption(number: int, outcome: Outcome, letters: int) -> str:
    said = outcome.said or outcome.turn.get("heard") or "(a file)"
    paragraphs = [
        f"{number} {'✗' if outcome.problems else '✓'} {said}",
        f"→ {outcome.turn.get('reply') or ''}",
    ]
    lines = [textwrap.wrap(one_line(each), letters, max_lines=4, placeholder=" …") for each in paragraphs]
    return "\n".join(line for paragraph in lines for line in paragraph)
