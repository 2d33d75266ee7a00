"""What people write beyond the sentences of the grammar: clauses, read as sets of kinds of tokens.

A row of the table (`phrasings`) must account for every token of a clause. So whatever nobody foresaw is
refused: a negation, a time of day, a condition, another room.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain, permutations
from typing import Any, Final, get_args

from daemon.brain.nlu.intents import (
    PRONOUNS,
    Kind,
    Meaning,
    OfferedTool,
    Pronoun,
    choices,
    each,
    fits,
    joined,
    one,
    properties,
    required,
)
from daemon.brain.nlu.owner_phrases import OwnTools
from daemon.brain.nlu.phrasings import INDIRECT, NICKNAMES, PHRASINGS, Phrasing
from daemon.brain.nlu.template_syntax import plain
from daemon.brain.nlu.tokenizer import Token, Tokenizer, clauses, grouped, kind_of, listed, phrases, words_of

MOST_WORDS: Final = 60
MOST_CLAUSES: Final = 8
MOST_IN_PAIRS: Final = 20
"""Of the outputs, so many can be called `the red and the green light`."""

_DEVICES: Final = ("@d", "@s", "@m", "@e")
_NUMBERS: Final = ("@n", "@h", "@percent", "@seconds", "@times")
_WITHOUT_WEIGHT: Final = frozenset(("?", "@because", "@place"))
_LICENCES: Final = frozenset(("@wish", "@be", "@ask", "@move"))
_VERBS: Final = frozenset(("@move", "@start", "@stop", "@raise", "@reduce", "@blink"))
_IT: Final = Token("@d", (PRONOUNS[0],), "it")
_NOTHING: Final = Meaning("calls")
_ABOUT: Final = {kind: Meaning(kind, readback=kind) for kind in get_args(Kind)}


class PhraseParser:
    """The phrasings for the tools of one session; `classes` are the names of its devices by kind of token.

    `sentence` reads words as a sentence of the grammar, `own` are the tools of the owner.
    """

    def __init__(
        self,
        tools: Sequence[OfferedTool],
        classes: Mapping[str, Sequence[str]],
        sentence: Callable[[str], Meaning | None],
        own: Sequence[OfferedTool] = (),
    ) -> None:
        self._tools = {tool["name"]: properties(tool) for tool in tools}
        self._required = {tool["name"]: required(tool) for tool in tools}
        self._sentence = sentence
        self._own = OwnTools(own)
        self._rows = [row for row in PHRASINGS if row.means in self._tools or row.means in _ABOUT]
        self._named = {plain(name): Token(kind, (name,)) for kind, names in classes.items() for name in names}
        self._outputs = classes["@d"]
        colours = [colour for tool in tools for colour in choices(tool, "colour")]
        coloured = [
            name for tool in tools if tool["name"] == "set_colour" for name in choices(tool, "device")
        ]
        self._coloured = Token("@d", tuple(coloured), "light") if len(coloured) == 1 else None
        self._tokenizer = Tokenizer(
            {
                **dict(_together(self._outputs)),
                **{plain(colour): Token("@c", (colour,)) for colour in colours},
                **dict(_nicknames(self._named, {plain(colour) for colour in colours})),
                **{name: token for token in self._named.values() for name in token.values},
                **self._named,
            }
        )

    def parse(self, text: str) -> Meaning | None:
        """The meaning of a text, if phrasings account for every word of it."""
        words = words_of(text).split()
        if len(words) > MOST_WORDS:
            return None
        tokens = grouped(self._placed(self._tokenizer.tokens(words)))
        together = listed(tokens)
        meaning = self._clauses(together)
        if meaning is None and together != tokens:
            meaning = self._clauses(tokens)
        return meaning if meaning != _NOTHING else self._indirect(tokens)

    def _placed(self, tokens: list[Token]) -> list[Token]:
        """`Light ... in the kitchen` is the kitchen light; a light of some colour is the one that has any."""
        kinds = {token.kind for token in tokens}
        room = next((token for token in tokens if token.kind == "@room"), None)
        light = self._coloured if "@c" in kinds and not kinds & {"@d", "on", "off"} else None
        if room:
            light = self._named.get(f"{room.values[0]} light")
        if light is None or "light" not in kinds:
            return tokens
        named = light._replace(said="light")
        return [named if token.kind == "light" else token for token in tokens if token != room]

    def _clauses(self, tokens: list[Token]) -> Meaning | None:
        """What clauses mean together; those between commas are read as one if they can be."""
        parts = clauses(tokens)
        if len(parts) > MOST_CLAUSES:
            return None
        found: list[Meaning] = []
        start = 0
        while start < len(parts):
            most = next((n for n in range(start + 1, len(parts)) if not parts[n][0]), len(parts))
            wholes = (
                (end, list(chain(*(part for _, part in parts[start:end])))) for end in range(most, start, -1)
            )
            read = ((end, meaning) for end, whole in wholes if (meaning := self._clause(whole)) is not None)
            end, meaning = next(read, None) or (start + 1, self._otherwise(parts[start][1], found))
            if meaning is None:
                return None
            found.append(meaning)
            start = end
        return _joined(found, past="@did" in {token.kind for token in tokens})

    def _clause(self, tokens: Sequence[Token]) -> Meaning | None:
        """The meaning by the first row that accounts for the tokens."""
        kinds = frozenset(token.kind for token in tokens) - _WITHOUT_WEIGHT
        if not kinds:
            return _NOTHING
        if kinds & _LICENCES and "@done" in kinds:
            kinds = kinds - {"@done"} | {"@move"}
        if kinds & _VERBS:
            kinds -= {"@mind"}
        rows = (
            row for row in self._rows if kinds <= row.allowed and all(kinds & group for group in row.needs)
        )
        for row in rows:
            if meaning := self._meaning(row, tokens):
                return replace(meaning, sure=row.sure and not any(token.loose for token in tokens))
        return None

    def _otherwise(self, tokens: Sequence[Token], before: Sequence[Meaning]) -> Meaning | None:
        """A clause that is no row's: a sentence of the grammar, a tool of the owner's, or one more device."""
        said = " ".join(token.said for token in tokens if token.kind not in _WITHOUT_WEIGHT)
        if meaning := self._sentence(said):
            return replace(meaning, sure=not any(token.loose for token in tokens))
        return self._own.read(tokens) or self._likewise(tokens, before) or self._implied(tokens)

    def _likewise(self, tokens: Sequence[Token], before: Sequence[Meaning]) -> Meaning | None:
        """A device alone, after a clause: the same for it."""
        devices = [device for token in tokens for device in token.values if token.kind in _DEVICES]
        others = {token.kind for token in tokens} - {*_DEVICES, "@too"}
        if others or not (devices and before and before[-1].calls):
            return None
        call = before[-1].calls[-1]
        if not all(fits(self._tools[call.name].get("device", {}), device) for device in devices):
            return None
        rest = {name: value for name, value in call.arguments.items() if name != "device"}
        return replace(each(joined(devices), call.name, devices, **rest), sure=before[-1].sure)

    def _implied(self, tokens: Sequence[Token]) -> Meaning | None:
        """`A bit brighter`: what was named last."""
        kinds = {token.kind for token in tokens}
        implied = kinds & {"@brighter", "@dimmer"} and not kinds.intersection(_DEVICES)
        return self._clause([*tokens, _IT]) if implied else None

    def _indirect(self, tokens: Sequence[Token]) -> Meaning | None:
        """A reason alone, such as `it is too dark in here`: what would mend it, to be asked."""
        kinds = {kind for token in tokens for kind in (token.kind, *token.values)}
        for complaint, heads, state in INDIRECT:
            devices = [name for name in self._outputs if plain(name).split()[-1] in heads]
            if complaint & kinds and kinds & {"@too", "@place", "@i_am", "@it_gets", "@unlit"} and devices:
                found = each(f"{joined(devices)}, {state}", "set_device", devices, state=state)
                return replace(found, sure=False)
        return None

    def _meaning(self, row: Phrasing, tokens: Sequence[Token]) -> Meaning | None:
        """What is meant, if it is about the brain itself or fits the schema of its tool."""
        if row.means not in self._tools:
            return _ABOUT[row.means]
        named = [token for token in tokens if token.kind in _DEVICES]
        takes_device = "device" in self._tools[row.means]
        if len(named) != takes_device:
            return None
        arguments = self._arguments(row, tokens)
        if arguments is None:
            return None
        told = [f"{value} {name}" if isinstance(value, int) else value for name, value in arguments.items()]
        if not takes_device:
            return one(", ".join([row.means.replace("_", " "), *told]), row.means, **arguments)
        devices = named[0].values
        takes = self._tools[row.means]["device"]
        if not all(isinstance(device, Pronoun) or fits(takes, device) for device in devices):
            return None
        return each(", ".join([joined(devices), *told]), row.means, devices, **arguments)

    def _arguments(self, row: Phrasing, tokens: Sequence[Token]) -> dict[str, Any] | None:
        """One value for each parameter but the device, and none left over."""
        schemas = {name: schema for name, schema in self._tools[row.means].items() if name != "device"}
        numbers = [token.values[0] for token in tokens if token.kind in _NUMBERS]
        steps = [token.values[0] for token in tokens if token.kind in ("@bit", "@much")]
        colours = [token.values[0] for token in tokens if token.kind == "@c"]
        found = {name: [value] for name, value in row.fixed.items()} | {"colour": colours}
        values = {name: found.get(name, numbers or steps) for name in schemas}
        values = {name: value for name, value in values.items() if value or name in self._required[row.means]}
        if any(len(value) != 1 for value in values.values()) or (numbers and numbers not in values.values()):
            return None
        arguments = {name: value for name, (value,) in values.items()}
        return arguments if all(fits(schemas[name], value) for name, value in arguments.items()) else None


def _joined(found: Sequence[Meaning], past: bool) -> Meaning | None:
    """Calls one after the other, or the same answer; beside a question about the past only questions."""
    telling = [meaning for meaning in found if meaning != _NOTHING]
    kinds = {meaning.kind for meaning in telling}
    if len(kinds) == 1 and kinds != {"calls"}:
        return telling[0]
    if "calls" in kinds:
        kinds.discard("yes")
        telling = [meaning for meaning in telling if meaning.calls]
    calls = tuple(call for meaning in telling for call in meaning.calls)
    names = [call.name for call in calls]
    if kinds - {"calls"} or (past and {*names} != {"read_device"}) or "stop_conversation" in names[:-1]:
        return None
    readback = ", and ".join(meaning.readback for meaning in telling)
    return Meaning("calls", calls, readback, sure=all(meaning.sure for meaning in found))


def _together(outputs: Sequence[str]) -> Iterator[tuple[str, Token]]:
    """What several devices are called together."""
    lights = tuple(name for name in outputs if re.search("light|lamp", plain(name)))
    both = " | both" if len(lights) == 2 else ""
    for said in phrases(
        f"[ all [ of ]{both} ] ( lights | lamps ) | ( every [ single ] | each ) ( light | lamp )"
    ):
        yield said, Token("@d", lights)
    for said in phrases("everything | all [ of ] devices | every device"):
        yield said, Token("@d", tuple(outputs))
    for pair in permutations(outputs[:MOST_IN_PAIRS], 2):
        (one, _, first), (other, _, second) = (plain(name).rpartition(" ") for name in pair)
        if one and other and first == second:
            yield from ((f"{one} and {other} {first}{plural}", Token("@d", pair)) for plural in ("", "s"))


def _nicknames(named: Mapping[str, Token], colours: Collection[str]) -> Iterator[tuple[str, Token]]:
    """Nicknames of the only sensor of a kind, last words of names, and the rooms that lights are in."""
    for kind, nicknames in NICKNAMES.items():
        of_kind = [token for said, token in named.items() if said.split()[-1] == kind]
        if len(of_kind) == 1:
            yield from ((nickname, of_kind[0]) for nickname in phrases(nicknames))
    heads = Counter(said.split()[-1] for said in named)
    for said, token in named.items():
        last = said.split()[-1]
        if heads[last] == 1 and kind_of(last) == last and last not in {"light", *colours}:
            yield last, token._replace(loose=True)
    for said in named:
        room, _, last = said.rpartition(" ")
        if last == "light" and room not in {"", *colours}:
            yield f"in {room}", Token("@room", (room,))
            yield f"in the {room}", Token("@room", (room,))
