"""Words that the recogniser listens for in order to refuse them.

A recogniser that knows only its commands hears commands everywhere. A decoy takes part in the search where a
name or a verb could stand; where it wins, the sentence was something else.
"""

from __future__ import annotations

from collections.abc import Collection

from daemon.brain.nlu.template_syntax import words

COLOURS = ("red", "green", "blue", "white", "yellow", "orange", "purple", "pink")

_THINGS = words(
    "television radio music alarm oven computer phone speaker camera curtain blinds tap gate garage floor "
    "table kitchen room bedroom bathroom"
)
_ROOMS = ("bedroom", "bathroom", "hall", "other")

OPENINGS = "[ !who | !i | !did [ you ] | !never | !he | !she | !they | !we | !dont ]"
"""What somebody says who talks about a device instead of to the box."""


def names_beside(names: Collection[str]) -> list[str]:
    """Names that a home could have and this one has not, as patterns with the decoys marked."""
    lights = [f"!{word}" for word in (*COLOURS, *_ROOMS) if f"{word} light" not in names]
    return [f"( {' | '.join(lights)} ) light", *(f"!{name}" for name in _THINGS if name not in names)]
