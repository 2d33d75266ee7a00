"""One event against the official `openai` package's own types.

The package validates nothing: its models allow extra fields, and pydantic ignores the hints that pick a
union's member, so a wrong event silently becomes some object. Here a value is walked beside its annotation
instead, and members are chosen by their literal fields (type, role, object). Pydantic has the last word.
"""

from __future__ import annotations

import functools
import json
import types
import typing
from collections.abc import Iterator
from typing import Any, Literal, TypeAlias

import pydantic
import typing_extensions as te
from openai.types import realtime
from openai.types.realtime.response_create_event_with_references_param import (
    ResponseCreateEventWithReferencesParam,
)

Side: TypeAlias = Literal["client", "server"]
Fault: TypeAlias = tuple[str, str, str]
"""A code (E_ fails, W_ is a note), the path inside the event, and a sentence."""

_WIRE_EXTENSIONS = {
    "session": {"id", "object", "expires_at", "client_secret"},
    "item": {"phase"},
    "content": {"format"},
    "input_token_details": {"cached_tokens_details"},
    "output_token_details": {"reasoning_tokens"},
}
"""Seen on the wire and absent from the package's models, by the last name of the path."""

_NULLABLE = {
    "client": {"transcription", "noise_reduction", "turn_detection", "prompt", "tracing", "metadata"}
    | {"idle_timeout_ms"},
    "server": {"transcription", "noise_reduction", "turn_detection", "idle_timeout_ms", "prompt", "tracing"}
    | {"include", "previous_item_id", "metadata", "usage", "status_details", "conversation_id", "param"}
    | {"code", "event_id"},
}
"""Documented as nullable though the annotation does not say so."""

_WRAPPERS = (te.Annotated, te.Required, te.NotRequired)


def options(annotation: Any) -> list[Any]:
    """The members of a union, without the wrappers around them."""
    while te.get_origin(annotation) in _WRAPPERS or isinstance(annotation, te.TypeAliasType):
        alias = isinstance(annotation, te.TypeAliasType)
        annotation = annotation.__value__ if alias else te.get_args(annotation)[0]
    if te.get_origin(annotation) in (typing.Union, types.UnionType):
        return [each for member in te.get_args(annotation) for each in options(member)]
    return [annotation]


def is_object(option: Any) -> bool:
    """Whether this is a pydantic model or a TypedDict."""
    return isinstance(option, type) and (issubclass(option, pydantic.BaseModel) or te.is_typeddict(option))


@functools.cache
def fields(shape: type) -> dict[str, tuple[Any, bool]]:
    """Each field's annotation, and whether it is required."""
    if issubclass(shape, pydantic.BaseModel):
        return {
            field.alias or name: (field.annotation, field.is_required())
            for name, field in shape.model_fields.items()
        }
    hints = te.get_type_hints(shape, include_extras=True)
    required: frozenset[str] = getattr(shape, "__required_keys__", frozenset())
    return {
        name: (hint, name in required or te.get_origin(hint) in (te.Required,))
        for name, hint in hints.items()
    }


@functools.cache
def literals(shape: type) -> dict[str, set[Any]]:
    """The fields that can only have certain values."""
    found = {}
    for name, (annotation, _) in fields(shape).items():
        choices = [option for option in options(annotation) if option is not type(None)]
        if choices and all(te.get_origin(option) is Literal for option in choices):
            found[name] = {value for option in choices for value in te.get_args(option)}
    return found


def _by_type(*unions: Any) -> dict[str, type]:
    return {
        name: shape
        for union in unions
        for shape in options(union)
        for name in literals(shape).get("type", ())
    }


EVENTS: dict[str, dict[str, type]] = {
    "server": _by_type(realtime.RealtimeServerEvent),
    "client": _by_type(realtime.RealtimeClientEventParam, ResponseCreateEventWithReferencesParam),
}


def faults(side: Side, event: dict[str, Any]) -> list[Fault]:
    """All that is wrong with an event's form."""
    name = event.get("type")
    if not isinstance(name, str):
        return [("E_MISSING", "type", "an event has a type")]
    shape = EVENTS[side].get(name)
    if shape is None:
        return [("E_EVENT", "type", f"{name!r} is no {side} event of the GA protocol")]
    found = list(_in_object(side, event, shape, ""))
    if not any(code.startswith("E_") or code == "W_NULL" for code, *_ in found):
        found += _second_opinion(event, shape)
    return found


