"""No class has more than 30 members, methods and attributes together: more are two things in one."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

ROOT = Path(__file__).parents[1]
MOST = 30

EXCEPTIONS: Final[dict[str, tuple[int, str]]] = {
    "daemon.brain.server.session.Session": (36, "one method for each kind of event that a client sends"),
    "daemon.devices.limiter._Output": (32, "every limit of an output with what it remembers of it"),
}
"""Classes that may be larger, how large, and why."""


def members(of: ast.ClassDef) -> set[str]:
    """Methods, fields, and attributes that any method assigns."""
    names = {node.name for node in of.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
    for node in of.body:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        names |= {each.id for each in targets if isinstance(each, ast.Name)}
    for each in ast.walk(of):
        match each:
            case ast.Attribute(value=ast.Name(id="self"), attr=name, ctx=ast.Store()):
                names.add(name)
    return names


def classes() -> Iterator[tuple[str, int]]:
    """Each class of the product by its dotted name, and its size."""
    for room in ("daemon", "hardware"):
        for path in sorted((ROOT / room).rglob("*.py")):
            module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.ClassDef):
                    yield f"{module}.{node.name}", len(members(node))


SIZES: Final = dict(classes())


@pytest.mark.parametrize("name", [name for name, size in SIZES.items() if size > MOST])
def test_a_class_is_one_thing(name: str) -> None:
    assert SIZES[name] <= EXCEPTIONS.get(name, (MOST, ""))[0]


def test_members_are_methods_fields_and_what_methods_assign() -> None:
    (node,) = ast.parse(
        "class C:\n"
        "    field: int = 1\n"
        "    other = 2\n"
        "    async def work(self):\n"
        "        self.made, self.also = 1, 2\n"
        "        self.made += other.left\n"
    ).body
    assert isinstance(node, ast.ClassDef)
    assert members(node) == {"field", "other", "work", "made", "also"}
