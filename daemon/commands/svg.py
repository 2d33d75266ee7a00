"""Pictures of lines, boxes, areas and letters as SVG: no plotting library is needed for these."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Literal, TypeAlias
from xml.sax.saxutils import escape, quoteattr

from daemon.text.printable import one_line

INK, FAINT, WRONG, PAPER = "#202124", "#dadce0", "#d93025", "#ffffff"

Anchor: TypeAlias = Literal["start", "middle", "end"]
Point: TypeAlias = tuple[float, float]

_FONT: Final = "DejaVu Sans, sans-serif"


def document(width: float, height: float, shapes: Iterable[str]) -> str:
    """The picture, as the text of a file."""
    body = "\n".join(shapes)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" '
        f'viewBox="0 0 {width:.0f} {height:.0f}" font-family="{_FONT}" font-size="12">\n'
        f'<rect width="100%" height="100%" fill="{PAPER}"/>\n{body}\n</svg>\n'
    )


def line(begin: Point, end: Point, colour: str, title: str = "", *, dotted: bool = False) -> str:
    """From here to there; the title shows under the mouse."""
    (x1, y1), (x2, y2) = begin, end
    dots = ' stroke-dasharray="1 3"' if dotted else ""
    return (
        f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke={quoteattr(colour)}{dots}>'
        f"{_title(title)}</line>"
    )


def box(corner: Point, width: float, height: float, colour: str) -> str:
    """A filled box below and right of its corner."""
    x, y = corner
    size = f'width="{width:.1f}" height="{height:.1f}" shape-rendering="crispEdges"'
    return f'<rect x="{x:.1f}" y="{y:.1f}" {size} fill={quoteattr(colour)}/>'


def dot(place: Point, colour: str, title: str) -> str:
    """A small round one, that others may shine through."""
    x, y = place
    return (
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill={quoteattr(colour)} fill-opacity="0.7">'
        f"{_title(title)}</circle>"
    )


def area(outline: Iterable[Point], colour: str) -> str:
    """What is inside of these points."""
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in outline)
    return f'<polygon points="{points}" fill={quoteattr(colour)}/>'


def letters(
    place: Point,
    text: str,
    *,
    anchor: Anchor = "start",
    size: float = 12,
    bold: bool = False,
    colour: str = INK,
) -> str:
    """One line of text upon this place."""
    x, y = place
    weight = ' font-weight="bold"' if bold else ""
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size:g}" fill={quoteattr(colour)} '
        f'text-anchor="{anchor}"{weight}>{escape(one_line(text))}</text>'
    )


def _title(text: str) -> str:
    return f"<title>{escape(one_line(text))}</title>" if text else ""
