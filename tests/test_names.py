"""A public name stands for one thing: the top-level classes and aliases of daemon and hardware."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
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


def names() -> dict[str, list[str]]:
    """Each public name with the modules that define it at the top."""
    found: dict[str, list[str]] = defaultdict(list)
    for path in sorted(path for room in ("daemon", "hardware") for path in (ROOT / room).rglob("*.py")):
        for name in _defined(ast.parse(path.read_text())):
            if not name.startswith("_"):
                found[name].append(path.relative_to(ROOT).as_posix())
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
