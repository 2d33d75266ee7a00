"""Intents: calls of tools, and the sentences for a tool."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal, TypeAlias

from daemon.brain.nlu.template_syntax import plain

OfferedTool: TypeAlias = Mapping[str, Any]
"""A function tool as `session.update` carries it: type, name, description, parameters (JSON Schema)."""

Slots: TypeAlias = Mapping[str, str]
"""The words that the named parts of a pattern matched; parts that were left out are missing."""


@dataclass(frozen=True)
class Intent:
    """One call of a tool; `arguments` fit the tool's schema."""

    name: str
    arguments: Mapping[str, Any] = field(default_factory=dict)


Kind: TypeAlias = Literal[
    "calls", "yes", "no", "instead", "again", "help", "repeat", "greeting", "thanks", "identity"
]


@dataclass(frozen=True)
class Meaning:
    """The meaning of a sentence: calls of tools, an answer to the brain's question, or everyday talk.

    `readback` names it in a few words that can be asked: `the lamp, on`; one that is not sure is asked first.
    `about` is the topic of help, or the devices of `instead`, which changes the command before it.
    """

    kind: Kind
    calls: tuple[Intent, ...] = ()
    readback: str = ""
    about: tuple[str, ...] = ()
    sure: bool = field(default=True, compare=False)


class Pronoun(str):
    """A word in the place of a device's name; only the conversation tells which device is meant."""

    __slots__ = ()

    @property
    def is_plural(self) -> bool:
        """Whether it stands for several devices."""
        return self in ("them", "those", "these", "both")

    @property
    def is_other(self) -> bool:
        """Whether it stands for a device that was not meant last."""
        return self == "other one"


PRONOUNS: Final = tuple(map(Pronoun, ("it", "that", "this", "them", "those", "these", "both", "other one")))


@dataclass(frozen=True)
class Sentence:
    """A pattern (see `template_syntax`) and the meaning of its parts.

    One with `spoken` false is understood only when typed. The example is for help; `{}` in it is one of the
    topics, under which it is found.
    """

    pattern: str
    meaning: Callable[[Slots], Meaning]
    spoken: bool = True
    example: str = ""
    topics: tuple[str, ...] = ()


def one(readback: str, tool: str, **arguments: Any) -> Meaning:
    """A single call."""
    return Meaning("calls", (Intent(tool, arguments),), readback)


def each(readback: str, tool: str, devices: Sequence[str], **arguments: Any) -> Meaning:
    """The same call for each device."""
    return Meaning(
        "calls", tuple(Intent(tool, {"device": device, **arguments}) for device in devices), readback
    )


def joined(names: Sequence[str]) -> str:
    """`the lamp, the fan and the heater`."""
    *first, last = [f"the {plain(name)}" for name in names]
    return f"{', '.join(first)} and {last}" if first else last


def choices(tool: OfferedTool, parameter: str) -> list[str]:
    """The enum of a parameter, empty if it has none; values without a word are left out."""
    return sayable(properties(tool).get(parameter, {}))


def properties(tool: OfferedTool) -> dict[str, Mapping[str, Any]]:
    """The schemas of the parameters, without null; anything that is no object is left out."""
    schemas = (tool.get("parameters") or {}).get("properties") or {}
    return {name: _but_null(schema) for name, schema in schemas.items() if isinstance(schema, Mapping)}


def required(tool: OfferedTool) -> set[str]:
    """The parameters that a call must have."""
    return set((tool.get("parameters") or {}).get("required") or ())


def _but_null(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """The other option of `anyOf: [..., {type: null}]` if there is just one."""
    any_of = schema.get("anyOf")
    options = [each for each in any_of if isinstance(each, Mapping)] if isinstance(any_of, list) else []
    others = [each for each in options if each.get("type") != "null"]
    return {**schema, **others[0]} if len(others) == 1 else schema


def sayable(schema: Mapping[str, Any]) -> list[str]:
    """The values of an enum that can be said in words."""
    return [value for value in schema.get("enum") or () if isinstance(value, str) and plain(value)]


def fits(schema: Mapping[str, Any], value: Any) -> bool:
    """The value is one of the schema's choices, or within its bounds."""
    if isinstance(value, int):
        return bool(schema.get("minimum", value) <= value <= schema.get("maximum", value))
    return value in (schema.get("enum") or ())
