"""Sentences for the owner's tools: the words of the name, then a phrase for each parameter."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from daemon.brain.nlu.intents import Meaning, OfferedTool, Sentence, Slots, one, properties, required, sayable
from daemon.brain.nlu.template_syntax import count, numbers, plain, spell

MOST_PHRASES = 8
"""Each optional phrase, and values that begin alike, double the ways to read a sentence."""

_USUAL = 10


@dataclass(frozen=True)
class Phrase:
    """How one parameter is said, and how the words become its value; `example` is one way to say it."""

    parameter: str
    pattern: str
    value: Callable[[str], Any]
    example: str


def own(tool: OfferedTool) -> Iterator[Sentence]:
    """At most one sentence: none where a required parameter cannot be said in a word or a number."""
    needed = required(tool)
    optional_left = MOST_PHRASES - len(needed)
    phrases: dict[str, Phrase] = {}
    for index, (parameter, kind) in enumerate(properties(tool).items()):
        phrase = _phrase(f"p{index}", parameter, kind)
        if phrase is not None and (parameter in needed or optional_left > 0):
            phrases[f"p{index}"] = phrase
            optional_left -= parameter not in needed
    words = plain(tool["name"].replace("_", " ")).split()
    if not words or len(needed) > MOST_PHRASES or needed - {phrase.parameter for phrase in phrases.values()}:
        return
    name = " [ the ] ".join(words)
    parts = (
        phrase.pattern if phrase.parameter in needed else f"[ {phrase.pattern} ]"
        for phrase in phrases.values()
    )

    def meaning(said: Slots) -> Meaning:
        arguments = {
            phrase.parameter: phrase.value(said[slot]) for slot, phrase in phrases.items() if slot in said
        }
        readback = ", ".join([" ".join(words), *(str(value) for value in arguments.values())])
        return one(readback, tool["name"], **arguments)

    said = [phrase.example for phrase in phrases.values() if phrase.parameter in needed]
    yield Sentence(" ".join([name, *parts]), meaning, example=" ".join([*words, *said]), topics=tuple(words))


def _phrase(slot: str, parameter: str, kind: Mapping[str, Any]) -> Phrase | None:
    said = {plain(value): value for value in sayable(kind)}
    if said:
        pattern = f"[ to | for | at ] [ the ] <{slot} {' | '.join(said)} >"
        return Phrase(parameter, pattern, said.__getitem__, next(iter(said)))
    if kind.get("type") not in ("integer", "number"):
        return None
    low, high = max(0, _bound(kind, "minimum", 0)), min(100, _bound(kind, "maximum", 100))
    if low > high:
        return None
    unit = plain(parameter)
    single = unit.removesuffix("s")
    return Phrase(
        parameter,
        f"[ to | for ] [ {unit} ] <{slot} {numbers(low, high)} > [ {unit} | {single} ]",
        count,
        f"for {spell(min(high, max(low, _USUAL)))} {unit}",
    )


def _bound(kind: Mapping[str, Any], name: str, otherwise: int) -> int:
    bound = kind.get(name)
    return int(bound) if isinstance(bound, int | float) and abs(bound) < 1e9 else otherwise
