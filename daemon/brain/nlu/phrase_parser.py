"""What people write beyond the sentences of the grammar: a table of phrasings, read strictly.

A text becomes symbols (`@d` an output, `@n` a number ...) and words; a phrasing must account for every one of
them. So whatever the table does not foresee is refused: a negation, a time of day, a condition, another room.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, TypeAlias

from daemon.brain.nlu.intents import Meaning, OfferedTool, choices, each, joined, one, properties, required
from daemon.brain.nlu.level_phrasings import level_phrasings
from daemon.brain.nlu.phrasings import (
    AFTER,
    BEFORE,
    EVERY_LIGHT,
    EVERYTHING,
    NICKNAMES,
    PHRASINGS,
    SPELLED,
    Phrasing,
)
from daemon.brain.nlu.template_syntax import compiled, plain, spell

Symbol: TypeAlias = tuple[str, tuple[Any, ...]]
"""What a phrase becomes in the patterns (nothing, where it has no weight), and the values it stands for."""

MOST_WORDS: Final = 40
_LAST_HOUR: Final = 24
_DEVICES: Final = ("@d", "@all", "@s", "@m", "@e")
_NUMBERS: Final = ("@n", "@h")
_BEFORE: Final = compiled(f"( {BEFORE} )*")
_AFTER: Final = re.compile(rf"(?<!\S)(?:{compiled(f'( {AFTER} )').pattern})+$")
_OURS: Final = re.compile(r"\b(?:my|our) ")
_ABOUT: Final = {
    "help": Meaning("help", readback="what I can do"),
    "yes": Meaning("yes", readback="yes"),
    "no": Meaning("no", readback="no"),
}


def bare(words: str) -> str:
    """The words without polite words in front and behind."""
    text = f"{words} "
    polite = _BEFORE.match(text)
    return _OURS.sub("", _AFTER.sub("", text[polite.end() if polite else 0 :])).strip()


@functools.cache
def _phrasings() -> list[tuple[re.Pattern[str], Phrasing]]:
    """Every pattern, compiled when the first is needed: many a brain is never written to."""
    table = (*PHRASINGS, *level_phrasings())
    return [(compiled(pattern), phrasing) for phrasing in table for pattern in phrasing.patterns]


class PhraseParser:
    """The phrasings for the tools of one session; `classes` are the names of its devices by symbol."""

    def __init__(self, tools: Sequence[OfferedTool], classes: Mapping[str, Sequence[str]]) -> None:
        self._tools = {tool["name"]: properties(tool) for tool in tools}
        self._required = {tool["name"]: required(tool) for tool in tools}
        colours = [colour for tool in tools for colour in choices(tool, "colour")]
        outputs = tuple(classes["@d"])
        lights = tuple(name for name in outputs if re.search("light|lamp", plain(name)))
        self._symbols: dict[str, Symbol] = {
            **SPELLED,
            **{spell(number): _number(number) for number in range(101)},
            **dict.fromkeys(("hundred", "a hundred"), _number(100)),
            **{plain(colour): ("@c", (colour,)) for colour in colours},
            **dict.fromkeys(EVERY_LIGHT, ("@all", lights)),
            **dict.fromkeys(EVERYTHING, ("@all", outputs)),
            **dict(_named(classes)),
        }
        self._longest = max(len(phrase.split()) for phrase in self._symbols)

    def parse(self, words: str) -> Meaning | None:
        """The meaning of plain words, if a phrasing accounts for all of them."""
        split = words.split()
        if not split or len(split) > MOST_WORDS:
            return None
        symbols = list(self._symbols_of(split))
        text = "".join(f"{symbol} " for symbol, _ in symbols if symbol)
        meanings = (
            self._meaning(phrasing.means, phrasing.fixed, symbols)
            for pattern, phrasing in _phrasings()
            if pattern.fullmatch(text)
        )
        return next((meaning for meaning in meanings if meaning), None)

    def _symbols_of(self, words: list[str]) -> Iterator[Symbol]:
        """The symbols of the longest phrases that are known; other words stand for themselves."""
        start = 0
        while start < len(words):
            ends = range(min(len(words), start + self._longest), start, -1)
            end = next((end for end in ends if " ".join(words[start:end]) in self._symbols), start + 1)
            phrase = " ".join(words[start:end])
            yield self._symbols.get(phrase, (phrase, ()))
            start = end

    def _meaning(self, means: str, fixed: Mapping[str, str | int], symbols: list[Symbol]) -> Meaning | None:
        """What is meant, if it is about the brain itself or fits the schema of its tool."""
        if means not in self._tools:
            return _ABOUT.get(means)
        devices = list(dict.fromkeys(_values(symbols, *_DEVICES)))
        found = {"colour": _values(symbols, "@c"), **{name: [value] for name, value in fixed.items()}}
        numbers = _values(symbols, *_NUMBERS)
        schemas = {name: schema for name, schema in self._tools[means].items() if name != "device"}
        values = {name: found.get(name, numbers) for name in schemas}
        values = {name: value for name, value in values.items() if value or name in self._required[means]}
        takes_device = "device" in self._tools[means]
        if bool(devices) != takes_device or any(len(value) != 1 for value in values.values()):
            return None
        if numbers and numbers not in values.values():
            return None
        arguments = {name: value for name, (value,) in values.items()}
        if not all(_fits(schemas[name], value) for name, value in arguments.items()):
            return None
        told = [f"{value} {name}" if isinstance(value, int) else value for name, value in arguments.items()]
        if not takes_device:
            return one(", ".join([means.replace("_", " "), *told]), means, **arguments)
        if not all(_fits(self._tools[means]["device"], device) for device in devices):
            return None
        return each(", ".join([joined(devices), *told]), means, devices, **arguments)


def _number(number: int) -> Symbol:
    """One that may be an hour has a symbol of its own: `at seven` is no level."""
    return "@h" if number <= _LAST_HOUR else "@n", (number,)


def _named(classes: Mapping[str, Sequence[str]]) -> Iterator[tuple[str, Symbol]]:
    """What the devices are called: nicknames, the light in the kitchen, and their names, which go before."""
    names = [(plain(name), (symbol, (name,))) for symbol, those in classes.items() for name in those]
    for kind, nicknames in NICKNAMES.items():
        of_kind = [symbol for said, symbol in names if said.split()[-1] == kind]
        if len(of_kind) == 1:
            yield from ((nickname, of_kind[0]) for nickname in nicknames)
    for said, symbol in names:
        room, _, last = said.rpartition(" ")
        if room and last == "light":
            yield f"light in {room}", symbol
            yield f"light in the {room}", symbol
    for said, symbol in names:
        yield f"that {said}", symbol
        yield f"this {said}", symbol
    yield from names


def _values(symbols: Sequence[Symbol], *kinds: str) -> list[Any]:
    """The values of the symbols of these kinds."""
    return [value for symbol, values in symbols if symbol.split(" ")[0] in kinds for value in values]


def _fits(schema: Mapping[str, Any], value: Any) -> bool:
    """The value is one of the schema's choices, or within its bounds."""
    if isinstance(value, int):
        return bool(schema.get("minimum", value) <= value <= schema.get("maximum", value))
    return value in (schema.get("enum") or ())
