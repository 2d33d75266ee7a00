"""The terminal of `voiced`: the one way for what its commands say, and nothing on it is markup.

What others wrote (a server, a device's name, a file) comes out as letters: see `daemon.text.printable`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.text import Text

from daemon.text.printable import many_lines


class Terminal(Console):
    """A console that takes all text as it is; styles come beside the text, never inside it."""

    def __init__(self, **options: Any) -> None:
        super().__init__(markup=False, emoji=False, highlight=False, **options)

    def render_str(self, text: str, **options: Any) -> Text:
        """A text, made printable before it is measured and wrapped."""
        return super().render_str(many_lines(text), **options)

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """What is drawn, made printable; control sequences of the library's own are no text."""
        for segment in super().render(renderable, options):
            yield segment if segment.control else Segment(many_lines(segment.text), segment.style)
