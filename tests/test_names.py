"""A public name stands for one thing, and names and docstrings keep to the words of the field."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[1]

TWICE: Final = {
    "Appliance": "what builds it, and the protocols by which control and tools know it",
    "Colour": "of light as the LED takes it, and by name as the model gives it",
    "History": "of the conversation, and of the journal that `voiced history` reads",
    "Json": "what the codec reads; rooms that stand below the wire or must not load it say it again",
    "SafeLine": "of a kind of device, and of `hardware.safe`, which imports none of them",
    "Value": "what a device is set to, and what a field of the journal holds",
    "Way": "by which a call is told, and by which the network is reached",
}
"""Names that stand for more than one thing, and why they may."""


@cache
def trees() -> dict[str, ast.Module]:
    """Every module of daemon and hardware by its path."""
    paths = sorted(path for folder in ("daemon", "hardware") for path in (ROOT / folder).rglob("*.py"))
    return {path.relative_to(ROOT).as_posix(): ast.parse(path.read_text()) for path in paths}


@cache
def names() -> dict[str, list[str]]:
    """Each public name with the modules that define it at the top."""
    found: dict[str, list[str]] = defaultdict(list)
    for path, tree in trees().items():
        for name in _defined(tree):
            if not name.startswith("_"):
                found[name].append(path)
    return found


def _defined(tree: ast.Module) -> Iterator[str]:
    for node in tree.body:
        match node:
            case ast.ClassDef(name=name):
                yield name
            case ast.AnnAssign(target=ast.Name(name), annotation=ast.Name("TypeAlias")):
                yield name


def test_each_public_name_stands_for_one_thing() -> None:
    double = {name: where for name, where in names().items() if len(where) > 1 and name not in TWICE}
    assert not double, "name one of them otherwise, or import it"


def test_no_name_is_allowed_that_stands_for_one_thing() -> None:
    assert [name for name in TWICE if len(names()[name]) < 2] == []


PRIVATE: Final = {
    *(
        "aloud",
        "beat",
        "beats",
        "chime",
        "chronicle",
        "clothes",
        "courtesy",
        "decoy",
        "decoys",
        "dice",
        "ears",
    ),
    *(
        "house",
        "hush",
        "junk",
        "lady",
        "lane",
        "lanes",
        "lifeline",
        "lonely",
        "mouth",
        "mouths",
        "orders",
        "outbox",
    ),
    *("story", "ticket", "tickets", "vitals", "wishes", "worn"),
}
"""Words of our own that the field has others for: of classes, functions and variables, and of docstrings."""

WORD: Final = re.compile(r"[A-Z]?[a-z]+|[A-Z]+")


def words() -> Iterator[tuple[str, str]]:
    """Each word of a name or a docstring of daemon and hardware, with its file."""
    for path, tree in trees().items():
        for text in _names_and_docstrings(tree):
            yield from ((word.lower(), path) for word in WORD.findall(text))


def _names_and_docstrings(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.ClassDef(name=text) | ast.FunctionDef(name=text) | ast.AsyncFunctionDef(name=text):
                yield text
            case ast.arg(arg=text) | ast.Name(id=text) | ast.Attribute(attr=text):
                yield text
            case ast.Expr(ast.Constant(str() as text)):
                yield text
            case _:
                pass


def test_no_private_word_stands_for_what_the_field_has_a_word_for() -> None:
    assert sorted({found for found in words() if found[0] in PRIVATE}) == []
