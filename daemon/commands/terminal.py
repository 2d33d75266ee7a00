"""The terminal for all output of the commands; no text on it is interpreted as markup.

Text from elsewhere (a server, a device's name, a file) is made printable: see `daemon.text.printable`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.text import Text

from daemon.text.printable import many_lines


class Terminal(Console):
    """A console that takes all text literally; styles are given separately, never as markup."""

    def __init__(self, **options: Any) -> None:
        super().__init__(markup=False, emoji=False, highlight=False, **options)

    def render_str(self, text: str, **options: Any) -> Text:
        """Render a text, made printable before it is measured and wrapped."""
        return super().render_str(many_lines(text), **options)

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """Render, with all text made printable; the library's own control sequences stay."""
        for segment in super().render(renderable, options):
            yield segment if segment.control else Segment(many_lines(segment.text), segment.style)