def _in_object(side: Side, value: Any, shape: type, path: str) -> Iterator[Fault]:
    if not isinstance(value, dict):
        yield "E_TYPE", path, f"expected {shape.__name__}, got {type(value).__name__}"
        return
    for name, (annotation, required) in fields(shape).items():
        if name in value:
            yield from _in_value(side, value[name], annotation, _join(path, name), name)
        elif required:
            yield "E_MISSING", _join(path, name), f"required by {shape.__name__}"
    for name in value.keys() - fields(shape).keys():
        known = side == "server" and _is_extension(path, name, shape)
        yield "W_EXT" if known else "E_UNKNOWN", _join(path, name), f"not in {shape.__name__}"


def _in_value(side: Side, value: Any, annotation: Any, path: str, name: str) -> Iterator[Fault]:
    choices = options(annotation)
    if value is None:
        yield from _in_null(side, choices, path, name)
    elif isinstance(value, dict) and any(map(is_object, choices)):
        yield from _in_union(side, value, [choice for choice in choices if is_object(choice)], path)
    elif isinstance(value, list) and any(map(_is_array, choices)):
        inner = te.get_args(next(filter(_is_array, choices)))[0]
        for index, each in enumerate(value):
            yield from _in_value(side, each, inner, f"{path}[{index}]", name)
    elif isinstance(value, dict) and any(te.get_origin(choice) is dict for choice in choices):
        inner = te.get_args(next(choice for choice in choices if te.get_origin(choice) is dict))[1]
        for key, each in value.items():
            yield from _in_value(side, each, inner, _join(path, key), key)
    elif not any(_fits(value, choice) for choice in choices):
        enum = isinstance(value, str) and any(te.get_origin(choice) is Literal for choice in choices)
        wanted = " or ".join(str(choice) for choice in choices)
        yield "E_ENUM" if enum else "E_TYPE", path, f"{json.dumps(value)[:60]} is not {wanted}"


def _in_null(side: Side, choices: list[Any], path: str, name: str) -> Iterator[Fault]:
    if any(choice in (type(None), object, Any) for choice in choices):
        return
    if name in _NULLABLE[side]:
        yield "W_NULL", path, "null is documented, though the annotation lacks it"
    else:
        yield "E_NULL", path, "null is not allowed"


def _in_union(side: Side, value: dict[str, Any], shapes: list[type], path: str) -> Iterator[Fault]:
    best = min(shapes, key=lambda shape: _distance(value, shape))
    names = [name for shape in shapes for name in literals(shape).get("type", ())]
    if "type" in value and names and len(shapes) > 1 and value["type"] not in names:
        yield "E_ENUM", _join(path, "type"), f"{value['type']!r} is none of {sorted(set(names))}"
    else:
        yield from _in_object(side, value, best, path)


def _distance(value: dict[str, Any], shape: type) -> tuple[int, int, int, int]:
    """How badly a value fits: its type and role first, other literals, then missing and unknown fields."""
    wrong = {
        name
        for name, allowed in literals(shape).items()
        if isinstance(value.get(name), str) and value[name] not in allowed
    }
    missing = sum(required and name not in value for name, (_, required) in fields(shape).items())
    return len(wrong & {"type", "role"}), len(wrong), missing, len(value.keys() - fields(shape).keys())


def _is_array(choice: Any) -> bool:
    origin = te.get_origin(choice)
    return origin is list or getattr(origin, "__name__", "") in ("Iterable", "Sequence")


def _fits(value: Any, choice: Any) -> bool:
    if choice in (object, Any):
        return True
    if te.get_origin(choice) is Literal:
        return any(value == each and type(value) is type(each) for each in te.get_args(choice))
    if choice is float:
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    return choice in (str, bool, int, dict) and type(value) is choice


def _is_extension(path: str, name: str, shape: type) -> bool:
    if not path:
        return name == "obfuscation" and shape.__name__.endswith(("DeltaEvent", "Delta"))
    last = path.rsplit(".", 1)[-1].split("[")[0]
    return name in _WIRE_EXTENSIONS.get("item" if last == "output" else last, ())


def _second_opinion(event: dict[str, Any], shape: type) -> Iterator[Fault]:
    try:
        _adapter(shape).validate_json(json.dumps(event), strict=True)
    except pydantic.ValidationError as error:
        first = error.errors()[0]
        yield "E_PYDANTIC", ".".join(map(str, first["loc"])), first["msg"]


@functools.cache
def _adapter(shape: type) -> pydantic.TypeAdapter[Any]:
    return pydantic.TypeAdapter(shape)


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
