"""Error messages for a configuration: msgspec's errors in plain words, each with its remedy."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from typing import Any, Final, get_args, get_type_hints

import msgspec

from daemon.errors import OwnerError

_TOML_NAMES: Final = {
    "int": "a whole number",
    "float": "a number",
    "str": "text in quotes",
    "bool": "true or false",
    "array": "a list in [ ]",
    "object": "a table",
}
_WORDINGS: Final = (
    (r"Expected `.+` >= (\S+)$", "is too small; write {0} or more"),
    (r"Expected `.+` > (\S+)$", "is too small; write more than {0}"),
    (r"Expected `.+` <= (\S+)$", "is too large; write {0} or less"),
    (r"Expected `str` of length >= \d+", "is empty; write some text, or leave the key out"),
    (r"Expected `str` of length <= (\d+)", "is too long; write at most {0} characters"),
    (r"Expected `str` matching", 'is no state; write "on", "off", 0 to 100, or a colour as "#rrggbb"'),
    (r"Expected `array` of length (\d+), got (\d+)", "has {1} entries; write {0}"),
)


class ConfigError(OwnerError):
    """The configuration cannot be used; the message is one sentence with file, key and remedy."""


def explain(message: str, where: str, raw: Any, kind: Any) -> str:
    """msgspec's error in plain words, with the remedy."""
    if found := re.match(r"Object contains unknown field `(.+)`", message):
        keys = [each.encode_name for each in msgspec.structs.fields(_struct(raw, kind))]
        return f'there is no key "{found[1]}" here{nearest(found[1], keys)}'
    if found := re.match(r"Object missing required field `(.+)`", message):
        among = f", one of {', '.join(_kinds(kind))}" if found[1] == "kind" else ""
        return f'the key "{found[1]}" is missing; add it{among}'
    if found := re.match(r"Invalid (?:enum )?value (.+)", message):
        choices = [str(each) for each in _choices(where.strip("."), raw, kind)]
        return f"{found[1]} is not possible{nearest(found[1], choices)}"
    if found := re.match(r"Expected `(.+)`, got `(.+)`", message):
        return f"this is {_toml_names(found[2])}; write {_toml_names(found[1])}"
    for pattern, wording in _WORDINGS:
        if found := re.match(pattern, message):
            return "this " + wording.format(*found.groups())
    return message


def nearest(wrong: str, known: Iterable[str]) -> str:
    """The end of a sentence: what was probably meant, or all choices."""
    names = list(known)
    near = difflib.get_close_matches(wrong.strip("'\"").lower(), names, n=1, cutoff=0.6)
    return f'; did you mean "{near[0]}"?' if near else f"; choose one of {', '.join(names)}"


def _kinds(kind: Any) -> dict[str, Any]:
    return {each.__struct_config__.tag: each for each in get_args(kind)}


def _struct(raw: Any, kind: Any) -> Any:
    return _kinds(kind)[raw["kind"]] if get_args(kind) else kind


def _choices(key: str, raw: Any, kind: Any) -> Any:
    return _kinds(kind) if key == "kind" else get_args(get_type_hints(_struct(raw, kind))[key])


def _toml_names(types: str) -> str:
    names = [_TOML_NAMES.get(each, each) for each in types.split(" | ") if each != "null"]
    return " or ".join(names)
