"""How people ask for more or less of a device: brighter, a bit slower, turn it down."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from daemon.brain.nlu.phrasings import Phrasing

A_BIT: Final = 10
MUCH: Final = 40

_AMOUNTS: Final = {
    A_BIT: "( a bit | a little [ bit ] | a touch | a tiny bit | a notch | slightly )",
    MUCH: "( much | a lot | far | a good deal )",
}
_SET: Final = "( turn | bring | put | take | set | dial | crank )"
_MAKE: Final = "[ make | get | set | turn | have | let | can | could ]"
_PARTS: Final = "( brightness | speed | power | heat | level )"
_WORDS: Final = {
    "up": (
        "( brighter | lighter | stronger | faster | quicker | higher | warmer | hotter )",
        "( raise | increase | boost | brighten [ up ] | speed up )",
        "more",
        "( dim | dark | faint | slow | weak | cold )",
        "( speed | brighten )",
    ),
    "down": (
        "( dimmer | darker | softer | weaker | slower | lower | cooler "
        "| less ( bright | strong | fast | warm | hot ) )",
        "( lower | reduce | decrease | soften | dim [ down ] | slow [ down ] )",
        "less",
        "( bright | strong | fast | hot )",
        "( dim | slow )",
    ),
}


def _patterns(direction: str, amount: str) -> Iterator[str]:
    comparative, verb, more, too, particle_verb = _WORDS[direction]
    yield f"{_MAKE} @d [ be | go | run | shine ] {amount} {comparative}"
    yield f"@d {amount} {more}"
    yield f"{amount} {comparative} @d"
    yield f"{_SET} {direction} @d {amount}"
    yield f"[ {_SET} | {particle_verb} ] @d {amount} {direction}"
    yield f"[ {_SET} | {particle_verb} ] @d {direction} {amount}"
    yield f"{verb} ( @d [ {_PARTS} ] | {_PARTS} of @d ) {amount}"
    yield f"{amount} {more} ( @d | ( light | heat | speed | power | air ) from @d )"
    yield f"@d is {amount} too {too}"


def level_phrasings() -> Iterator[Phrasing]:
    """By a step, by a bit, by much, or by so many percentage points."""
    for direction in _WORDS:
        plain = ("", "by ( @n | @h ) percent")
        patterns = tuple(pattern for amount in plain for pattern in _patterns(direction, amount))
        yield Phrasing("change_level", patterns, {"direction": direction})
        for percent, amount in _AMOUNTS.items():
            fixed: dict[str, str | int] = {"direction": direction, "percent": percent}
            yield Phrasing("change_level", tuple(_patterns(direction, amount)), fixed)
