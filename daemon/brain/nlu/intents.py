"""Intents: calls of tools, and the sentences for a tool."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

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


@dataclass(frozen=True)
class Meaning:
    """The meaning of a sentence: calls of tools, a question about the brain, or an answer to its question.

    `readback` names it in a few words that can be asked: `the lamp, on`; one that is not sure is asked first.
    """

    kind: Literal["calls", "help", "yes", "no"]
    calls: tuple[Intent, ...] = ()
    readback: str = ""
    sure: bool = field(default=True, compare=False)


@dataclass(frozen=True)
class Sentence:
    """A pattern (see `template_syntax`) and the meaning of its parts.

    One with `spoken` false is understood only when typed. The example is for the brain's help.
    """

    pattern: str
    meaning: Callable[[Slots], Meaning]
    spoken: bool = True
    example: str = ""


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
