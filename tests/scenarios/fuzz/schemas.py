"""A small judge of JSON Schema, so that what is offered can be compared with what is checked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

_TYPES: Final[dict[str, tuple[type, ...]]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "null": (type(None),),
    "array": (list,),
    "object": (dict,),
}


def complaint(schema: Mapping[str, Any], value: Any) -> str:
    """Why a value does not fit; nothing if it does."""
    if options := schema.get("anyOf"):
        problems = [complaint(option, value) for option in options]
        return "" if "" in problems else f"none of {problems}"
    kind = schema["type"]
    if type(value) not in _TYPES[kind]:
        return f"{value!r} is no {kind}"
    if "enum" in schema and value not in schema["enum"]:
        return f"{value!r} is no choice"
    if kind in ("integer", "number"):
        fits = schema.get("minimum", value) <= value <= schema.get("maximum", value)
        return "" if fits else f"{value!r} is out of bounds"
    if kind == "array":
        return _array(schema, value)
    return _object(schema, value) if kind == "object" else ""


def _array(schema: Mapping[str, Any], value: list[Any]) -> str:
    if not schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", len(value)):
        return f"{len(value)} items"
    return next(filter(None, (complaint(schema["items"], item) for item in value)), "")


def _object(schema: Mapping[str, Any], value: dict[str, Any]) -> str:
    known = schema.get("properties", {})
    if missing := set(schema.get("required", ())) - set(value):
        return f"{missing} missing"
    problems = []
    for name, each in value.items():
        kind = known.get(name, schema["additionalProperties"])
        problems.append(complaint(kind, each) if isinstance(kind, Mapping) else f"{name!r} unknown")
    return next(filter(None, problems), "")


def strict(schema: Mapping[str, Any]) -> str:
    """What a strict server would refuse in a schema; nothing if it is sound."""
    if "anyOf" in schema:
        return next(filter(None, map(strict, schema["anyOf"])), "")
    kind = schema.get("type")
    if kind not in _TYPES:
        return f"no type in {schema}"
    if kind == "array":
        return strict(schema["items"]) if "items" in schema else f"no items in {schema}"
    if kind != "object":
        return ""
    more = schema.get("additionalProperties")
    if more is not False and not isinstance(more, Mapping):
        return f"no end of properties in {schema}"
    inside = [*schema.get("properties", {}).values(), *([more] if more else [])]
    return next(filter(None, map(strict, inside)), "")
