"""SVG pictures of lines, boxes, areas and text, without a plotting library."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, TypeAlias
from xml.sax.saxutils import escape, quoteattr

from daemon.text.printable import one_line

INK, FAINT, WRONG, PAPER = "#202124", "#dadce0", "#d93025", "#ffffff"

Point: TypeAlias = tuple[float, float]

_FONT: Final = "DejaVu Sans, sans-serif"


def document(width: float, height: float, shapes: Iterable[str]) -> str:
    """The SVG document as text."""
    body = "\n".join(shapes)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" '
        f'viewBox="0 0 {width:.0f} {height:.0f}" font-family="{_FONT}" font-size="12">\n'
        f'<rect width="100%" height="100%" fill="{PAPER}"/>\n{body}\n</svg>\n'
    )


def line(begin: Point, end: Point, colour: str, title: str = "", *, dotted: bool = False) -> str:
    """A line; its title is a tooltip."""
    (x1, y1), (x2, y2) = begin, end
    dots = {"stroke_dasharray": "1 3"} if dotted else {}
    return _element("line", _title(title), x1=x1, y1=y1, x2=x2, y2=y2, stroke=colour, **dots)


def box(corner: Point, width: float, height: float, colour: str) -> str:
    """A filled box; `corner` is its upper left one."""
    x, y = corner
    crisp = {"shape_rendering": "crispEdges"}
    return _element("rect", x=x, y=y, width=width, height=height, fill=colour, **crisp)


def dot(place: Point, colour: str, title: str) -> str:
    """A small translucent dot."""
    return _element("circle", _title(title), cx=place[0], cy=place[1], r=3, fill=colour, fill_opacity=0.7)


def area(outline: Iterable[Point], colour: str) -> str:
    """A filled polygon."""
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in outline)
    return _element("polygon", points=points, fill=colour)


def text(place: Point, text: str, size: float = 12.0, **look: str) -> str:
    """One line of text; `look` are attributes such as `text_anchor`."""
    attributes = {"fill": INK, **look}
    return _element("text", escape(one_line(text)), x=place[0], y=place[1], font_size=size, **attributes)


def _element(tag: str, body: str = "", **attributes: float | str) -> str:
    """An element; underscores in attributes become hyphens, numbers get one decimal."""
    told = (
        (name, f"{each:.1f}" if isinstance(each, float) else str(each)) for name, each in attributes.items()
    )
    written = " ".join(f"{name.replace('_', '-')}={quoteattr(text)}" for name, text in told)
    return f"<{tag} {written}>{body}</{tag}>"


def _title(text: str) -> str:
    return f"<title>{escape(one_line(text))}</title>" if text else ""
