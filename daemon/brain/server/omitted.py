"""Handles omitted fields: null counts as omitted, and the type of the usual kind may be omitted.

Many clients send every field they know, with null for those they do not set. If null is a value of its own,
as in `turn_detection`, it stays, and so does all that the types here do not describe (schemas of tools, for
instance).
"""

from __future__ import annotations

from functools import cache
from typing import Any

import msgspec.inspect as shapes


def normalised(value: Any, to: Any) -> Any:
    """The value without nulls that the type `to` does not allow; lists keep theirs.

    An object without a type that could be one of several becomes the first.
    """
    return _normalised(value, _shape(to))


@cache
def _shape(to: Any) -> shapes.Type:
    return shapes.type_info(to)


def _normalised(value: Any, shape: shapes.Type) -> Any:
    if isinstance(value, list):
        inner = next((each.item_type for each in _members(shape, shapes.ListType)), None)
        return [_normalised(each, inner) for each in value] if inner else value
    if not isinstance(value, dict):
        return value
    if struct := _struct(value, shape):
        tag = {struct.tag_field: struct.tag} if struct.tag_field else {}
        return {**tag, **_object(value, {field.encode_name: field.type for field in struct.fields})}
    if mapping := next(iter(_members(shape, shapes.DictType)), None):
        return _object(value, dict.fromkeys(value, mapping.value_type))
    return value


def _object(value: dict[str, Any], fields: dict[str, shapes.Type]) -> dict[str, Any]:
    kept = {key: each for key, each in value.items() if each is not None or _takes_null(fields.get(key))}
    return {key: _normalised(each, fields[key]) if key in fields else each for key, each in kept.items()}


def _struct(value: dict[str, Any], shape: shapes.Type) -> shapes.StructType | None:
    structs = _members(shape, shapes.StructType)
    tags = [value.get(struct.tag_field) if struct.tag_field else None for struct in structs]
    fitting = (struct for struct, tag in zip(structs, tags, strict=True) if tag in (None, struct.tag))
    return next(fitting, None)


def _members(shape: shapes.Type, kind: type[Any]) -> list[Any]:
    """The type itself, or the members of a union, that are of this kind."""
    members = shape.types if isinstance(shape, shapes.UnionType) else (shape,)
    return [member for member in members if isinstance(member, kind)]


def _takes_null(shape: shapes.Type | None) -> bool:
    return shape is not None and any(_members(shape, kind) for kind in (shapes.NoneType, shapes.AnyType))
