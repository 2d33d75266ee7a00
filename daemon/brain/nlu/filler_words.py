"""Filler words: recognised only so that a sentence with one of them is refused.

A recogniser that knows only its commands finds commands everywhere. A filler word takes part in the search
where a name or a verb could stand; where it wins, the sentence was no command.
"""

from __future__ import annotations

from collections.abc import Collection

from daemon.brain.nlu.template_syntax import words

COLOURS = ("red", "green", "blue", "white", "yellow", "orange", "purple", "pink")

THINGS = words(
    "television radio music alarm oven computer phone speaker camera curtain blinds tap gate garage floor "
    "table kitchen room bedroom bathroom"
)
"""Common devices; one that sounds like a device of the box is left out by who knows how words sound."""

_ROOMS = ("bedroom", "bathroom", "hall", "other")

OPENINGS = "[ !who | !i | !did [ you ] | !never | !he | !she | !they | !we | !dont ]"
"""How sentences begin that are about a device, not for it."""


def names_beside(names: Collection[str]) -> list[str]:
    """Patterns of common device names that are not among these, as filler words."""
    lights = [f"!{word}" for word in (*COLOURS, *_ROOMS) if f"{word} light" not in names]
    return [f"( {' | '.join(lights)} ) light", *(f"!{name}" for name in THINGS if name not in names)]
