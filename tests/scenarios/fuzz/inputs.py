"""Inputs by a seeded generator: what a schema asks for, then warped, garbled, and swollen to a megabyte."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from random import Random
from typing import Any, Final

LARGE_BYTES: Final = 1_000_000

WORDS: Final = (
    "",
    "lamp",
    "Lamp",
    "LAMP ",
    "desk light",
    "desk_light",
    "cafe\u0301",
    "on",
    "50",
    "50.0",
    "5e1",
    "-1",
    "1e999",
    "true",
    "null",
    "nan",
    "```json\n{}\n```",
    "\x00",
    "\x1b]0;x\x07",
    "\u202e",
    "\ud800",
    "\ufeff",
    "[/]",
    "item_1",
    "call_0",
    "realtime",
    "session.update",
)
_KEYS: Final = 10 * ("a", "b_2", "shelf")
RUNS: Final = (
    " ",
    "a",
    "`",
    "[",
    '{"a":',
    '"',
    "\\",
    "\n",
    "0",
    "9",
    "\u0301\u0323",
    "\u202e",
    "💡",
    ",",
    "'",
    "#",
    "=",
)
ATOMS: Final[tuple[Any, ...]] = (
    None,
    True,
    False,
    0,
    1,
    -1,
    50.0,
    2**31,
    2**53 + 1,
    2**64,
    10**400,
    0.1,
    -1e308,
    float("inf"),
    [],
    {},
)

Path = tuple[Any, ...]


def conforming(rng: Random, schema: Mapping[str, Any], definitions: Mapping[str, Any], depth: int = 0) -> Any:
    """A value that the schema allows, or nearly: patterns are not looked at."""
    if reference := schema.get("$ref"):
        return conforming(rng, definitions[reference.rpartition("/")[2]], definitions, depth)
    if options := schema.get("anyOf"):
        return conforming(rng, rng.choice(options), definitions, depth)
    if values := schema.get("enum"):
        return rng.choice(values)
    if "const" in schema:
        return schema["const"]
    match schema.get("type"):
        case "object":
            return _object(rng, schema, definitions, depth + 1)
        case "array" if "prefixItems" in schema:
            return [conforming(rng, kind, definitions, depth + 1) for kind in schema["prefixItems"]]
        case "array":
            length = schema.get("minItems", 0) if depth > 5 else rng.randint(schema.get("minItems", 0), 3)
            length = min(length, schema.get("maxItems", length))
            return [conforming(rng, schema.get("items", {}), definitions, depth + 1) for _ in range(length)]
        case "string" if "contentEncoding" in schema:
            return base64.b64encode(rng.randbytes(rng.randint(0, 30))).decode()
        case "string":
            return rng.choice(WORDS)
        case "integer" | "number" as kind:
            low = schema.get("minimum", schema.get("exclusiveMinimum", -5))
            high = schema.get("maximum", max(low, 100))
            return rng.randint(int(low), int(max(low, high))) if kind == "integer" else rng.uniform(low, high)
        case "boolean":
            return rng.random() < 0.5
        case "null":
            return None
        case _:
            return rng.choice((*ATOMS, *WORDS))


def _object(rng: Random, schema: Mapping[str, Any], definitions: Mapping[str, Any], depth: int) -> Any:
    required = set(schema.get("required", ()))
    some = {
        name: conforming(rng, kind, definitions, depth)
        for name, kind in schema.get("properties", {}).items()
        if name in required or rng.random() < 0.5 / depth
    }
    more = schema.get("additionalProperties")
    if isinstance(more, Mapping):
        some |= {
            rng.choice(WORDS): conforming(rng, more, definitions, depth) for _ in range(rng.randint(0, 2))
        }
    return some


def warped(rng: Random, value: Any) -> Any:
    """The value with a few parts of it changed, left out, renamed, wrapped, or in other clothes."""
    value = json.loads(json.dumps(value))
    for _ in range(rng.randint(1, 4)):
        path = rng.choice(list(_paths(value)))
        old = _at(value, path)
        new = rng.choice([*ATOMS, *WORDS, [old], {"a": old}, str(old), _undressed(old), _renamed(rng, old)])
        value = _with(value, path, new)
    return value


def swollen(rng: Random, value: Any, size: int) -> Any:
    """The value with one part of it grown until the whole is about this large."""
    path = rng.choice(list(_paths(value)))
    old = _at(value, path)
    if isinstance(old, dict):
        members = [*old.values(), rng.choice(WORDS)]
        grown: Any = {f"k{index}": rng.choice(members) for index in range(size // (12 + len(_dumped(old))))}
        return _with(value, path, {**old, **grown})
    if isinstance(old, list):
        items = [*old, rng.choice(WORDS)]
        return _with(
            value, path, [rng.choice(items) for _ in range(size // (4 + len(_dumped(items)) // len(items)))]
        )
    run = rng.choice((*RUNS, *filter(None, WORDS)))
    return _with(value, path, run * (size // len(_dumped(run))))


def garbled(rng: Random, text: str, size: int) -> str:
    """The text with slices of it changed; a large one is mostly one of them, repeated."""
    for _ in range(rng.randint(1, 3)):
        start = rng.randrange(len(text) + 1)
        end = min(len(text), start + rng.randint(0, 12))
        piece = rng.choice((text[start:end], rng.choice(WORDS), rng.choice(RUNS), chr(rng.randrange(0x3000))))
        text = text[:start] + piece + text[rng.choice((start, end)) :]
    if not size:
        return text
    start = rng.randrange(len(text) + 1)
    piece = rng.choice((text[start : start + rng.randint(1, 40)] or " ", rng.choice(RUNS)))
    return text[:start] + piece * (size // len(piece.encode(errors="replace"))) + text[start:]


def as_json(rng: Random, value: Any, size: int) -> bytes:
    """JSON of the value, warped and garbled by chance, and grown to about this size where it is not 0."""
    # A large input that is refused at once tries nothing: most are right but for their size.
    if rng.random() < (0.2 if size else 0.5):
        value = warped(rng, value)
    garble = rng.random() < (0.2 if size else 0.3)
    if size and not garble:
        value = swollen(rng, value, size)
    text = _dumped(value, rng.random() < 0.5)
    return (garbled(rng, text, size) if garble else text).encode(errors="surrogatepass")


def as_toml(value: Any) -> str:
    """TOML of a table, on one line for each of its own keys."""
    return "".join(
        f"{json.dumps(key)} = {_inline(each)}\n" for key, each in value.items() if each is not None
    )


def _inline(value: Any) -> str:
    if isinstance(value, dict):
        told = (f"{json.dumps(key)} = {_inline(each)}" for key, each in value.items() if each is not None)
        return f"{{{', '.join(told)}}}"
    if isinstance(value, list):
        return f"[{', '.join(_inline(each) for each in value if each is not None)}]"
    return str(value).lower() if isinstance(value, float) else json.dumps(value, ensure_ascii=False)


def _dumped(value: Any, ascii_only: bool = True) -> str:
    return json.dumps(value, ensure_ascii=ascii_only)


def _paths(value: Any, here: Path = ()) -> Iterator[Path]:
    yield here
    steps = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, each in steps:
        yield from _paths(each, (*here, step))


def _at(value: Any, path: Path) -> Any:
    for step in path:
        value = value[step]
    return value


def _with(value: Any, path: Path, new: Any) -> Any:
    if not path:
        return new
    outer = _at(value, path[:-1])
    outer[path[-1]] = new
    return value


def _undressed(value: Any) -> Any:
    if isinstance(value, int):
        return float(value) if abs(value) < 2**53 else value
    return value.upper() if isinstance(value, str) else value


def _renamed(rng: Random, value: Any) -> Any:
    if not isinstance(value, dict) or not value:
        return value
    name = rng.choice(list(value))
    return {rng.choice((name.upper(), *WORDS)) if each == name else each: value[each] for each in value}
