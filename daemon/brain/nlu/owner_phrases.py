"""What is asked about the owner's tools: words of a tool's name beside its values, in any order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, Final

from daemon.brain.nlu.intents import Meaning, OfferedTool, fits, one, properties, required, sayable
from daemon.brain.nlu.template_syntax import plain, words
from daemon.brain.nlu.tokenizer import Token, kind_of

_WITHOUT_WEIGHT: Final = frozenset(
    words(
        "? some do @mind come leaving @wish @move @be @tell @ask @when @start @place @time to for at of "
        "from with on it go leave is what me needs"
    )
)
_UNITS: Final = {"@n": "", "@h": "", "@percent": "percent", "@seconds": "second", "@times": "time"}


class OwnTools:
    """The owner's tools, by the stems of their names."""

    def __init__(self, tools: Iterable[OfferedTool]) -> None:
        self._by_stem: dict[str, list[_OwnTool]] = {}
        for tool in map(_OwnTool, tools):
            for stem in tool.telling:
                self._by_stem.setdefault(stem, []).append(tool)

    def read(self, tokens: Sequence[Token]) -> Meaning | None:
        """The call of the one tool that a clause may be about, to be asked."""
        stems = (stem for token in tokens for stem in _stems(token.said))
        tools = dict.fromkeys(tool for stem in stems for tool in self._by_stem.get(stem, ()))
        found = [meaning for tool in tools if (meaning := tool.read(tokens))]
        return found[0] if len(found) == 1 else None


class _OwnTool:
    """One tool: the stems of its name, those that tell it from others, and what its parameters take."""

    def __init__(self, tool: OfferedTool) -> None:
        self._name = tool["name"]
        self._words = plain(self._name.replace("_", " "))
        self._required = required(tool)
        self._schemas = properties(tool)
        self._values = {
            name: {" ".join(map(_stem, plain(value).split())): value for value in sayable(schema)}
            for name, schema in self._schemas.items()
        }
        self._stems = _stems(self._words)
        self.telling = {_stem(word) for word in self._words.split() if kind_of(word) not in _WITHOUT_WEIGHT}

    def read(self, tokens: Sequence[Token]) -> Meaning | None:
        """The call, if nothing has weight but its values and words of its name."""
        numbers = [token for token in tokens if token.kind in _UNITS]
        said = [token.said for token in tokens if token.kind not in _UNITS and self._has_weight(token)]
        units = [_UNITS[token.kind] for token in numbers]
        text = f" {' '.join(_stem(word) for part in (*said, *units) for word in part.split())} "
        known = set(self._stems)
        arguments: dict[str, Any] = {}
        for name, schema in self._schemas.items():
            value = next((value for value in self._values[name] if f" {value} " in text), None)
            if value is not None:
                arguments[name] = self._values[name][value]
                text = text.replace(f" {value} ", " ", 1)
            elif numbers and schema.get("type") in ("integer", "number"):
                arguments[name] = numbers.pop().values[0]
                known |= _stems(plain(name))
        stems = set(text.split())
        enough = self.telling & stems if arguments else self._stems <= stems
        if numbers or not enough or not stems <= known or not self._required <= arguments.keys():
            return None
        if not all(fits(self._schemas[name], value) for name, value in arguments.items()):
            return None
        readback = ", ".join([self._words, *map(str, arguments.values())])
        return replace(one(readback, self._name, **arguments), sure=False)

    def _has_weight(self, token: Token) -> bool:
        return token.kind not in _WITHOUT_WEIGHT or bool(self._stems & _stems(token.said))


def _stems(text: str) -> set[str]:
    return {_stem(word) for word in text.split()}


def _stem(word: str) -> str:
    """The word without its ending: plants, feeding."""
    return word.removesuffix("ing").removesuffix("s") if len(word) > 3 else word
